"""Thresholds: the tube's own, shrunk to the batch, or the batch's where it has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.estimates import Evidence, ThresholdEvidence, ValleyEstimate
from cytorecon.gating.finders.control import control_tail
from cytorecon.gating.finders.valley import valley_of, without_floor
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.kernels import binned
from cytorecon.gating.prior import GatingPrior, ThresholdPrior, shrink
from cytorecon.gating.search.found import Sources, missing, seeds_of
from cytorecon.gating.shapes import Column, Shape, Threshold, among
from cytorecon.knowledge.template import LowerTailGate, ValleyGate

#: An own valley this deep with this many events on each side is kept even against the batch.
STRONG_DEPTH, STRONG_EVENTS = 0.8, 200.0
#: Further from the batch than this many spreads (and this far at least) a tube lies apart; this much further
#: (0.15 = 0.7 decades) stain or detector has changed, whatever the count.
OUTLIER_SPREADS, OUTLIER_DISTANCE, FAR_AWAY = 3.0, 0.06, 0.15
#: Of cells that lack the marker, up to 2 % lie above a threshold where it should be (aggregates, strays), and
#: 5 to 24 % where dim beads or debris had moved it and populations were a tenth too small. Fewer cells than
#: this are too often strays themselves: 14 B cells had 30 "certain" ones (simulator, stress).
LEAST_CONTROL, CONTROL_ABOVE = 200, 0.03

#: Fewer events than this are no gauge; nor is one near the upper end of the detector (1 on the transformed
#: scale; compensation takes light away from saturated beads, and they lie a little below it).
LEAST_GAUGE, SATURATED = 50, 0.95


def search_valley(spec: ValleyGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return a threshold between two modes, one for each channel of the marker."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    parts: list[FoundPart] = []
    evidence: dict[str, Evidence] = {}
    failed = ""
    for channel in channels:
        part = spec.gate if len(channels) == 1 else f"{spec.gate}.{channel}"
        seen = _seen(spec, channel, sources, axes)
        evidence[part] = seen
        learned = prior.thresholds.get(part)
        learned = learned.beside(seen.gauge) if learned else None
        outcome = _by_fmo(spec, part, channel, seen.own, prior) or _threshold(
            spec, part, channel, seen.own, sources, axes, learned
        )
        if outcome is None:
            events = f"{channel} ({np.count_nonzero(sources[spec.find_in])} events)"
            failed = (
                failed
                or f"one mode only on {events}; neither other tubes nor control cells show where to cut"
            )
        else:
            doubts = doubts_of_threshold(spec, outcome.shape, sources, axes)
            parts.append(replace(outcome, flags=(*outcome.flags, *doubts)))
    if failed and spec.if_one_mode == "keep_all":
        return FoundGate(spec.gate, spec.find_in, "passed_through", reason=failed, evidence=evidence)
    if failed and spec.if_one_mode == "absent":
        return FoundGate(spec.gate, spec.find_in, "absent", reason=failed, evidence=evidence)
    if failed:
        return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=failed, evidence=evidence)
    return FoundGate(spec.gate, spec.find_in, "found", tuple(parts), evidence=evidence)


def doubts_of_threshold(spec: ValleyGate, shape: Shape, sources: Sources, axes: Axes) -> tuple[str, ...]:
    """Return what speaks against a threshold, found or set by hand.

    Parameters
    ----------
    spec : ValleyGate
        What was looked for.
    shape : Threshold or Polygon
        Where it lies.
    sources, axes
        As for the search.

    Returns
    -------
    tuple of str
        ``gate.control_above`` when more than a few of the cells that lack the marker, as the template says,
        lie above it: it does not lie where negative cells end.
    """
    control = sources.get(spec.control) if spec.control_is_negative else None
    if control is None or not isinstance(shape, Threshold) or len(shape.channels) != 1:
        return ()
    values = among(axes.columns[shape.channels[0]], control)
    above = np.count_nonzero(values >= shape.value)
    too_many = above > CONTROL_ABOVE * values.size + 2 * np.sqrt(above)
    return ("gate.control_above",) if values.size >= LEAST_CONTROL and too_many else ()


def search_lower_tail(spec: LowerTailGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return a threshold below nearly all of the cells that certainly belong inside."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    (channel,) = channels
    seeds = among(axes.columns[channel], seeds_of(spec, sources))
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
    alternative: float | None = None
    if own is None:
        assert learned is not None
        position, error, method = learned.position, learned.spread, "batch_tail"
    elif learned is None:
        position, error, method = own.position, own.standard_error, "own_tail"
    else:
        (position, error), method = shrink(own, learned), "shrunk_to_batch"
        if is_outlier(own, learned):
            flags, alternative = far(own, learned), learned.position
    part = FoundPart(spec.gate, Threshold((channel,), position), method, error, flags, alternative, learned)
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=evidence)


def _seen(spec: ValleyGate, channel: str, sources: Sources, axes: Axes) -> ThresholdEvidence:
    column = axes.columns[channel]
    counts = binned(without_floor(among(column, sources[spec.find_in])))
    gauge = _gauge(among(column, sources[spec.gauge])) if spec.gauge in sources else None
    histogram = tuple(counts.astype(int).tolist())
    return ThresholdEvidence(histogram, spec.cut, valley_of(counts, spec.cut), gauge)


def _gauge(values: Column) -> float | None:
    """Return where a gauge lies; None when it has too few events, or none inside the detector's range."""
    if values.size < LEAST_GAUGE:
        return None
    median = float(np.median(values))
    return median if median < SATURATED else None


