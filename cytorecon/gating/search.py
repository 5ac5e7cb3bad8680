"""From a gate of a template to a found gate: ask the finder, then the batch, then the control.

The order is the policy of the whole project: the tube's own evidence when it is strong, shrunk to
the batch when it is weak, the batch's position when there is none, the tail of cells known to lack
the marker when there is no batch, and otherwise "not evaluable". Never everything, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    PolygonGateSpec,
    ScatterRegionGate,
    SingletGate,
    ValleyGate,
)

Sources = Mapping[str, Mask]

#: An own valley this deep with this many events on each side is kept even against the batch.
STRONG_DEPTH, STRONG_EVENTS = 0.8, 200.0
#: Further from the batch than this many spreads (and this far at least) needs a look.
OUTLIER_SPREADS, OUTLIER_DISTANCE = 3.0, 0.06
#: Moving the threshold by one standard error may change the count by this much (log10).
UNSTABLE = 0.05
#: Kinds of lymphocytes lie this close (in standard deviations); what is farther is no lymphocyte.
SAME_CLOUD = 2.5
#: Likely seeds farther than this (in standard deviations) from every certain kind are other cells.
LIKELY_REACH = 3.5
#: Tubes have 1-10 % doublets; a gate that leaves out more than this has met aggregates or saturated scatter.
MANY_DOUBLETS = 0.15
#: A cloud that loses more than this share of certain cells needs a look: the gate is too small or misplaced.
SEEDS_OUTSIDE = 0.05
#: A valley between beads and cells is nearly empty.
BEAD_DEPTH = 0.9


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
    inside = sources[spec.find_in]
    dimmest = np.minimum.reduce([axes.columns[name][inside] for name in channels])
    own = find_valley(dimmest, "below_brightest")
    if own is None or own.depth < BEAD_DEPTH or own.above < spec.min_events:
        return FoundGate(
            spec.gate, spec.find_in, "absent", reason="no cloud of events bright in every channel"
        )
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
    method, flags = ("seeded_cloud", ()) if own else ("batch_cloud", ("gate.batch_position",))
    if _loses_seeds(spec, inside & ~shape.mask(axes.columns), sources):
        flags = (*flags, "gate.seeds_outside")
    part = FoundPart(spec.gate, shape, method, flags=flags)
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
    return _found(spec, FoundPart(spec.gate, shape, "back_gated"))


@search.register
def _(spec: PolygonGateSpec, _sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return _missing(spec, spec.x if not x else spec.y)
    return _found(spec, FoundPart(spec.gate, Polygon((x[0], y[0]), spec.vertices), "fixed"))


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


def _loses_seeds(spec: ClusterGate, outside: Mask, sources: Sources) -> bool:
    """Whether more of one certain kind of seeds lies outside than a cloud's rim and chance explain."""
    for text in spec.seeds:
        if text in sources:
            lost = int((outside & sources[text]).sum())
            seeds = int((sources[spec.find_in] & sources[text]).sum())
            if seeds >= spec.min_events and lost > SEEDS_OUTSIDE * seeds + 2 * np.sqrt(lost):
                return True
    return False


def _parts(spec: ClusterGate) -> tuple[str, ...]:
    """Return one name per kind of seeds, certain kinds first."""
    return tuple(f"{spec.gate}.{number}" for number in range(len(spec.seeds) + len(spec.likely_seeds)))


def _seeds(spec: ClusterGate | ScatterRegionGate, sources: Sources) -> Mask:
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
        distance = abs(own.position - learned.position)
        if distance > max(OUTLIER_SPREADS * learned.spread, OUTLIER_DISTANCE):
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
    if _is_unstable(values, position, error):
        flags = (*flags, "gate.unstable")
    return FoundPart(part, Threshold((channel,), position, spec.keep), method, error, flags)


def _is_strong(own: ValleyEstimate) -> bool:
    return own.depth >= STRONG_DEPTH and min(own.below, own.above) >= STRONG_EVENTS


def _is_unstable(values: np.ndarray, position: float, error: float) -> bool:
    """Whether one standard error to either side changes the positive count by more than 12 %."""
    more, fewer = int((values >= position - error).sum()), int((values >= position + error).sum())
    # Counting noise alone must not raise the flag.
    if more - fewer <= 2 * np.sqrt(more) + 2:
        return False
    return bool(np.log10(more / max(fewer, 1)) > UNSTABLE)


def _corners(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)


def _found(spec: AnyGate, *parts: FoundPart) -> FoundGate:
    return FoundGate(spec.gate, spec.find_in, "found", parts)


def _not_evaluable(spec: AnyGate, reason: str) -> FoundGate:
    return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=reason)


def _missing(spec: AnyGate, axis: Axis) -> FoundGate:
    status: GateStatus = "passed_through" if spec.optional else "not_evaluable"
    return FoundGate(spec.gate, spec.find_in, status, reason=f"the tube has no channel for {name_of(axis)}")
