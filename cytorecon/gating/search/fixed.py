"""Gates whose place the template states."""

from __future__ import annotations

from cytorecon.gating.axes import Axes
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, found, missing
from cytorecon.gating.shapes import Polygon
from cytorecon.knowledge.template import PolygonGateSpec


def search_polygon(spec: PolygonGateSpec, _sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the polygon of the template on the tube's channels."""
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return missing(spec, spec.x if not x else spec.y)
    return found(spec, FoundPart(spec.gate, Polygon((x[0], y[0]), spec.vertices), "fixed"))