def _by_fmo(
    spec: ValleyGate, part: str, channel: str, own: ValleyEstimate | None, prior: GatingPrior
) -> FoundPart | None:
    """Return the end of the negative cells of FMO tubes, if there is no clear valley near or above it.

    A clear valley far below that end lies among cells that are negative.
    """
    fmo = prior.references.get(part)
    if fmo is None:
        return None
    if own is not None and is_strong(own) and own.position > fmo.position - FAR_AWAY:
        return None
    apart = own is not None and abs(own.position - fmo.position) > OUTLIER_DISTANCE
    return FoundPart(
        part,
        Threshold((channel,), fmo.position, spec.keep),
        "fmo",
        fmo.standard_error,
        alternative=own.position if own is not None and apart else None,
        batch=prior.thresholds.get(part),
    )


def _threshold(
    spec: ValleyGate,
    part: str,
    channel: str,
    own: ValleyEstimate | None,
    sources: Sources,
    axes: Axes,
    learned: ThresholdPrior | None,
) -> FoundPart | None:
    """Return the threshold on one channel, or None where neither tube nor batch nor control shows one."""
    flags: tuple[str, ...] = ()
    alternative: float | None = None
    if own is not None and learned is not None:
        position, error = shrink(own, learned)
        method = "shrunk_to_batch"
        if is_outlier(own, learned):
            alternative = learned.position
            # where the gauge says how the detector stood, a weak valley far away is another valley
            flags = far(own, learned) if is_strong(own) or learned.gauged is None else ()
            if not is_strong(own):
                position, error, method = learned.position, learned.spread, "batch"
                alternative = own.position
    elif own is not None:
        position, error, method = own.position, own.standard_error, "own_valley"
    elif learned is not None:
        position, error, method = learned.position, learned.spread, "batch"
    else:
        control = sources.get(spec.control) if spec.control else None
        tail = (
            control_tail(among(axes.columns[channel], control), spec.control_tail)
            if control is not None
            else None
        )
        if tail is None:
            return None
        position, error, method = tail.position, tail.standard_error, "control_tail"
        flags = ("gate.control_tail",)
    if method != "batch" and own is not None and spec.expected_modes and own.modes not in spec.expected_modes:
        flags = (*flags, "gate.unexpected_modes")
    shape = Threshold((channel,), position, spec.keep)
    return FoundPart(part, shape, method, error, flags, alternative, learned)


def _lower_tail(seeds: Column, spec: LowerTailGate) -> ValleyEstimate | None:
    """Return the lower end of the seeds: the upper tail of their mirror image."""
    tail = control_tail(-seeds, spec.deviations, least=spec.min_events)
    if tail is None:
        return None
    position = -tail.position
    below = np.count_nonzero(seeds < position)
    return ValleyEstimate(position, tail.standard_error, 1.0, float(below), float(seeds.size - below))


def is_outlier(own: ValleyEstimate, learned: ThresholdPrior) -> bool:
    """Whether the tube's own position lies farther from the batch's than tubes of one batch do."""
    distance = abs(own.position - learned.position)
    return distance > max(OUTLIER_SPREADS * learned.spread, OUTLIER_DISTANCE)


def far(own: ValleyEstimate, learned: ThresholdPrior) -> tuple[str, ...]:
    """Return the flag of a tube so far from the batch that stain or detector must have changed."""
    return ("gate.outlier",) if abs(own.position - learned.position) > FAR_AWAY else ()


def is_strong(own: ValleyEstimate) -> bool:
    """Whether a tube's own valley is deep, with many events on both sides."""
    return own.depth >= STRONG_DEPTH and min(own.below, own.above) >= STRONG_EVENTS
