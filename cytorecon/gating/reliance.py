"""What a population rests on: which gates its count depends on, and how much.

Three questions, each answered by moving or turning over one gate and counting again. How many of its
events would it lose or gain without the gate? How does its count change when the gate moves by its
own uncertainty, or to where the batch (or the tube itself) would have put it? And how many events of
its neighbours, the events that this gate alone keeps out, are expected to lie on the wrong side?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeGuard

import numpy as np
from scipy.special import expit, ndtr

from cytorecon.gating.certainty import Move, Reliance
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.kernels import Floats
from cytorecon.gating.kinds import Kinds, Numbers, Turned, turned
from cytorecon.gating.shapes import Column, Likelier, Mask, Shape, Threshold
from cytorecon.quantiles import quantiles

#: Fewer neighbours than this have no shape a tail could be told from.
LEAST_NEIGHBOURS = 20
#: Of a tail, within the distance in which its density falls to 1/e.
_NEAR_SHARE = 0.63
#: What no event stands for, where a mean is estimated from it (Jeffreys' prior of a Poisson mean).
_NONE_NEAR = 0.5
#: In populations of more events than this, what leaks in from neighbours is told from instability.
SMALL = 1000


def reliances(gated: GatedSample, kinds: Kinds) -> tuple[Reliance, ...]:
    """Return on which gates each population rests, found by turning over one gate at a time."""
    columns, other_ways = _columns(gated), turned(gated.template, kinds, gated.absent)
    return tuple(
        reliance
        for gate in gated.gates
        if gate.gate in gated.gate_masks
        for reliance in _turned_over(gate, other_ways, kinds, columns)
    )


def _turned_over(
    gate: FoundGate, other_ways: Turned, kinds: Kinds, columns: Mapping[str, Column]
) -> Iterator[Reliance]:
    now, without = other_ways.now, other_ways.without(gate.gate, kinds)
    events, losses = (now @ kinds.events).tolist(), ((now & ~without) @ kinds.events).tolist()
    for row, population in enumerate(other_ways.populations):
        if losses[row]:
            small = events[row] <= SMALL
            leaked = _leaked(gate, now[row], without[row], kinds, columns) if small else 0.0
            yield Reliance(gate.gate, population, losses[row], leaked)
        elif not events[row] and without[row].any():
            yield Reliance(gate.gate, population, 0, _leaked(gate, now[row], without[row], kinds, columns))


def _leaked(gate: FoundGate, now: Mask, without: Mask, kinds: Kinds, columns: Mapping[str, Column]) -> float:
    """Return how many events of a population are expected to be neighbours that this gate should keep out."""
    shapes = [part.shape for part in gate.parts if _has_position(part.shape)]
    if not shapes or not (without & ~now).any():
        return 0.0
    at, own, kept = (np.flatnonzero(which[kinds.of_event]) for which in (without & ~now, now, now & ~without))
    leaked = 0.0
    for shape in shapes:
        if isinstance(shape, Likelier):
            leaked += float(expit(-_values(shape, columns, kept)).sum())
        else:
            light = columns[shape.channels[0]]
            leaked += expected_beyond(light[at], light[own], shape.value)
    return leaked


def _has_position(shape: Shape) -> TypeGuard[Threshold | Likelier]:
    """Whether a gate begins at one value of something that each event has."""
    return isinstance(shape, Likelier) or (isinstance(shape, Threshold) and len(shape.channels) == 1)


def _values(shape: Threshold | Likelier, columns: Mapping[str, Column], at: Numbers) -> Column | Floats:
    """Return what the position of `shape` is a value of: light of its channel, or ln(odds)."""
    if isinstance(shape, Likelier):
        return shape.log_odds({name: columns[name][at] for name in shape.channels})
    return columns[shape.channels[0]][at]


def expected_beyond(values: Column, beyond: Column, threshold: float) -> float:
    """Return how many events of a cloud are expected on the other side of a threshold.

    The cloud is taken as normal about its median, with the deviation of its wider half: a dim cloud is
    wider on its dim side. That is too wide where the dim side is the wider one by far; but a tail lies
    close to the threshold (63 % of it where a normal density falls to 1/e), so there can hardly be more
    leaked events than lie there.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Of the events that lie on one side of the threshold.
    beyond : ndarray of float32, shape (m,)
        Of those on the other side, among which the tail lies.
    threshold : float
        On the same scale.

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(0.2, 0.05, 10_000).astype(np.float32)
    >>> 8 < expected_beyond(values[values < 0.35], values[values >= 0.35], 0.35) < 20
    True
    >>> round(expected_beyond(values[values < 0.35], np.full(500, 0.8, np.float32), 0.35), 1)
    0.8
    """
    if values.size < LEAST_NEIGHBOURS:
        return 0.0
    low, median, high = quantiles(values, (0.1587, 0.5, 0.8413))
    deviation = max(median - low, high - median)
    if deviation <= 0:
        return 0.0
    distance = abs(threshold - median)
    expected = float(values.size * ndtr(-distance / deviation))
    reach = deviation**2 / max(distance, deviation)
    near = float(np.count_nonzero(np.abs(beyond - threshold) <= reach))
    return min(expected, max(near, _NONE_NEAR) / _NEAR_SHARE)


def moves(gated: GatedSample, kinds: Kinds) -> tuple[Move, ...]:
    """Return how the counts change when each threshold moves by its error or to its alternative."""
    columns, other_ways = _columns(gated), turned(gated.template, kinds, gated.absent)
    return tuple(
        move
        for gate in gated.gates
        if gate.gate in gated.gate_masks
        for part in gate.parts
        for move in _moves(gated, gate, part, kinds, other_ways, columns)
    )


def _moves(
    gated: GatedSample,
    gate: FoundGate,
    part: FoundPart,
    kinds: Kinds,
    other_ways: Turned,
    columns: Mapping[str, Column],
) -> Iterator[Move]:
    if part.by_halves:
        yield from _by_halves(gate, part, kinds, other_ways, columns)
    if not _has_position(part.shape):
        return
    places: dict[str, tuple[float, ...]] = {}
    if part.standard_error:
        places["uncertainty"] = (
            part.shape.value - part.standard_error,
            part.shape.value + part.standard_error,
        )
    if part.alternative is not None:
        places["alternative"] = (part.alternative,)
    crossed = _between(part.shape, places.values(), gated.everything, columns)
    for to, positions in places.items():
        changes = [
            _change(gate, part, position, kinds, other_ways, columns, crossed) for position in positions
        ]
        move = _move(gate.gate, part.part, to, kinds, changes)
        if move is not None:
            yield move


def _between(
    shape: Threshold | Likelier,
    places: Iterable[tuple[float, ...]],
    everything: Mask,
    columns: Mapping[str, Column],
) -> Numbers:
    """Return the events that a gate would cross on its way to any of the `places`."""
    positions = [shape.value, *(position for there in places for position in there)]
    measured = np.flatnonzero(everything)
    values = _values(shape, columns, measured)
    return measured[(values >= min(positions)) & (values < max(positions))]


def _move(gate: str, part: str, to: str, kinds: Kinds, changes: list[dict[str, int]]) -> Move | None:
    """Return the counts at each place a part was moved to; None when none changes."""
    changed = sorted({population for change in changes for population in change})
    now = {name: kinds.count(kinds.populations[name]) for name in changed}
    sides = {name: tuple(now[name] + change.get(name, 0) for change in changes) for name in changed}
    spans = {name: (min(now[name], *sides[name]), max(now[name], *sides[name])) for name in changed}
    return Move(gate, part, to, spans, sides) if changed else None


def _change(
    gate: FoundGate,
    part: FoundPart,
    position: float,
    kinds: Kinds,
    other_ways: Turned,
    columns: Mapping[str, Column],
    crossed: Numbers,
) -> dict[str, int]:
    """Return by how many events each population changes when one part of a gate lies at `position`."""
    assert _has_position(part.shape)
    values = _values(part.shape, columns, crossed)
    low, high = sorted((part.shape.value, position))
    between = crossed[(values >= low) & (values < high)]
    there = replace(part.shape, value=position)
    return _changed(gate, part, there, between, kinds, other_ways, columns)


def _by_halves(
    gate: FoundGate, part: FoundPart, kinds: Kinds, other_ways: Turned, columns: Mapping[str, Column]
) -> Iterator[Move]:
    """Yield how counts change with the regions that halves of the seeds show, one standard error away."""
    here = part.shape.mask(columns)
    changes = [
        _changed(gate, part, half, np.flatnonzero(half.mask(columns) != here), kinds, other_ways, columns)
        for half in part.by_halves
    ]
    names = sorted({population for change in changes for population in change})
    now = {name: kinds.count(kinds.populations[name]) for name in names}
    sides = {name: tuple(now[name] + change.get(name, 0) for change in changes) for name in names}
    spans = {}
    for name, counts in sides.items():
        error = math.sqrt(sum((count - now[name]) ** 2 for count in counts) / len(counts))
        spans[name] = (max(round(now[name] - error), 0), round(now[name] + error))
    if names:
        yield Move(gate.gate, part.part, "uncertainty", spans, sides)


def _changed(
    gate: FoundGate,
    part: FoundPart,
    there: Shape,
    between: Numbers,
    kinds: Kinds,
    other_ways: Turned,
    columns: Mapping[str, Column],
) -> dict[str, int]:
    """Return by how many events each population changes when one part of a gate has another shape.

    `between` are the events that lie inside of one of the two shapes only.
    """
    if not between.size:
        return {}
    inside = _inside_after(gate, part, there, _only(columns, gate, between))
    of_event, size = kinds.of_event[between], kinds.events.size
    moved_in, moved_out = (np.bincount(of_event[which], minlength=size) for which in (inside, ~inside))
    after = other_ways.inside[gate.gate] @ moved_in + other_ways.outside[gate.gate] @ moved_out
    changes = (after - other_ways.now @ (moved_in + moved_out)).tolist()
    return {name: change for name, change in zip(other_ways.populations, changes, strict=True) if change}


def _inside_after(gate: FoundGate, part: FoundPart, there: Shape, columns: Mapping[str, Column]) -> Mask:
    """Return which events are in any part of the gate when one part has another shape."""
    inside: Mask = np.logical_or.reduce(
        [(there if other is part else other.shape).mask(columns) for other in gate.parts]
    )
    return inside


def _only(columns: Mapping[str, Column], gate: FoundGate, at: Numbers) -> dict[str, Column]:
    """Return some events of the columns that one gate needs."""
    return {name: columns[name][at] for part in gate.parts for name in part.shape.channels}


def _columns(gated: GatedSample) -> dict[str, Column]:
    """Return the columns that shapes need, by ``$PnN``."""
    used = {name for gate in gated.gates for part in gate.parts for name in part.shape.channels}
    return {
        channel.name: gated.sample.events[:, channel.index]
        for channel in gated.sample.channels
        if channel.name in used
    }
