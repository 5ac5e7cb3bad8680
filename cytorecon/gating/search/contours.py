"""Density contours around cells that certainly belong inside."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.finders.region import densest_region
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, corners, found, missing, not_evaluable, seeds_of
from cytorecon.gating.shapes import Polygon, among
from cytorecon.knowledge.template import ContourGate


def search_contour(spec: ContourGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the region in which the given share of the seeds lies densest."""
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return missing(spec, spec.x if not x else spec.y)
    seeds = seeds_of(spec, sources)
    if np.count_nonzero(seeds) < spec.min_events:
        return not_evaluable(spec, f"{np.count_nonzero(seeds)} seed cells, needs {spec.min_events}")
    plane = np.stack([among(axes.columns[name], seeds) for name in (x[0], y[0])], axis=1).astype(np.float64)
    shape = Polygon((x[0], y[0]), corners(densest_region(plane, spec.coverage)))
    return found(spec, FoundPart(spec.gate, shape, "density_contour"))
