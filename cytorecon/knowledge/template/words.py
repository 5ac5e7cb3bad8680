"""What a gate of a template does, in words."""

from __future__ import annotations

from cytorecon.knowledge.template.axes import Axis, MarkerAxis
from cytorecon.knowledge.template.checks import AnyCheck, ShareCheck, SpilloverCheck
from cytorecon.knowledge.template.gates import AnyGate
from cytorecon.knowledge.template.particles import BeadGate, SingletGate
from cytorecon.knowledge.template.regions import (
    ClusterGate,
    EllipseGateSpec,
    PlanarGate,
    PolygonGateSpec,
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

DEVIATIONS = "robust standard deviations"
_CUTS = {"above_dimmest": "above the dimmest mode", "below_brightest": "below the brightest mode"}


def gate_in_words(spec: AnyGate) -> str:
    """Return where a gate is looked for, how it is found, and what happens where it cannot be.

    Examples
    --------
    >>> gate_in_words(ValleyGate(gate="T", finder="valley", find_in="cells", axis=MarkerAxis(marker="CD3")))
    'In cells: CD3 above the valley above the dimmest mode. One mode: as the batch has it,
    else not evaluable.'
    """
    where = "all events" if spec.find_in == "all" else spec.find_in
    missing = " Without its channel all events pass." if spec.optional else ""
    return f"In {where}: {_how(spec)}.{missing}"


def check_in_words(spec: AnyCheck) -> str:
    """Return what a check asks of the cells of a tube.

    Examples
    --------
    >>> words = {"check": "B_or_T", "title": "-", "doubts": ("B",), "why": "-", "source": "-"}
    >>> limits = {"least_events": 40, "high_percent": 50}
    >>> check_in_words(ShareCheck(kind="share", cells="CD19", inside="CD3", **words, **limits))
    'Of CD19 (40 events or more), 0 to 50 % are CD3.'
    """
    if isinstance(spec, SpilloverCheck):
        kinds = "; ".join(f"{marker}: {', '.join(groups)}" for marker, groups in spec.lack.items())
        return f"Cells that lack a marker are equally dark in its channel ({kinds})."
    cells = f"{spec.cells} ({spec.least_events} events or more)"
    if isinstance(spec, ShareCheck):
        return f"Of {cells}, {spec.low_percent:g} to {spec.high_percent:g} % are {spec.inside}."
    return f"On {cells}, {spec.gate} is brighter than {', '.join(spec.others)}."


def axis_in_words(axis: Axis) -> str:
    """Return an axis as people call it.

    Examples
    --------
    >>> axis_in_words(MarkerAxis(marker="CD3"))
    'CD3'
    """
    return axis.marker if isinstance(axis, MarkerAxis) else f"{axis.scatter} scatter"


def _how(spec: AnyGate) -> str:
    match spec:
        case SingletGate():
            width = f"{spec.width:g} {DEVIATIONS}"
            return f"area by height of {spec.area.scatter} scatter within {width} of its median"
        case BeadGate():
            few = f", or fewer than {spec.least_markers} of these markers" if spec.least_markers > 2 else ""
            markers = ", ".join(spec.markers)
            return f"bright in all of {markers}; fewer than {spec.min_events} events{few}: absent"
        case ValleyGate():
            return _valley(spec)
        case ReferenceTailGate():
            return _reference(spec)
        case LowerTailGate():
            place = f"{spec.deviations:g} {DEVIATIONS} below {' or '.join(spec.seeds)}"
            few = f"fewer than {spec.min_events} of them: as the batch has it, else all events pass"
            return f"{axis_in_words(spec.axis)} above {place}; {few}"
        case BrightModeGate():
            few = f"fewer than {spec.min_events} of them: all pass"
            end = f"{spec.deviations:g} standard deviations below its brightest mode"
            return f"{spec.axis.marker} above {end}; {few}"
        case AnchoredValleyGate():
            anchors = " or of ".join(spec.anchors)
            return f"{spec.axis.marker} {spec.keep} the own valley about the valley of {anchors}"
        case ShiftedGate():
            shift = f"moved as {spec.reference} lies from {spec.like_reference}"
            return f"{spec.axis.marker} {spec.keep} the threshold of {spec.like}, {shift}"
        case FixedThresholdGate():
            return f"{axis_in_words(spec.axis)} {spec.keep} {spec.value:g} (stated by the template)"
        case _:
            return f"{axis_in_words(spec.x)} and {axis_in_words(spec.y)}, {_region(spec)}"


def _valley(spec: ValleyGate) -> str:
    words = {"keep_all": "all events pass", "absent": "no cell is certain", "not_evaluable": "not evaluable"}
    alone = words[spec.if_one_mode]
    steps = ["as the batch has it"] if spec.pool else []
    if spec.control:
        steps.append(f"{spec.control_tail:g} {DEVIATIONS} above {spec.control}")
    modes = f" ({' or '.join(map(str, spec.expected_modes))} modes expected)" if spec.expected_modes else ""
    place = f"{axis_in_words(spec.axis)} {spec.keep} the valley {_CUTS[spec.cut]}{modes}"
    return f"{place}. One mode: {', else '.join([*steps, alone])}"


def _reference(spec: ReferenceTailGate) -> str:
    side = "above" if spec.end == "upper" else "below"
    first, *others = spec.references
    end = f"the {spec.end} end of {first} ({spec.deviations:g} {DEVIATIONS} {side} its median)"
    steps = ["as the batch has it"] if spec.pool else []
    steps += [*(f"of {other}" for other in others), "not evaluable"]
    few = f"Fewer than {spec.min_events} of them: {', else '.join(steps)}"
    return f"{spec.axis.marker} {spec.keep} {end}. {few}"


def _region(spec: PlanarGate) -> str:
    if isinstance(spec, EllipseGateSpec | PolygonGateSpec):
        return "a region stated by the template"
    share, seeds = f"{100 * spec.coverage:g} %", " or ".join(spec.seeds)
    if isinstance(spec, ToldApartGate):
        axes = ", ".join(map(axis_in_words, (spec.x, spec.y, *spec.further)))
        place = f"beside {' or '.join(spec.beside)}"
        few = f"fewer than {spec.min_events} of these: outside {spec.otherwise_outside}"
        return f"where an event is likelier one of {seeds} than of their neighbours by {axes}, {place}; {few}"
    if isinstance(spec, ClusterGate):
        steps = ["as the batch has it"] if spec.pool else []
        few = ", else ".join([*steps, spec.without_seeds.replace("_", " ")])
        return f"the cloud of {seeds}, {share} of it; fewer than {spec.min_events} of them: {few}"
    few = f"fewer than {spec.min_events} of them: not evaluable"
    return f"the densest region that holds {share} of {seeds}; {few}"
