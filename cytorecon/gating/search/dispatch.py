"""Which search belongs to which kind of gate."""

from __future__ import annotations

from functools import singledispatch

from cytorecon.gating.axes import Axes
from cytorecon.gating.found import FoundGate
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.anchored import search_anchored_valley, search_shifted
from cytorecon.gating.search.bright import search_bright_mode
from cytorecon.gating.search.clouds import search_cluster
from cytorecon.gating.search.contours import search_contour, search_region
from cytorecon.gating.search.fixed import search_ellipse, search_fixed_threshold, search_polygon
from cytorecon.gating.search.found import Sources
from cytorecon.gating.search.particles import search_beads, search_singlets
from cytorecon.gating.search.references import search_reference
from cytorecon.gating.search.thresholds import search_lower_tail, search_valley
from cytorecon.gating.search.told_apart import search_told_apart
from cytorecon.knowledge.template import (
    AnchoredValleyGate,
    AnyGate,
    BeadGate,
    BrightModeGate,
    ClusterGate,
    ContourGate,
    EllipseGateSpec,
    FixedThresholdGate,
    LowerTailGate,
    PolygonGateSpec,
    ReferenceTailGate,
    ScatterRegionGate,
    ShiftedGate,
    SingletGate,
    ToldApartGate,
    ValleyGate,
)


@singledispatch
def search(
    spec: AnyGate,
    sources: Sources,  # noqa: ARG001 - what every finder is given
    axes: Axes,  # noqa: ARG001
    prior: GatingPrior,  # noqa: ARG001
) -> FoundGate:
    """Find one gate.

    Parameters
    ----------
    spec : gate of a template
        What to look for.
    sources : mapping of str to ndarray of bool
        Masks of those of the gate's expressions that can be evaluated; `find_in` always can.
    axes : Axes
        Columns and panel of the tube.
    prior : GatingPrior
        What the batch taught.
    """
    raise TypeError(f"no finder for {type(spec).__name__}")


search.register(SingletGate, search_singlets)
search.register(BeadGate, search_beads)
search.register(ValleyGate, search_valley)
search.register(LowerTailGate, search_lower_tail)
search.register(BrightModeGate, search_bright_mode)
search.register(AnchoredValleyGate, search_anchored_valley)
search.register(ShiftedGate, search_shifted)
search.register(ClusterGate, search_cluster)
search.register(ToldApartGate, search_told_apart)
search.register(ScatterRegionGate, search_region)
search.register(PolygonGateSpec, search_polygon)
search.register(ReferenceTailGate, search_reference)
search.register(ContourGate, search_contour)
search.register(EllipseGateSpec, search_ellipse)
search.register(FixedThresholdGate, search_fixed_threshold)
