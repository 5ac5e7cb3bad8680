"""From a gate of a template to a found gate: ask the finder, then the batch, then the control.

The order is the policy of the whole project: the tube's own evidence when it is strong, shrunk to
the batch when it is weak, the batch's position when there is none, the tail of cells known to lack
the marker when there is no batch, and otherwise "not evaluable". Never everything, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatch

import numpy as np

from cytorecon.gating.axes import Axes, name_of
from cytorecon.gating.estimates import ClusterEstimate, Evidence, ThresholdEvidence, ValleyEstimate
from cytorecon.gating.finders.cluster import apart, beside, cloud_of, fit_clouds
from cytorecon.gating.finders.control import control_tail
from cytorecon.gating.finders.region import densest_region
from cytorecon.gating.finders.singlets import singlet_wedge
from cytorecon.gating.finders.valley import find_valley, without_floor
from cytorecon.gating.gated import FoundGate, FoundPart, GateStatus
from cytorecon.gating.kernels import Floats, binned
from cytorecon.gating.prior import GatingPrior, ThresholdPrior, place_clouds, shrink
from cytorecon.gating.shapes import Column, Mask, Polygon, Threshold
from cytorecon.knowledge.template import (
    AnyGate,
    Axis,
    BeadGate,
    ClusterGate,
    LowerTailGate,
    PolygonGateSpec,
    ScatterRegionGate,
    SingletGate,
    ValleyGate,
)

Sources = Mapping[str, Mask]

#: An own valley this deep with this many events on each side is kept even against the batch.
STRONG_DEPTH, STRONG_EVENTS = 0.8, 200.0
#: Further from the batch than this many spreads (and this far at least) needs a look when it changes the
#: count; this much further (0.15 = 0.7 decades) stain or detector has changed, whatever the count.
OUTLIER_SPREADS, OUTLIER_DISTANCE, FAR_AWAY = 3.0, 0.06, 0.15
#: Moving the threshold by one standard error may change the count by this share; lying apart, by this one.
UNSTABLE, OUTLIER_CHANGE = 0.11, 0.05
#: Kinds of lymphocytes lie this close (in standard deviations); what is farther is no lymphocyte.
SAME_CLOUD = 2.5
#: Likely seeds farther than this (in standard deviations) from every certain kind are other cells.
LIKELY_REACH = 3.5
#: Tubes have 1-10 % doublets; a gate that leaves out more than this has met aggregates or saturated scatter.
MANY_DOUBLETS = 0.15
#: A cloud that loses more than this share of certain cells needs a look: the gate is too small or misplaced.
SEEDS_OUTSIDE = 0.05
#: One that loses more than this is no gate at all.
SEEDS_LOST = 0.5
#: Nor is one in which the cells it was drawn around are fewer than this share: they were strays.
SEEDS_INSIDE = 0.1
#: A region of scatter in which the cells it was drawn around are fewer than this share holds debris as well.
SEEDS_MAJORITY = 0.5
#: A valley between beads and cells is nearly empty.
BEAD_DEPTH = 0.9
#: In each channel nearly all beads (this quantile) are brighter than the cells that lack its marker (this
#: quantile of the cells: more cells lack a lymphocyte marker) by this much: 0.1 = 0.45 decades.
BEADS_DIMMEST, CELLS_WITHOUT, BEADS_APART = 0.1, 0.25, 0.1


@singledispatch
def search(
    spec: AnyGate,
    sources: Sources,  # noqa: ARG001 - what every finder is given
    axes: Axes,  # noqa: ARG001
    prior: GatingPrior,  # noqa: ARG001
) -> FoundGate:
    """Find one gate.

    Parameters
    ----------
    spec : gate of a template
        What to look for.
    sources : mapping of str to ndarray of bool
        Masks of those of the gate's expressions that can be evaluated; `find_in` always can.
    axes : Axes
        Columns and panel of the tube.
    prior : GatingPrior
        What the batch taught.
    """
    raise TypeError(f"no finder for {type(spec).__name__}")


@search.register
def _(spec: SingletGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    area, height = axes.resolve(spec.area), axes.resolve(spec.height)
    if not area or not height:
        return _missing(spec, spec.area if not area else spec.height)
    inside = sources[spec.find_in]
    wedge = singlet_wedge(axes.columns[area[0]][inside], axes.columns[height[0]][inside], spec.width)
    if wedge is None:
        return _not_evaluable(spec, "too few events with positive scatter")
    shape = Polygon((area[0], height[0]), _corners(wedge))
    left_out = float((inside & ~shape.mask(axes.columns)).sum() / inside.sum())
    flags = ("gate.many_doublets",) if left_out > MANY_DOUBLETS else ()
    return _found(spec, FoundPart(spec.gate, shape, "robust_ratio", flags=flags))


@search.register
def _(spec: BeadGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    channels = [axes.panel[marker] for marker in spec.markers if marker in axes.panel]
    if len(channels) < 2:
        return _not_evaluable(spec, f"needs two of the markers {', '.join(spec.markers)}")
    columns = {name: axes.columns[name][sources[spec.find_in]] for name in channels}
    dimmest = np.minimum.reduce(list(columns.values()))
    own = find_valley(dimmest, "below_brightest")
    if own is None or own.depth < BEAD_DEPTH or own.above < spec.min_events:
        reason = "no cloud of events bright in every channel"
        return FoundGate(spec.gate, spec.find_in, "absent", reason=reason)
    for name, values in columns.items():
        if not _stands_out(values, dimmest >= own.position):
            reason = f"what seems bright in every channel is not brighter than the cells in {name}"
            return FoundGate(spec.gate, spec.find_in, "absent", reason=reason)
    shape = Threshold(tuple(channels), own.position)
    return _found(spec, FoundPart(spec.gate, shape, "bright_in_all", own.standard_error))


@search.register
def _(spec: ValleyGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    channels = axes.resolve(spec.axis)
    if not channels:
        return _missing(spec, spec.axis)
    parts: list[FoundPart] = []
    evidence: dict[str, Evidence] = {}
    failed = ""
    for channel in channels:
        part = spec.gate if len(channels) == 1 else f"{spec.gate}.{channel}"
        values = axes.columns[channel][sources[spec.find_in]]
        seen = _seen(values, spec)
        evidence[part] = seen
        outcome = _threshold(spec, part, channel, values, seen.own, sources, axes, prior.thresholds.get(part))
        if isinstance(outcome, str):
            failed = failed or outcome
        else:
            parts.append(outcome)
    if failed and spec.if_one_mode == "keep_all":
        return FoundGate(spec.gate, spec.find_in, "passed_through", reason=failed, evidence=evidence)
    if failed:
        return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=failed, evidence=evidence)
    return FoundGate(spec.gate, spec.find_in, "found", tuple(parts), evidence=evidence)


@search.register
def _(spec: LowerTailGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    channels = axes.resolve(spec.axis)
    if not channels:
        return _missing(spec, spec.axis)
    (channel,) = channels
    seeds = axes.columns[channel][_seeds(spec, sources)]
    own = _lower_tail(seeds, spec)
    learned = prior.thresholds.get(spec.gate)
    evidence = {spec.gate: ThresholdEvidence((), "above_dimmest", own)}
    if own is None and learned is None:
        return FoundGate(
            spec.gate,
            spec.find_in,
            "passed_through",
            reason=f"fewer than {spec.min_events} certain cells, and no batch to learn from",
            flags=("gate.no_lower_limit",),
            evidence=evidence,
        )
    flags: tuple[str, ...] = ()
    if own is None:
        assert learned is not None
        position, error, method = learned.position, learned.spread, "batch_tail"
    elif learned is None:
        position, error, method = own.position, own.standard_error, "own_tail"
    else:
        (position, error), method = shrink(own, learned), "shrunk_to_batch"
        flags = ("gate.outlier",) if _is_outlier(own, learned) else ()
    part = FoundPart(spec.gate, Threshold((channel,), position), method, error, flags)
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=evidence)


@search.register
def _(spec: ClusterGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return _missing(spec, spec.x if not x else spec.y)
    inside = sources[spec.find_in]
    plane = np.stack([axes.columns[x[0]], axes.columns[y[0]]], axis=1).astype(np.float64)
    own = _own_clouds(spec, plane, sources)
    starts = place_clouds(
        own,
        {part: prior.clusters[part] for part in _parts(spec) if part in prior.clusters},
        _parts(spec)[: len(spec.seeds)],
    )
    if not starts:
        return _not_evaluable(
            spec, f"fewer than {spec.min_events} certain lymphocytes of each kind, and no batch to learn from"
        )
    shape = Polygon((x[0], y[0]), _corners(fit_clouds(plane[inside], starts, spec.coverage)))
    held = shape.mask(axes.columns)
    outside = inside & ~held
    why_not = why_no_gate(spec, own, held=inside & held, outside=outside, sources=sources)
    if why_not:
        return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=why_not, evidence=own)
    part = FoundPart(
        spec.gate,
        shape,
        "seeded_cloud" if own else "batch_cloud",
        flags=tuple(_cluster_flags(spec, own, starts, outside, sources)),
    )
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=own)


@search.register
def _(spec: ScatterRegionGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return _missing(spec, spec.x if not x else spec.y)
    seeds = _seeds(spec, sources)
    if int(seeds.sum()) < spec.min_events:
        return _not_evaluable(spec, f"{int(seeds.sum())} certain cells, needs {spec.min_events}")
    plane = np.stack([axes.columns[x[0]][seeds], axes.columns[y[0]][seeds]], axis=1).astype(np.float64)
    shape = Polygon((x[0], y[0]), _corners(densest_region(plane, spec.coverage)))
    held = sources[spec.find_in] & shape.mask(axes.columns)
    mixed = int((held & seeds).sum()) < SEEDS_MAJORITY * int(held.sum())
    flags = ("gate.mixed_region",) if mixed else ()
    return _found(spec, FoundPart(spec.gate, shape, "back_gated", flags=flags))


@search.register
def _(spec: PolygonGateSpec, _sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return _missing(spec, spec.x if not x else spec.y)
    return _found(spec, FoundPart(spec.gate, Polygon((x[0], y[0]), spec.vertices), "fixed"))


def _stands_out(values: Column, beads: Mask) -> bool:
    """Whether beads are bright in a channel; in one that shows noise only, everything is alike."""
    cells = values[~beads]
    if not cells.size:
        return False
    return bool(np.quantile(values[beads], BEADS_DIMMEST) > np.quantile(cells, CELLS_WITHOUT) + BEADS_APART)


def _own_clouds(spec: ClusterGate, plane: Floats, sources: Sources) -> dict[str, ClusterEstimate]:
    """Return the cloud of each kind of seeds.

    One that lies apart from the others is something else, and so are likely seeds that lie apart from
    the certain ones; without certain ones they prove nothing.
    """
    inside = sources[spec.find_in]
    clouds: dict[str, ClusterEstimate] = {}
    for part, text in zip(_parts(spec), (*spec.seeds, *spec.likely_seeds), strict=True):
        if text not in sources:
            continue
        seeded = plane[inside & sources[text]]
        if text not in spec.seeds:
            seeded = seeded[beside(seeded, list(clouds.values()), LIKELY_REACH)]
        if len(seeded) < spec.min_events:
            continue
        cloud = cloud_of(seeded)
        if all(apart(cloud, accepted) < SAME_CLOUD for accepted in clouds.values()):
            clouds[part] = cloud
    return clouds


def why_no_gate(
    spec: ClusterGate, own: Mapping[str, ClusterEstimate], *, held: Mask, outside: Mask, sources: Sources
) -> str:
    """Return why a cloud that was drawn is none after all, or an empty text."""
    if _loses_seeds(spec, outside, sources, SEEDS_LOST):
        return "most of the cells that certainly belong to it lie outside"
    if not own:
        return ""
    texts = dict(zip(_parts(spec), (*spec.seeds, *spec.likely_seeds), strict=True))
    seeds = held & np.logical_or.reduce([sources[texts[part]] for part in own])
    if seeds.sum() < SEEDS_INSIDE * held.sum():
        return f"of the {int(held.sum())} events in it only {int(seeds.sum())} certainly belong there"
    return ""


def _cluster_flags(
    spec: ClusterGate,
    own: Mapping[str, ClusterEstimate],
    starts: Sequence[ClusterEstimate],
    outside: Mask,
    sources: Sources,
) -> Iterator[str]:
    if not own:
        yield "gate.batch_position"
    if len(starts) == 1 and len(_parts(spec)) > 1:
        yield "gate.one_kind_of_seeds"
    if _loses_seeds(spec, outside, sources, SEEDS_OUTSIDE):
        yield "gate.seeds_outside"


def _loses_seeds(spec: ClusterGate, outside: Mask, sources: Sources, share: float) -> bool:
    """Whether more of one certain kind of seeds lies outside than `share` and chance explain."""
    for text in spec.seeds:
        if text in sources:
            lost = int((outside & sources[text]).sum())
            seeds = int((sources[spec.find_in] & sources[text]).sum())
            if seeds >= spec.min_events and lost > share * seeds + 2 * np.sqrt(lost):
                return True
    return False


def _parts(spec: ClusterGate) -> tuple[str, ...]:
    """Return one name per kind of seeds, certain kinds first."""
    return tuple(f"{spec.gate}.{number}" for number in range(len(spec.seeds) + len(spec.likely_seeds)))


def _seeds(spec: LowerTailGate | ScatterRegionGate, sources: Sources) -> Mask:
    """Return the events of all seed expressions that can be evaluated, inside the parent."""
    inside = sources[spec.find_in]
    masks = [sources[text] for text in spec.seeds if text in sources]
    return inside & np.logical_or.reduce(masks) if masks else np.zeros_like(inside)


def _seen(values: Column, spec: ValleyGate) -> ThresholdEvidence:
    histogram = tuple(binned(without_floor(values)).astype(int).tolist())
    return ThresholdEvidence(histogram, spec.cut, find_valley(values, spec.cut))


def _threshold(
    spec: ValleyGate,
    part: str,
    channel: str,
    values: Column,
    own: ValleyEstimate | None,
    sources: Sources,
    axes: Axes,
    learned: ThresholdPrior | None,
) -> FoundPart | str:
    """Return the threshold on one channel, or why there is none."""
    flags: tuple[str, ...] = ()
    if own is not None and learned is not None:
        position, error = shrink(own, learned)
        method = "shrunk_to_batch"
        if _is_outlier(own, learned):
            changes = _changes_count(values, own.position, learned.position, spec.keep, OUTLIER_CHANGE)
            if changes or abs(own.position - learned.position) > FAR_AWAY:
                flags = ("gate.outlier",)
            if not _is_strong(own):
                position, error, method = learned.position, learned.spread, "batch"
    elif own is not None:
        position, error, method = own.position, own.standard_error, "own_valley"
    elif learned is not None:
        position, error, method = learned.position, learned.spread, "batch"
    else:
        control = sources.get(spec.control) if spec.control else None
        tail = (
            control_tail(axes.columns[channel][control], spec.control_tail) if control is not None else None
        )
        if tail is None:
            return f"one mode only on {channel} ({values.size} events), no batch and no control cells"
        position, error, method = tail.position, tail.standard_error, "control_tail"
        flags = ("gate.control_tail",)
    if _changes_count(values, position - error, position + error, spec.keep, UNSTABLE):
        flags = (*flags, "gate.unstable")
    return FoundPart(part, Threshold((channel,), position, spec.keep), method, error, flags)


def _lower_tail(seeds: Column, spec: LowerTailGate) -> ValleyEstimate | None:
    """Return the lower end of the seeds: the upper tail of their mirror image."""
    tail = control_tail(-seeds, spec.deviations, least=spec.min_events)
    if tail is None:
        return None
    position = -tail.position
    return ValleyEstimate(
        position, tail.standard_error, 1.0, float((seeds < position).sum()), float((seeds >= position).sum())
    )


def _is_outlier(own: ValleyEstimate, learned: ThresholdPrior) -> bool:
    distance = abs(own.position - learned.position)
    return distance > max(OUTLIER_SPREADS * learned.spread, OUTLIER_DISTANCE)


def _is_strong(own: ValleyEstimate) -> bool:
    return own.depth >= STRONG_DEPTH and min(own.below, own.above) >= STRONG_EVENTS


def _changes_count(values: Column, one: float, other: float, keep: str, share: float) -> bool:
    """Whether the events kept by two thresholds differ by more than `share` and than counting noise."""
    kept = [
        int((values >= place).sum() if keep == "above" else (values < place).sum()) for place in (one, other)
    ]
    more, fewer = max(kept), min(kept)
    return more - fewer > share * more and more - fewer > 2 * np.sqrt(more) + 2


def _corners(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return corners to nine decimals: sums in another order of events differ in the sixteenth."""
    return tuple((round(float(x), 9), round(float(y), 9)) for x, y in points)


def _found(spec: AnyGate, *parts: FoundPart) -> FoundGate:
    return FoundGate(spec.gate, spec.find_in, "found", parts)


def _not_evaluable(spec: AnyGate, reason: str) -> FoundGate:
    return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=reason)


def _missing(spec: AnyGate, axis: Axis) -> FoundGate:
    status: GateStatus = "not_measured" if spec.optional else "not_evaluable"
    return FoundGate(spec.gate, spec.find_in, status, reason=f"the tube has no channel for {name_of(axis)}")
