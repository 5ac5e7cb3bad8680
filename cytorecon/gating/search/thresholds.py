"""Thresholds: the tube's own, shrunk to the batch, or the batch's where it has none."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.estimates import Evidence, ThresholdEvidence, ValleyEstimate
from cytorecon.gating.finders.control import control_tail
from cytorecon.gating.finders.valley import find_valley, without_floor
from cytorecon.gating.gated import FoundGate, FoundPart
from cytorecon.gating.kernels import binned
from cytorecon.gating.prior import GatingPrior, ThresholdPrior, shrink
from cytorecon.gating.search.found import Sources, missing, seeds_of
from cytorecon.gating.shapes import Column, Threshold
from cytorecon.knowledge.template import LowerTailGate, ValleyGate

#: An own valley this deep with this many events on each side is kept even against the batch.
STRONG_DEPTH, STRONG_EVENTS = 0.8, 200.0
#: Further from the batch than this many spreads (and this far at least) needs a look when it changes the
#: count; this much further (0.15 = 0.7 decades) stain or detector has changed, whatever the count.
OUTLIER_SPREADS, OUTLIER_DISTANCE, FAR_AWAY = 3.0, 0.06, 0.15
#: Moving the threshold by one standard error may change the count by this share; lying apart, by this one.
UNSTABLE, OUTLIER_CHANGE = 0.11, 0.05


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


def search_lower_tail(spec: LowerTailGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return a threshold below nearly all of the cells that certainly belong inside."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    (channel,) = channels
    seeds = axes.columns[channel][seeds_of(spec, sources)]
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
        flags = ("gate.outlier",) if is_outlier(own, learned) else ()
    part = FoundPart(spec.gate, Threshold((channel,), position), method, error, flags)
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=evidence)


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
        if is_outlier(own, learned):
            changes = changes_count(values, own.position, learned.position, spec.keep, OUTLIER_CHANGE)
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
    if changes_count(values, position - error, position + error, spec.keep, UNSTABLE):
        flags = (*flags, "gate.unstable")
    if method != "batch" and own is not None and spec.expected_modes and own.modes not in spec.expected_modes:
        flags = (*flags, "gate.unexpected_modes")
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


def is_outlier(own: ValleyEstimate, learned: ThresholdPrior) -> bool:
    """Whether the tube's own position lies farther from the batch's than tubes of one batch do."""
    distance = abs(own.position - learned.position)
    return distance > max(OUTLIER_SPREADS * learned.spread, OUTLIER_DISTANCE)


def _is_strong(own: ValleyEstimate) -> bool:
    return own.depth >= STRONG_DEPTH and min(own.below, own.above) >= STRONG_EVENTS


def changes_count(values: Column, one: float, other: float, keep: str, share: float) -> bool:
    """Whether the events kept by two thresholds differ by more than `share` and than counting noise."""
    kept = [
        int((values >= place).sum() if keep == "above" else (values < place).sum()) for place in (one, other)
    ]
    more, fewer = max(kept), min(kept)
    return more - fewer > share * more and more - fewer > 2 * np.sqrt(more) + 2
