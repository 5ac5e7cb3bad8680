"""Thresholds at the end of cells whose staining is known: for markers that show no valley."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.estimates import ThresholdEvidence, ValleyEstimate
from cytorecon.gating.finders.control import ControlTail
from cytorecon.gating.finders.reference import reference_tail
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior, shrink
from cytorecon.gating.search.found import Sources, missing, not_evaluable
from cytorecon.gating.search.thresholds import OUTLIER_DISTANCE, far, is_outlier
from cytorecon.gating.shapes import Threshold, among
from cytorecon.knowledge.template import ReferenceTailGate

SECOND_REFERENCE = "gate.second_reference"


def search_reference(spec: ReferenceTailGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return the end of the first reference with enough events; else the batch's; else not evaluable.

    A marker without a valley is smeared: the share above the threshold depends on where it is put. What
    moving it by its standard error would change is said by ``gate.unstable``.
    """
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    if len(channels) > 1:
        return not_evaluable(
            spec, f"{spec.axis.marker} lies in {len(channels)} channels, a reference has one"
        )
    (channel,) = channels
    column = axes.columns[channel]
    tail, place = _own(spec, sources, column)
    learned, fmo = prior.thresholds.get(spec.gate), prior.references.get(spec.gate)
    # Another reference ends elsewhere: only the first one teaches the batch.
    evidence = {
        spec.gate: ThresholdEvidence((), "above_dimmest", _estimate(tail, column) if place == 0 else None)
    }
    flags: tuple[str, ...] = ()
    alternative: float | None = None
    if fmo is not None and spec.end == "upper":
        position, error, method = fmo.position, fmo.standard_error, "fmo"
        if tail is not None and place == 0 and abs(tail.position - fmo.position) > OUTLIER_DISTANCE:
            alternative = tail.position
    elif tail is not None and place == 0 and learned is not None:
        own = _estimate(tail, column)
        assert own is not None
        (position, error), method = shrink(own, learned), "shrunk_to_batch"
        if is_outlier(own, learned):
            flags, alternative = far(own, learned), learned.position
    elif learned is not None:
        position, error, method = learned.position, learned.spread, "batch_tail"
    elif tail is not None:
        position, error, method = tail.position, tail.standard_error, "reference_tail"
        flags = (SECOND_REFERENCE,) if place else ()
    else:
        reason = f"fewer than {spec.min_events} reference cells on {channel}, and no batch to learn from"
        return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=reason, evidence=evidence)
    shape = Threshold((channel,), position, spec.keep)
    part = FoundPart(spec.gate, shape, method, error, flags, alternative, learned)
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=evidence)


def _own(spec: ReferenceTailGate, sources: Sources, column: np.ndarray) -> tuple[ControlTail | None, int]:
    """Return the end of the first reference with enough events, and which reference it was."""
    for place, text in enumerate(spec.references):
        if text in sources:
            tail = reference_tail(
                among(column, sources[text]), spec.end, spec.deviations, least=spec.min_events
            )
            if tail is not None:
                return tail, place
    return None, 0


def _estimate(tail: ControlTail | None, column: np.ndarray) -> ValleyEstimate | None:
    if tail is None:
        return None
    below = float(np.count_nonzero(column < tail.position))
    return ValleyEstimate(tail.position, tail.standard_error, 1.0, below, float(column.size - below))
