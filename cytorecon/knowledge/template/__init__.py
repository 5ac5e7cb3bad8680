"""The model of a gating template, in small files: axes, gates, expressions, the template itself."""

from __future__ import annotations

from cytorecon.knowledge.template.axes import Axis, MarkerAxis, ScatterAxis
from cytorecon.knowledge.template.expressions import names_in, positive_names
from cytorecon.knowledge.template.gates import (
    AnyGate,
    BeadGate,
    ClusterGate,
    ContourGate,
    EllipseGateSpec,
    FixedThresholdGate,
    GateSpec,
    LowerTailGate,
    PolygonGateSpec,
    ReferenceTailGate,
    ScatterRegionGate,
    SingletGate,
    ValleyGate,
    markers_of,
    sources_of,
)
from cytorecon.knowledge.template.model import SharedChannel, Template
from cytorecon.knowledge.template.populations import PopulationSpec

__all__ = [
    "AnyGate",
    "Axis",
    "BeadGate",
    "ClusterGate",
    "ContourGate",
    "EllipseGateSpec",
    "FixedThresholdGate",
    "GateSpec",
    "LowerTailGate",
    "MarkerAxis",
    "PolygonGateSpec",
    "PopulationSpec",
    "ReferenceTailGate",
    "ScatterAxis",
    "ScatterRegionGate",
    "SharedChannel",
    "SingletGate",
    "Template",
    "ValleyGate",
    "markers_of",
    "names_in",
    "positive_names",
    "sources_of",
]
