"""All kinds of gates, and what each of them looks at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cytorecon.knowledge.template.axes import Axis, MarkerAxis
from cytorecon.knowledge.template.particles import BeadGate, SingletGate
from cytorecon.knowledge.template.regions import (
    ClusterGate,
    ContourGate,
    EllipseGateSpec,
    PlanarGate,
    PolygonGateSpec,
    ScatterRegionGate,
    ToldApartGate,
)
from cytorecon.knowledge.template.thresholds import (
    AnchoredValleyGate,
    BrightModeGate,
    FixedThresholdGate,
    LowerTailGate,
    ReferenceTailGate,
    ShiftedGate,
    ValleyGate,
)

AnyGate = Annotated[
    SingletGate
    | BeadGate
    | ValleyGate
    | ReferenceTailGate
    | LowerTailGate
    | BrightModeGate
    | AnchoredValleyGate
    | ShiftedGate
    | ClusterGate
    | ToldApartGate
    | ScatterRegionGate
    | ContourGate
    | FixedThresholdGate
    | EllipseGateSpec
    | PolygonGateSpec,
    Field(discriminator="finder"),
]


def sources_of(spec: AnyGate) -> tuple[str, ...]:
    """Return every expression a gate looks at: where it is found, its control or references, its seeds."""
    if isinstance(spec, ValleyGate):
        return (spec.find_in, *filter(None, (spec.control, spec.gauge)))
    if isinstance(spec, ClusterGate):
        return (spec.find_in, *spec.seeds, *spec.likely_seeds)
    if isinstance(spec, ToldApartGate):
        return (spec.find_in, *spec.seeds, *spec.beside, spec.otherwise_outside)
    if isinstance(spec, LowerTailGate | ScatterRegionGate | ContourGate):
        return (spec.find_in, *spec.seeds)
    if isinstance(spec, ReferenceTailGate):
        return (spec.find_in, *spec.references)
    if isinstance(spec, AnchoredValleyGate):
        return (spec.find_in, *spec.anchors)
    if isinstance(spec, ShiftedGate):
        return (spec.find_in, spec.like, spec.reference, spec.like_reference)
    return (spec.find_in,)


def markers_of(spec: AnyGate) -> tuple[str, ...]:
    """Return the markers a gate is drawn on.

    Examples
    --------
    >>> markers_of(ValleyGate(gate="T", finder="valley", axis=MarkerAxis(marker="CD3")))
    ('CD3',)
    """
    if isinstance(spec, BeadGate):
        return spec.markers
    if isinstance(spec, SingletGate):
        return ()
    if isinstance(spec, PlanarGate):
        further = spec.further if isinstance(spec, ToldApartGate) else ()
        axes: tuple[Axis, ...] = (spec.x, spec.y, *further)
    else:
        axes = (spec.axis,)
    return tuple(axis.marker for axis in axes if isinstance(axis, MarkerAxis))
