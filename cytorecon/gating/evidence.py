"""The evidence for each gate as a table: where it lies, how surely, and whether somebody should look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from cytorecon.gating.certainty import Move
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.shapes import Threshold
from cytorecon.knowledge.review_flags import flag_in_short

#: What the method of a gate rests on.
SOURCES: Final = {
    "own_valley": "own valley",
    "shrunk_to_batch": "pooled",
    "batch": "prior",
    "batch_tail": "prior",
    "batch_cloud": "prior",
    "fmo": "fmo",
    "fixed": "template",
    "manual": "manual",
}

EVIDENCE_COLUMNS: Final = (
    "gate",
    "part",
    "channels",
    "status",
    "source",
    "method",
    "position",
    "standard_error",
    "batch_position",
    "batch_spread",
    "batch_tubes",
    "events_in",
    "events_of_parent",
    "instability",
    "flags",
    "verdict",
    "reason",
    "override",
)


def evidence_table(
    gates: Sequence[FoundGate], moves: Sequence[Move], review: Mapping[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return one row per part of a gate.

    Parameters
    ----------
    gates : sequence of FoundGate
        Of one tube.
    moves : sequence of Move
        How counts change when thresholds move.
    review : mapping of str to tuple of str
        Codes per population.

    Returns
    -------
    DataFrame
        Columns ``EVIDENCE_COLUMNS``. `position`, `standard_error`, `batch_position` and `batch_spread`
        are on the transformed scale. `instability`: largest ``|log10(most / fewest)|`` of a population's
        events when the threshold moves by its standard error to either side (0.5 events added to both).
        `verdict` is ``review`` where the gate casts doubt on a population, else ``accept``, ``absent`` or
        ``not_evaluable``; `reason` says why in words. `override` identifies
        the record by which a person placed, accepted or excluded the gate.
    """
    rows = [
        _row(gate, part, moves, _codes(gate.gate, review)) for gate in gates for part in gate.parts or (None,)
    ]
    return pd.DataFrame(rows, columns=list(EVIDENCE_COLUMNS))


def _row(
    gate: FoundGate, part: FoundPart | None, moves: Sequence[Move], codes: tuple[str, ...]
) -> dict[str, object]:
    row: dict[str, object] = {
        "gate": gate.gate,
        "part": gate.gate,
        "status": gate.status,
        "source": "",
        "method": "",
        "events_in": gate.events_in,
        "events_of_parent": gate.events_of_parent,
        "flags": ";".join(codes),
        "verdict": _verdict(gate, codes),
        "reason": "; ".join((*((gate.reason,) if gate.reason else ()), *map(flag_in_short, codes))),
        "override": gate.override,
    }
    if part is None:
        return row
    threshold = part.shape.value if isinstance(part.shape, Threshold) else None
    learned = part.batch
    return row | {
        "part": part.part,
        "channels": ", ".join(part.shape.channels),
        "source": _source(part),
        "method": part.method,
        "position": threshold,
        "standard_error": part.standard_error,
        "batch_position": learned.position if learned else None,
        "batch_spread": learned.spread if learned else None,
        "batch_tubes": learned.tubes if learned else None,
        "instability": _instability(part.part, moves),
        "override": part.override or gate.override,
    }


def _source(part: FoundPart) -> str:
    """Return what a position rests on; a prior of the site is called so."""
    source = SOURCES.get(part.method, "own events")
    of_site = part.batch is not None and part.batch.level == "site" and source in ("pooled", "prior")
    return f"{source} (site)" if of_site else source


def _codes(gate: str, review: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the codes that this gate gave to any population."""
    return tuple(
        sorted({code for codes in review.values() for code in codes if code.partition(":")[2] == gate})
    )


def _verdict(gate: FoundGate, codes: Sequence[str]) -> str:
    if gate.status in ("absent", "not_evaluable"):
        return gate.status
    return "review" if codes else "accept"


def _instability(part: str, moves: Sequence[Move]) -> float | None:
    spans = [
        span
        for move in moves
        if move.part == part and move.to == "uncertainty"
        for span in move.events.values()
    ]
    return max((math.log10((most + 0.5) / (fewest + 0.5)) for fewest, most in spans), default=None)
