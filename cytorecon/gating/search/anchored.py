"""Thresholds of a subset that lean on a wider set of cells of the same tube, or on another subset."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.finders.anchored import anchor_valley, anchored_threshold
from cytorecon.gating.finders.bright import bright_mode
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, found, missing, not_evaluable
from cytorecon.gating.shapes import Column, Threshold, among
from cytorecon.knowledge.template import AnchoredValleyGate, ShiftedGate

#: A mode needs this many cells.
REFERENCE_EVENTS = 100


def search_anchored_valley(
    spec: AnchoredValleyGate, sources: Sources, axes: Axes, _prior: GatingPrior
) -> FoundGate:
    """Return the valley of a subset, or what its anchor says where it has none."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    (channel,) = channels
    column = axes.columns[channel]
    seen = [(text, anchor_valley(among(column, sources[text]))) for text in spec.anchors if text in sources]
    shown = [(text, valley) for text, valley in seen if valley is not None]
    if not shown:
        return not_evaluable(spec, f"one mode only on {channel} in {' and in '.join(spec.anchors)}")
    text, anchor = shown[0]
    values = among(column, sources[spec.find_in])
    own = anchored_threshold(values, anchor, spec.one_mode)
    error = own.standard_error if own.method == "own_valley" else max(own.standard_error, spec.least_error)
    flags = [] if text == spec.anchors[0] else ["gate.other_anchor"]
    flags += [] if own.agrees else ["gate.against_anchor"]
    shape = Threshold((channel,), own.position, spec.keep)
    return found(spec, FoundPart(spec.gate, shape, own.method, error, tuple(flags)))


def search_shifted(spec: ShiftedGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the threshold of another gate, moved by the distance of the reference cells' modes."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    (channel,) = channels
    column = axes.columns[channel]
    borrowed = _borrowed(spec, sources, column)
    if borrowed is None:
        return not_evaluable(spec, f"there is no threshold of {spec.like}")
    shift = _shift(spec, sources, column)
    flags: list[str] = []
    if shift is None or abs(shift) > spec.largest_shift:
        shift, flags = 0.0, ["gate.not_shifted"]
    position = borrowed + shift
    shape = Threshold((channel,), position, spec.keep)
    return found(spec, FoundPart(spec.gate, shape, "shifted", spec.least_error, tuple(flags)))


def _borrowed(spec: ShiftedGate, sources: Sources, column: Column) -> float | None:
    """Return the place that parts the events inside the other gate from those outside."""
    inside = sources.get(spec.like)
    if inside is None or inside.all() or not inside.any():
        return None
    return float(column[~inside & np.isfinite(column)].max() + column[inside].min()) / 2


def _shift(spec: ShiftedGate, sources: Sources, column: Column) -> float | None:
    modes = []
    for text in (spec.reference, spec.like_reference):
        cells = among(column, sources[text]) if text in sources else column[:0]
        seen = bright_mode(cells, 1.0, least=REFERENCE_EVENTS)
        if seen is None:
            return None
        modes.append(seen.mode)
    return modes[0] - modes[1]
