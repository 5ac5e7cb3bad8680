"""Gates that tell one cell from two, and cells from counting beads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cytorecon.knowledge.template.axes import ScatterAxis
from cytorecon.knowledge.template.gate import GateSpec


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

    No blood cell is, so the dimmest of an event's `markers` separates beads from cells. In a tube that
    measures fewer than `least_markers` of them some cell may be; beads are not looked for there.
    """

    finder: Literal["bright_in_all"]
    markers: tuple[str, ...]
    min_events: Annotated[int, Field(gt=0)]
    least_markers: Annotated[int, Field(ge=2)] = 2
