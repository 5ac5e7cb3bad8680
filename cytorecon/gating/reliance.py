"""What a population rests on: which gates its count depends on, and how much.

Three questions, each answered by moving or turning over one gate and counting again. How many of its
events would it lose or gain without the gate? How does its count change when the gate moves by its
own uncertainty, or to where the batch (or the tube itself) would have put it? And how many events of
its neighbours, the events that this gate alone keeps out, are expected to lie on the wrong side?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.stats import norm

from cytorecon.gating.certainty import Move, Reliance
from cytorecon.gating.expressions import population_masks
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Column, Mask, Threshold

#: Fewer neighbours than this have no shape a tail could be told from.
LEAST_NEIGHBOURS = 20
#: In populations of more events than this, what leaks in from neighbours is told from instability.
SMALL = 1000


def reliances(gated: GatedSample) -> tuple[Reliance, ...]:
    """Return on which gates each population rests, found by turning over one gate at a time."""
    columns = _columns(gated)
    return tuple(
        reliance
        for gate in gated.gates
        if gate.gate in gated.gate_masks
        for reliance in _turned_over(gated, gate, columns)
    )


def _turned_over(gated: GatedSample, gate: FoundGate, columns: Mapping[str, Column]) -> Iterator[Reliance]:
    turned = {**gated.gate_masks, gate.gate: gated.everything & ~gated.gate_masks[gate.gate]}
    for population, without in population_masks(gated.template, turned, gated.everything).items():
        if population not in gated.masks:
            continue
        own = gated.masks[population]
        lost = int(np.count_nonzero(own & ~without))
        if lost:
            small = int(np.count_nonzero(own)) <= SMALL
            leaked = _leaked(gate, without & ~own, columns) if small else 0.0
            yield Reliance(gate.gate, population, lost, leaked)
        elif not own.any() and without.any():
            yield Reliance(gate.gate, population, 0, _leaked(gate, without, columns))


def _leaked(gate: FoundGate, neighbours: Mask, columns: Mapping[str, Column]) -> float:
    """Return how many of the `neighbours`' kind are expected beyond the gate's thresholds."""
    beyond = 0.0
    for part in gate.parts:
        if isinstance(part.shape, Threshold) and len(part.shape.channels) == 1:
            beyond += expected_beyond(columns[part.shape.channels[0]][neighbours], part.shape.value)
    return beyond


def expected_beyond(values: Column, threshold: float) -> float:
    """Return how many events of a cloud are expected on the other side of a threshold.

    The cloud is taken as normal about its median, with the deviation of its wider half: a dim cloud is
    wider on its dim side.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Of the events that lie on one side of the threshold.
    threshold : float
        On the same scale.

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(0.2, 0.05, 10_000).astype(np.float32)
    >>> 8 < expected_beyond(values[values < 0.35], 0.35) < 20
    True
    """
    if values.size < LEAST_NEIGHBOURS:
        return 0.0
    low, median, high = np.quantile(values.astype(np.float64), [0.1587, 0.5, 0.8413])
    deviation = max(median - low, high - median)
    if deviation <= 0:
        return 0.0
    return float(values.size * norm.sf(abs(threshold - median) / deviation))


def moves(gated: GatedSample) -> tuple[Move, ...]:
    """Return how the counts change when each threshold moves by its error or to its alternative."""
    columns = _columns(gated)
    return tuple(
        move
        for gate in gated.gates
        if gate.gate in gated.gate_masks
        for part in gate.parts
        for move in _moves(gated, gate, part, columns)
    )


def _moves(
    gated: GatedSample, gate: FoundGate, part: FoundPart, columns: Mapping[str, Column]
) -> Iterator[Move]:
    if not isinstance(part.shape, Threshold) or len(part.shape.channels) != 1:
        return
    places: dict[str, tuple[float, ...]] = {}
    if part.standard_error:
        places["uncertainty"] = (
            part.shape.value - part.standard_error,
            part.shape.value + part.standard_error,
        )
    if part.alternative is not None:
        places["alternative"] = (part.alternative,)
    for to, positions in places.items():
        changes = [_change(gated, gate, part, position, columns) for position in positions]
        changed = sorted({population for change in changes for population in change})
        events = {name: _span(gated, name, changes) for name in changed}
        if events:
            sides = {
                name: tuple(_events(gated, name) + change.get(name, 0) for change in changes)
                for name in changed
            }
            yield Move(gate.gate, part.part, to, events, sides)


def _span(gated: GatedSample, population: str, changes: list[dict[str, int]]) -> tuple[int, int]:
    now = _events(gated, population)
    counts = [now, *(now + change.get(population, 0) for change in changes)]
    return min(counts), max(counts)


def _events(gated: GatedSample, population: str) -> int:
    return int(np.count_nonzero(gated.masks[population]))


def _change(
    gated: GatedSample, gate: FoundGate, part: FoundPart, position: float, columns: Mapping[str, Column]
) -> dict[str, int]:
    """Return by how many events each population changes when one part of a gate lies at `position`."""
    assert isinstance(part.shape, Threshold)
    values = columns[part.shape.channels[0]]
    low, high = sorted((part.shape.value, position))
    between = np.flatnonzero((values >= low) & (values < high) & gated.everything)
    if not between.size:
        return {}
    nearby = {name: values[between] for name, values in columns.items()}
    here = {name: mask[between] for name, mask in gated.gate_masks.items()}
    everything = gated.everything[between]
    moved = np.zeros(between.size, dtype=bool)
    for other in gate.parts:
        shape = Threshold(part.shape.channels, position, part.shape.keep) if other is part else other.shape
        moved |= shape.mask(nearby)
    before = population_masks(gated.template, here, everything)
    after = population_masks(gated.template, {**here, gate.gate: moved & everything}, everything)
    changes = {
        name: int(after[name].sum()) - int(before[name].sum()) for name in before if name in gated.masks
    }
    return {name: change for name, change in changes.items() if change}


def _columns(gated: GatedSample) -> dict[str, Column]:
    """Return the columns that shapes need, by ``$PnN``."""
    used = {name for gate in gated.gates for part in gate.parts for name in part.shape.channels}
    return {
        channel.name: gated.sample.events[:, channel.index]
        for channel in gated.sample.channels
        if channel.name in used
    }
