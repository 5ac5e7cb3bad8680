"""The gates of a template: what each kind of finder is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cytorecon.knowledge.template.axes import Axis, MarkerAxis, ScatterAxis
from cytorecon.values import Frozen


class GateSpec(Frozen):
    """What every gate of a template has.

    Parameters
    ----------
    gate : str
        Identifier, a Python-like name; used in expressions.
    title : str
        What pages call it; empty = the identifier.
    find_in : str
        Expression of the events the finder looks at.
    optional : bool
        When the tube lacks a channel of the gate: True lets all events pass (and says so),
        False makes the gate, and what depends on it, not evaluable.
    why : str
        Reason for people who read the template.
    source : str
        Citation, where the gate follows a published definition.
    """

    gate: str
    title: str = ""
    find_in: str = "all"
    optional: bool = False
    why: str = ""
    source: str = ""


class SingletGate(GateSpec):
    """Events whose area fits their height: a wedge around the robust median ratio.

    Parameters
    ----------
    area, height : ScatterAxis
        The two aspects of forward scatter.
    width : float
        Half width in robust standard deviations of log(area / height).
    """

    finder: Literal["singlet_ratio"]
    area: ScatterAxis
    height: ScatterAxis
    width: Annotated[float, Field(gt=0)]


class BeadGate(GateSpec):
    """Counting beads: events that are bright in every fluorescence channel at once.

    No blood cell is, so the dimmest of an event's `markers` separates beads from cells.
    """

    finder: Literal["bright_in_all"]
    markers: tuple[str, ...]
    min_events: Annotated[int, Field(gt=0)]


class ValleyGate(GateSpec):
    """A threshold in the valley between two modes of one marker.

    Parameters
    ----------
    axis : Axis
        Marker or scatter axis.
    cut : {"above_dimmest", "below_brightest"}
        Which valley, when there is more than one.
    keep : {"above", "below"}
        Which side of the threshold is inside the gate.
    control : str
        Expression of cells known to lack the marker; where there is no second mode and no
        batch to learn from, the threshold is the upper tail of these cells.
    control_tail : float
        Robust standard deviations above the control's median.
    pool : bool
        Whether positions are learned over the batch.
    none_seen_doubts : tuple of str
        Populations that need a look, besides those counted by the gate, when no cell of the tube
        shows the marker: they are counted by its absence.
    expected_modes : tuple of int
        With how many modes `cut` means what the template says; with any other number the tube's own valley
        needs a look. Empty = any number will do.
    if_one_mode : {"not_evaluable", "keep_all"}
        What one mode, without batch and control, means. ``keep_all`` is only for gates that take
        something away (dead cells): one mode then means there is nothing to take away.
    """

    finder: Literal["valley"]
    axis: Axis
    cut: Literal["above_dimmest", "below_brightest"] = "above_dimmest"
    keep: Literal["above", "below"] = "above"
    control: str = ""
    control_tail: Annotated[float, Field(gt=0)] = 4.0
    pool: bool = True
    none_seen_doubts: tuple[str, ...] = ()
    expected_modes: tuple[Annotated[int, Field(ge=2)], ...] = ()
    if_one_mode: Literal["not_evaluable", "keep_all"] = "not_evaluable"


class ReferenceTailGate(GateSpec):
    """A threshold at the end of cells whose staining is known, for markers that show no valley.

    It does within a tube what an FMO control does beside it: the upper end of cells that lack the marker
    says where "positive" begins; the lower end of cells that carry it says where "low" begins.

    Parameters
    ----------
    axis : Axis
        Marker axis.
    references : tuple of str
        Expressions of the cells of known staining, the most certain first; the others are used only
        where there is no batch, and the gate says so. Of several modes among them only the dimmest
        counts for `end: upper`, the brightest for `end: lower`: the others are strays.
    end : {"upper", "lower"}
        Which end of the reference.
    deviations : float
        Robust standard deviations from the reference's median.
    keep : {"above", "below"}
        Which side of the threshold is inside the gate.
    min_events : int
        Fewer events of the first reference than this: the batch, then the next reference, else not
        evaluable.
    pool : bool
        Whether positions are learned over the batch.
    """

    finder: Literal["reference_tail"]
    axis: MarkerAxis
    references: Annotated[tuple[str, ...], Field(min_length=1)]
    end: Literal["upper", "lower"] = "upper"
    deviations: Annotated[float, Field(gt=0)]
    keep: Literal["above", "below"] = "above"
    min_events: Annotated[int, Field(ge=50)] = 100
    pool: bool = True


class LowerTailGate(GateSpec):
    """What is no dimmer than cells that certainly belong there: a threshold below nearly all of them.

    Parameters
    ----------
    axis : Axis
        Marker or scatter axis.
    seeds : tuple of str
        Expressions of events that certainly belong inside; those that cannot be evaluated are left out.
    deviations : float
        Robust standard deviations below the seeds' median. The deviation comes from their brighter
        half: debris among the seeds must not widen it.
    min_events : int
        Fewer seeds than this: use the batch; without one all events pass, and what rests on the
        gate is marked.
    pool : bool
        Whether positions are learned over the batch.
    """

    finder: Literal["lower_tail"]
    axis: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    deviations: Annotated[float, Field(gt=0)]
    min_events: Annotated[int, Field(gt=0)]
    pool: bool = True


class ClusterGate(GateSpec):
    """The lymphocyte cloud in two dimensions: a cluster picked by where it lies.

    Parameters
    ----------
    x, y : Axis
        The two axes.
    seeds : tuple of str
        Expressions of events that certainly belong to the cloud (back-gating), one per kind of
        cell; those that cannot be evaluated are left out.
    likely_seeds : tuple of str
        Kinds whose seeds may hold other cells (CD16 is also on monocytes): believed beside a
        certain kind only, and once there is a batch, at the batch's distance from it.
    coverage : float
        Share of a normal cloud the polygon encloses.
    min_events : int
        Fewer seeds or cluster events than this: use the batch, else not evaluable.
    """

    finder: Literal["cluster"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    likely_seeds: tuple[str, ...] = ()
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]
    pool: bool = True


class ScatterRegionGate(GateSpec):
    """The region of scatter in which most of the seeds lie (back-gating without CD45).

    Parameters
    ----------
    x, y : Axis
        The two axes.
    seeds : tuple of str
        Expressions of events that certainly belong there.
    coverage : float
        Share of the seeds the region encloses.
    min_events : int
        Fewer seeds than this: not evaluable.
    """

    finder: Literal["scatter_region"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]


class ContourGate(GateSpec):
    """A density contour: the smallest region of a plane that holds a share of the seeds.

    Parameters
    ----------
    x, y : Axis
        The two axes.
    seeds : tuple of str
        Expressions of events to draw it around; those that cannot be evaluated are left out.
    coverage : float
        Share of the seeds the contour encloses.
    min_events : int
        Fewer seeds than this: not evaluable.
    """

    finder: Literal["density_contour"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]


class FixedThresholdGate(GateSpec):
    """A threshold the laboratory states, from its own controls, in units of the transformed axis."""

    finder: Literal["fixed_threshold"]
    axis: Axis
    value: float
    keep: Literal["above", "below"] = "above"


class EllipseGateSpec(GateSpec):
    """A fixed ellipse, in the units of the transformed axes.

    Parameters
    ----------
    x, y : Axis
        The two axes.
    centre : (float, float)
        Of the ellipse.
    radii : (float, float)
        Half axes.
    angle : float
        Degrees from the x axis to the first half axis, counter-clockwise.
    """

    finder: Literal["fixed_ellipse"]
    x: Axis
    y: Axis
    centre: tuple[float, float]
    radii: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    angle: float = 0.0


class PolygonGateSpec(GateSpec):
    """A fixed polygon, in the units of the transformed axes."""

    finder: Literal["fixed_polygon"]
    x: Axis
    y: Axis
    vertices: Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]


AnyGate = Annotated[
    SingletGate
    | BeadGate
    | ValleyGate
    | ReferenceTailGate
    | LowerTailGate
    | ClusterGate
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
        return (spec.find_in, spec.control) if spec.control else (spec.find_in,)
    if isinstance(spec, ClusterGate):
        return (spec.find_in, *spec.seeds, *spec.likely_seeds)
    if isinstance(spec, LowerTailGate | ScatterRegionGate | ContourGate):
        return (spec.find_in, *spec.seeds)
    if isinstance(spec, ReferenceTailGate):
        return (spec.find_in, *spec.references)
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
    if isinstance(spec, ClusterGate | ScatterRegionGate | ContourGate | EllipseGateSpec | PolygonGateSpec):
        axes: tuple[Axis, ...] = (spec.x, spec.y)
    else:
        axes = (spec.axis,)
    return tuple(axis.marker for axis in axes if isinstance(axis, MarkerAxis))
