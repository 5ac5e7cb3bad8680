"""Gates whose place the template states."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, corners, found, missing
from cytorecon.gating.shapes import Polygon, Threshold
from cytorecon.knowledge.template import EllipseGateSpec, FixedThresholdGate, PolygonGateSpec

#: Corners of the polygon an ellipse becomes; its area is 0.1 % smaller.
CORNERS = 72


def search_polygon(spec: PolygonGateSpec, _sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the polygon of the template on the tube's channels."""
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return missing(spec, spec.x if not x else spec.y)
    return found(spec, FoundPart(spec.gate, Polygon((x[0], y[0]), spec.vertices), "fixed"))


def search_ellipse(spec: EllipseGateSpec, _sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the ellipse of the template, as a polygon on the tube's channels."""
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return missing(spec, spec.x if not x else spec.y)
    turn, angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False), np.deg2rad(spec.angle)
    along, across = spec.radii[0] * np.cos(turn), spec.radii[1] * np.sin(turn)
    points = np.stack(
        [
            spec.centre[0] + along * np.cos(angle) - across * np.sin(angle),
            spec.centre[1] + along * np.sin(angle) + across * np.cos(angle),
        ],
        axis=1,
    )
    return found(spec, FoundPart(spec.gate, Polygon((x[0], y[0]), corners(points)), "fixed"))


def search_fixed_threshold(
    spec: FixedThresholdGate, _sources: Sources, axes: Axes, _prior: GatingPrior
) -> FoundGate:
    """Return the threshold of the template, on every channel of its axis."""
    channels = axes.resolve(spec.axis)
    if not channels:
        return missing(spec, spec.axis)
    names = [spec.gate if len(channels) == 1 else f"{spec.gate}.{channel}" for channel in channels]
    parts = [
        FoundPart(name, Threshold((channel,), spec.value, spec.keep), "fixed")
        for name, channel in zip(names, channels, strict=True)
    ]
    return found(spec, *parts)
