"""Gates that are a threshold on one marker: how each is found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cytorecon.knowledge.template.axes import Axis, MarkerAxis
from cytorecon.knowledge.template.gate import GateSpec


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
    control_is_negative : bool
        Whether hardly a cell of `control` carries the marker: more than strays above the threshold then speak
        against it.
    pool : bool
        Whether positions are learned over the batch.
    gauge : str
        Expression of events that are equally bright in every tube (counting beads). Where they lie says
        how the detector was set, and the batch's position is moved with them.
    none_seen_doubts : tuple of str
        Populations that need a look, besides those counted by the gate, when no cell of the tube
        shows the marker: they are counted by its absence.
    expected_modes : tuple of int
        With how many modes `cut` means what the template says; with any other number the tube's own valley
        needs a look. Empty = any number will do.
    if_one_mode : {"not_evaluable", "keep_all", "absent"}
        What one mode, without batch and control, means. ``keep_all`` is only for gates that take
        something away (dead cells): one mode then means there is nothing to take away. ``absent`` is
        only for gates that help to find others (seeds): no cell is certain, and none is counted by it.
    """

    finder: Literal["valley"]
    axis: Axis
    cut: Literal["above_dimmest", "below_brightest"] = "above_dimmest"
    keep: Literal["above", "below"] = "above"
    control: str = ""
    control_tail: Annotated[float, Field(gt=0)] = 4.0
    control_is_negative: bool = False
    pool: bool = True
    gauge: str = ""
    none_seen_doubts: tuple[str, ...] = ()
    expected_modes: tuple[Annotated[int, Field(ge=2)], ...] = ()
    if_one_mode: Literal["not_evaluable", "keep_all", "absent"] = "not_evaluable"


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


class FixedThresholdGate(GateSpec):
    """A threshold the laboratory states, from its own controls, in units of the transformed axis."""

    finder: Literal["fixed_threshold"]
    axis: Axis
    value: float
    keep: Literal["above", "below"] = "above"


class BrightModeGate(GateSpec):
    """Bright cells without the dim ones: a threshold at the lower end of the brightest cloud.

    It assumes that most of the cells in `find_in` (the positive ones) are bright and that their cloud
    is symmetric. With many dim cells the gate is marked, with too few cells all pass and it is marked.

    Parameters
    ----------
    axis : MarkerAxis
        Marker.
    deviations : float
        Standard deviations below the mode, taken from the cells brighter than the mode.
    min_events : int
        Fewer positive cells than this: bright and dim ones are counted together.
    most_dim : float
        More dim cells than this share of the positive ones mark the gate: where they end is a matter of
        opinion. 1 where the dim ones do not matter.
    """

    finder: Literal["bright_mode"]
    axis: MarkerAxis
    deviations: Annotated[float, Field(gt=0)]
    min_events: Annotated[int, Field(gt=0)]
    most_dim: Annotated[float, Field(gt=0, le=1)] = 0.2


class AnchoredValleyGate(GateSpec):
    """A threshold in a subset that may hold one population only.

    The subset's own valley, if its modes lie on either side of the anchor; else the anchor, which is a
    valley of a wider set of cells of the same tube.

    Parameters
    ----------
    axis : MarkerAxis
        Marker.
    anchors : tuple of str
        Expressions of wider sets, best first; the first that shows a valley is the anchor.
    one_mode : {"anchor", "mirror"}
        What a subset with a single, negative mode means. ``mirror``: positive cells are a shoulder on it,
        found by its mirror image. ``anchor``: there are none but stray ones.
    least_error : float
        Least standard error of a threshold that is no valley of the subset, transformed units.
    keep : {"above", "below"}
        Which side is inside; the review rule looks at the count of that side.
    """

    finder: Literal["anchored_valley"]
    axis: MarkerAxis
    anchors: Annotated[tuple[str, ...], Field(min_length=1)]
    one_mode: Literal["anchor", "mirror"] = "anchor"
    least_error: Annotated[float, Field(gt=0)] = 0.03
    keep: Literal["above", "below"] = "above"


class ShiftedGate(GateSpec):
    """The threshold of another gate, moved as far as the same kind of cells lies from that gate's.

    For a subset without a valley of its own: CD45RA parts naive from memory CD4 cells clearly and CD8
    cells not at all, but naive cells of both kinds can be found by other markers.

    Parameters
    ----------
    axis : MarkerAxis
        Marker.
    like : str
        Gate (with ``keep: above``) whose threshold is borrowed.
    reference, like_reference : str
        Expressions of the same kind of cells here and there; the distance of their modes is the shift.
    largest_shift : float
        A larger shift is no shift of a stain: the threshold is borrowed as it is, and marked. So it is
        when one of the references has too few cells.
    least_error : float
        Standard error of the position, transformed units.
    keep : {"above", "below"}
        Which side is inside.
    """

    finder: Literal["shifted"]
    axis: MarkerAxis
    like: str
    reference: str
    like_reference: str
    largest_shift: Annotated[float, Field(gt=0)]
    least_error: Annotated[float, Field(gt=0)] = 0.03
    keep: Literal["above", "below"] = "above"
