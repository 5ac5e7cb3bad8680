"""The model of a gating template, in small files: axes, gates, expressions, the template itself."""

from __future__ import annotations

from cytorecon.knowledge.template.axes import Axis, MarkerAxis, ScatterAxis
from cytorecon.knowledge.template.checks import (
    AnyCheck,
    BrightestCheck,
    ShareCheck,
    SpilloverCheck,
    expressions_of,
)
from cytorecon.knowledge.template.expressions import names_in, positive_names
from cytorecon.knowledge.template.gate import GateSpec
from cytorecon.knowledge.template.gates import AnyGate, markers_of, sources_of
from cytorecon.knowledge.template.model import SharedChannel, Template
from cytorecon.knowledge.template.particles import BeadGate, SingletGate
from cytorecon.knowledge.template.populations import PopulationSpec
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

__all__ = [
    "AnchoredValleyGate",
    "AnyCheck",
    "AnyGate",
    "Axis",
    "BeadGate",
    "BrightModeGate",
    "BrightestCheck",
    "ClusterGate",
    "ContourGate",
    "EllipseGateSpec",
    "FixedThresholdGate",
    "GateSpec",
    "LowerTailGate",
    "MarkerAxis",
    "PlanarGate",
    "PolygonGateSpec",
    "PopulationSpec",
    "ReferenceTailGate",
    "ScatterAxis",
    "ScatterRegionGate",
    "ShareCheck",
    "SharedChannel",
    "ShiftedGate",
    "SingletGate",
    "SpilloverCheck",
    "Template",
    "ToldApartGate",
    "ValleyGate",
    "expressions_of",
    "markers_of",
    "names_in",
    "positive_names",
    "sources_of",
]
