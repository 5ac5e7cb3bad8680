"""Cells that a cloud was told from, and that would belong to it by one threshold.

When a cloud loses most of its cells to a neighbour, hardly anything rests on it any more: the populations
that should hold those cells would lose nothing without it. What they would gain says whom the doubt concerns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from cytorecon.gating.certainty import Move
from cytorecon.gating.expressions import required_names
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import ToldApartGate, positive_names

OUTSIDE = "assay.outside"


def told_otherwise(gated: GatedSample, codes: Mapping[str, Collection[str]]) -> tuple[Move, ...]:
    """Return how counts change if clouds hold what one threshold would leave with them.

    Parameters
    ----------
    gated : GatedSample
        With masks.
    codes : mapping of str to collection of str
        Review codes by population. Only clouds are asked of which a code names the gate, or of whose cells
        certain ones lie outside.

    Returns
    -------
    tuple of Move
        To ``"otherwise"``: of all populations that count a cell for lying in the cloud. They would hold,
        beside what they hold, the events that the cloud was looked for among and that lie outside of
        `otherwise_outside`, wherever they scatter: a region drawn around the cloud would have followed it.
    """
    named = {code.partition(":")[2] for found in codes.values() for code in found}
    lost = {
        gate
        for entry in gated.template.populations
        if OUTSIDE in codes.get(entry.population, ())
        for gate in required_names(entry.where)
    }
    moves = (_move(spec, gated) for spec in gated.template.gates if isinstance(spec, ToldApartGate))
    return tuple(move for move in moves if move is not None and move.gate in named | lost)


def codes_about(gate: str, codes: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield the codes that name `gate`, of any population."""
    for found in codes.values():
        yield from (code for code in found if code.partition(":")[2] == gate)


def _move(spec: ToldApartGate, gated: GatedSample) -> Move | None:
    searched = gated.searched.get(spec.find_in)
    inside, threshold = (gated.gate_masks.get(name) for name in (spec.gate, spec.otherwise_outside))
    if searched is None or inside is None or threshold is None:
        return None
    told_from = searched & ~inside & ~threshold
    spans = {
        entry.population: _gained(gated.masks[entry.population], told_from)
        for entry in gated.template.populations
        if entry.population in gated.masks and spec.gate in positive_names(entry.where)
    }
    changed = {name: span for name, span in spans.items() if span[1] > span[0]}
    if not changed:
        return None
    sides = {name: (most,) for name, (_, most) in changed.items()}
    return Move(spec.gate, spec.gate, "otherwise", changed, sides)


def _gained(mask: Mask, others: Mask) -> tuple[int, int]:
    now = int(np.count_nonzero(mask))
    return now, now + int(np.count_nonzero(others & ~mask))
