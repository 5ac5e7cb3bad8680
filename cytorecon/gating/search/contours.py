"""The densest region around cells that certainly belong inside."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.finders.region import densest_region, regions_of_halves
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, corners, found, missing, not_evaluable, seeds_of
from cytorecon.gating.shapes import Mask, Polygon, among
from cytorecon.knowledge.template import ContourGate, ScatterRegionGate

#: A region of scatter in which the cells it was drawn around are fewer than this share holds debris as well.
SEEDS_MAJORITY = 0.5


def search_contour(spec: ContourGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the region in which the given share of the seeds lies densest."""
    drawn = _drawn(spec, seeds_of(spec, sources), axes)
    if isinstance(drawn, FoundGate):
        return drawn
    shape, by_halves = drawn
    return found(spec, FoundPart(spec.gate, shape, "density_contour", by_halves=by_halves))


def search_region(spec: ScatterRegionGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the region of scatter in which the seeds lie; other events in it cast doubt on it."""
    seeds = seeds_of(spec, sources)
    drawn = _drawn(spec, seeds, axes)
    if isinstance(drawn, FoundGate):
        return drawn
    shape, by_halves = drawn
    held = sources[spec.find_in] & axes.mask(shape)
    mixed = np.count_nonzero(held & seeds) < SEEDS_MAJORITY * np.count_nonzero(held)
    flags = ("gate.mixed_region",) if mixed else ()
    return found(spec, FoundPart(spec.gate, shape, "back_gated", flags=flags, by_halves=by_halves))


def _drawn(
    spec: ContourGate | ScatterRegionGate, seeds: Mask, axes: Axes
) -> tuple[Polygon, tuple[Polygon, ...]] | FoundGate:
    """Return the densest region of the seeds and of their halves, or the gate that says why there is none."""
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return missing(spec, spec.x if not x else spec.y)
    events = np.count_nonzero(seeds)
    if events < spec.min_events:
        return not_evaluable(spec, f"{events} certain cells, needs {spec.min_events}")
    plane = np.stack([among(axes.columns[name], seeds) for name in (x[0], y[0])], axis=1).astype(np.float64)
    channels = (x[0], y[0])
    by_halves = (Polygon(channels, corners(half)) for half in regions_of_halves(plane, spec.coverage))
    return Polygon(channels, corners(densest_region(plane, spec.coverage))), tuple(by_halves)
