"""What every search needs: the events it is given, and the words for what it found."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cytorecon.gating.axes import name_of
from cytorecon.gating.found import FoundGate, FoundPart, GateStatus
from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import AnyGate, Axis, ContourGate, LowerTailGate, ScatterRegionGate

Sources = Mapping[str, Mask]


def found(spec: AnyGate, *parts: FoundPart) -> FoundGate:
    """Return a gate that was found."""
    return FoundGate(spec.gate, spec.find_in, "found", parts)


def not_evaluable(spec: AnyGate, reason: str) -> FoundGate:
    """Return a gate that could not be found, and why."""
    return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=reason)


def missing(spec: AnyGate, axis: Axis) -> FoundGate:
    """Return a gate whose axis the tube has no channel for."""
    status: GateStatus = "not_measured" if spec.optional else "not_evaluable"
    return FoundGate(spec.gate, spec.find_in, status, reason=f"the tube has no channel for {name_of(axis)}")


def corners(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return corners to nine decimals: sums in another order of events differ in the sixteenth."""
    return tuple((round(float(x), 9), round(float(y), 9)) for x, y in points)


def seeds_of(spec: LowerTailGate | ScatterRegionGate | ContourGate, sources: Sources) -> Mask:
    """Return the events of all seed expressions that can be evaluated, inside the parent."""
    inside = sources[spec.find_in]
    masks = [sources[text] for text in spec.seeds if text in sources]
    return inside & np.logical_or.reduce(masks) if masks else np.zeros_like(inside)
