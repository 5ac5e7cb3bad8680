"""One cell or two, a cell or a counting bead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.finders.singlets import is_width, singlet_wedge
from cytorecon.gating.finders.valley import find_valley
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import SPREAD_FLOOR, GatingPrior
from cytorecon.gating.search.found import Sources, corners, found, missing, not_evaluable
from cytorecon.gating.shapes import Column, Mask, Polygon, Shape, Threshold, among
from cytorecon.knowledge.template import BeadGate, ScatterAxis, SingletGate
from cytorecon.quantiles import quantiles

#: Tubes have 1-10 % doublets; a gate that leaves out more than this has met aggregates or saturated scatter.
MANY_DOUBLETS = 0.15
#: A valley between beads and cells is nearly empty.
BEAD_DEPTH = 0.9
#: An event further than this (in robust standard deviations, in any channel) from the middle of the beads is
#: none: dead cells and aggregates are bright in every channel, too. More than this share makes every
#: concentration wrong by as much, which is what pipetting is wrong by (2-5 %, simulator.yaml).
ALIKE, MANY_STRAYS = 6, 0.03
#: In each channel nearly all beads (this quantile) are brighter than the cells that lack its marker (this
#: quantile of the cells: more cells lack a lymphocyte marker) by this much: 0.1 = 0.45 decades.
BEADS_DIMMEST, CELLS_WITHOUT, BEADS_APART = 0.1, 0.25, 0.1


def search_singlets(spec: SingletGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the wedge of area and height in which single particles lie."""
    area, height = axes.resolve(spec.area), axes.resolve(spec.height)
    if not area or not height:
        return missing(spec, spec.area if not area else spec.height)
    inside = sources[spec.find_in]
    width = axes.resolve(ScatterAxis(scatter=spec.area.scatter, aspect=("W",)))
    if width and is_width(*(among(axes.columns[name], inside) for name in (area[0], height[0], width[0]))):
        height = width
    wedge = singlet_wedge(
        among(axes.columns[area[0]], inside), among(axes.columns[height[0]], inside), spec.width
    )
    if wedge is None:
        return not_evaluable(spec, "too few events with positive scatter")
    shape = Polygon((area[0], height[0]), corners(wedge))
    flags = doubts_of_singlets(spec, shape, sources, axes)
    return found(spec, FoundPart(spec.gate, shape, "robust_ratio", flags=flags))


def doubts_of_singlets(spec: SingletGate, shape: Shape, sources: Sources, axes: Axes) -> tuple[str, ...]:
    """Return ``gate.many_doublets`` for a gate, found or drawn, that leaves out more than doublets."""
    inside = sources[spec.find_in]
    left_out = np.count_nonzero(inside & ~axes.mask(shape))
    return ("gate.many_doublets",) if left_out > MANY_DOUBLETS * np.count_nonzero(inside) else ()


def search_beads(spec: BeadGate, sources: Sources, axes: Axes, _prior: GatingPrior) -> FoundGate:
    """Return the cloud of counting beads, or that there is none."""
    channels = [axes.panel[marker] for marker in spec.markers if marker in axes.panel]
    if len(channels) < 2:
        return not_evaluable(spec, f"needs two of the markers {', '.join(spec.markers)}")
    if len(channels) < spec.least_markers:
        reason = f"beads are told from cells by {spec.least_markers} of {', '.join(spec.markers)}"
        return FoundGate(spec.gate, spec.find_in, "absent", reason=reason)
    columns = {name: among(axes.columns[name], sources[spec.find_in]) for name in channels}
    dimmest = np.minimum.reduce(list(columns.values()))
    own = find_valley(dimmest, "below_brightest")
    if own is None or own.depth < BEAD_DEPTH or own.above < spec.min_events:
        reason = "no cloud of events bright in every channel"
        return FoundGate(spec.gate, spec.find_in, "absent", reason=reason)
    for name, values in columns.items():
        if not _stands_out(values, dimmest >= own.position):
            reason = f"what seems bright in every channel is not brighter than the cells in {name}"
            return FoundGate(spec.gate, spec.find_in, "absent", reason=reason)
    shape = Threshold(tuple(channels), own.position)
    beads = dimmest >= own.position
    strays = _strays([among(values, beads) for values in columns.values()])
    flags = ("gate.bead_strays",) if strays > MANY_STRAYS * np.count_nonzero(beads) else ()
    return found(spec, FoundPart(spec.gate, shape, "bright_in_all", own.standard_error, flags))


def _strays(columns: Sequence[Column]) -> int:
    """Return how many events are not as bright as the others in every channel: beads of a lot are alike."""
    apart = np.zeros(columns[0].size, dtype=bool)
    for values in columns:
        low, median, high = quantiles(values, (0.1587, 0.5, 0.8413))
        apart |= np.abs(values - median) > ALIKE * max((high - low) / 2, SPREAD_FLOOR)
    return int(np.count_nonzero(apart))


def _stands_out(values: Column, beads: Mask) -> bool:
    """Whether beads are bright in a channel; in one that shows noise only, everything is alike."""
    (dimmest,) = quantiles(among(values, beads), (BEADS_DIMMEST,))
    darker = np.count_nonzero((values < dimmest - BEADS_APART) & ~beads)
    return bool(darker > CELLS_WITHOUT * np.count_nonzero(~beads))
