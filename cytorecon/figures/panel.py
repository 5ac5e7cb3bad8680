"""What one panel of the patient figure shows: one population against time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.figures.crossings import Crossing
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.panel_band import BandWindow
from cytorecon.figures.points import Point
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.figures.valueaxis import ValueAxis

#: legend group -> words, in the order of the legend
LEGEND: Final = {
    "measured": "result with 95 % interval",
    "review": "needs a look",
    "below": "below LLOQ (line up to the LLOQ)",
    "missing": "no result (reason on hover)",
    "method": "count method changes",
    "reference": "age-matched reference",
    "own_band": "this cohort without disturbing events: median, quartiles",
    "threshold": "milestone threshold",
    "interval": "reached in this interval",
    "star": "first visit at or above, in time",
    "met": "first visit at or above",
}


@dataclass(frozen=True, slots=True)
class EventBand:
    """A stretch of time shaded behind the curves; a single day when `start` equals `end`."""

    start: float
    end: float
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What one panel shows.

    Parameters
    ----------
    number : int
        Number of its axes in the figure (``x2``/``y2`` is 2).
    points : tuple of Point
        Of one population, in order of the days.
    time : TimeAxis
        Shared time axis.
    values : ValueAxis
        Its own value axis.
    crossing : Crossing or None
        Milestone that is drawn.
    bands : tuple of EventBand
        Clinical events behind the curve.
    own_band : tuple of BandWindow
        How undisturbed patients of the cohort recover.
    """

    number: int
    points: tuple[Point, ...]
    time: TimeAxis
    values: ValueAxis
    crossing: Crossing | None = None
    bands: tuple[EventBand, ...] = ()
    own_band: tuple[BandWindow, ...] = ()

    @property
    def x(self) -> str:
        """Name of its time axis in traces and shapes."""
        return f"x{self.number if self.number > 1 else ''}"

    @property
    def y(self) -> str:
        """Name of its value axis in traces and shapes."""
        return f"y{self.number if self.number > 1 else ''}"


def add_trace(
    drawing: Drawing,
    panel: Panel,
    group: str,
    xs: Sequence[float | None],
    ys: Sequence[float | None],
    **style: object,
) -> None:
    """Add a scatter trace to the axes of `panel`, in legend group `group` (a key of ``LEGEND``)."""
    drawing.scatter(
        x=list(xs),
        y=list(ys),
        xaxis=panel.x,
        yaxis=panel.y,
        legendgroup=group,
        name=LEGEND[group],
        showlegend=False,
        # a symbol on the last visit is not cut in half; a line would run over the frame
        cliponaxis=style.get("mode") != "markers",
        **style,
    )
