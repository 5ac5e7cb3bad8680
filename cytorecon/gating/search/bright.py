"""Bright cells without the dim ones of the same marker."""

from __future__ import annotations

from cytorecon.gating.axes import Axes
from cytorecon.gating.finders.bright import bright_mode
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, found, missing
from cytorecon.gating.shapes import Threshold, among
from cytorecon.knowledge.template import BrightModeGate


def search_bright_mode(spec: BrightModeGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the lower end of the brightest cloud among positive cells."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    (channel,) = channels
    values = among(axes.columns[channel], sources[spec.find_in])
    own = bright_mode(values, spec.deviations, least=spec.min_events)
    if own is None:
        return FoundGate(
            spec.gate,
            spec.find_in,
            "passed_through",
            reason=f"{values.size} positive cells, {spec.min_events} are needed to tell bright from dim",
            flags=("gate.dim_included",),
        )
    dim = float((values < own.position).mean())
    flags = ("gate.many_dim",) if dim > spec.most_dim else ()
    shape = Threshold((channel,), own.position)
    return found(spec, FoundPart(spec.gate, shape, "bright_mode", own.standard_error, flags))
