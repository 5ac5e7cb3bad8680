"""Cells that a cloud was told from, and that would belong to it by one threshold.

When a cloud loses most of its cells to a neighbour, hardly anything rests on it any more: the populations
that should hold those cells would lose nothing without it. What they would gain says whom the doubt concerns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from cytorecon.gating.certainty import Move
from cytorecon.gating.expressions import ALL, evaluate, required_names
from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.search.told_apart import OTHERWISE, clearly_other
from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import ToldApartGate, names_in, positive_names

OUTSIDE = "assay.outside"
#: Fewer certain cells do not say which share a threshold takes of them; one that takes more tells nothing.
LEAST_CERTAIN, MOST_TAKEN = 40, 0.9


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


def without_explained(gated: GatedSample) -> GatedSample:
    """Return a tube without the doubt that a cloud holds more than its seeds, where that is explained.

    A threshold that takes a share of cells that certainly lie outside of it (`certain_outside`) takes as much
    of the cloud: then the cloud is told better without it, which is what it is told otherwise for.
    """
    explained = {
        spec.gate
        for spec in gated.template.gates
        if isinstance(spec, ToldApartGate) and _is_explained(spec, gated)
    }
    return replace(
        gated,
        gates=tuple(_without(found) if found.gate in explained else found for found in gated.gates),
    )


def _without(found: FoundGate) -> FoundGate:
    parts = (
        replace(part, flags=tuple(flag for flag in part.flags if flag != OTHERWISE)) for part in found.parts
    )
    return replace(found, parts=tuple(parts))


def _is_explained(spec: ToldApartGate, gated: GatedSample) -> bool:
    values = {**gated.gate_masks, **gated.masks, ALL: gated.everything}
    texts = [text for text in (spec.find_in, *spec.seeds) if all(name in values for name in names_in(text))]
    certain = [gated.masks[name] for name in spec.certain_outside if name in gated.masks]
    if len(texts) <= 1 or not certain or not {spec.gate, spec.otherwise_outside} <= set(gated.gate_masks):
        return False
    searched, *seeds = (evaluate(text, values) for text in texts)
    outside = np.logical_or.reduce(certain)
    taken, total = _count(outside & gated.gate_masks[spec.otherwise_outside]), _count(outside)
    if total < LEAST_CERTAIN or taken > MOST_TAKEN * total:
        return False
    now = _count(searched & gated.gate_masks[spec.gate])
    before = _count(searched & np.logical_or.reduce(seeds))
    most = before / (1 - taken / total)
    return now > before and (now <= most or not clearly_other(now, most))


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
    now = _count(mask)
    return now, now + _count(others & ~mask)


def _count(mask: Mask) -> int:
    return int(np.count_nonzero(mask))
