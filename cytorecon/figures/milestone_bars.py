"""One milestone over all patients: an interval bar per patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import format_day
from cytorecon.figures.timeaxis import TimeAxis

_ROW_PX: Final = 30
_HEAD_PX: Final = 74


def milestone_figure(found: Sequence[Crossing], last_days: Mapping[str, int], axis: TimeAxis) -> go.Figure:
    """Return when each patient reached one milestone.

    A bar spans the interval between the last visit before and the first visit after the crossing, which
    is a star when the milestone was certainly reached by its deadline; the bar is thin while it waits for its
    confirmation;
    where it was not reached, a dotted line leads to the last visit; where no visit could be judged, a
    cross stands there.

    Parameters
    ----------
    found : sequence of Crossing
        One milestone, one per patient.
    last_days : mapping of str to int
        Patient -> day of the last visit.
    axis : TimeAxis
        Must reach over all days.
    """
    if not found:
        return theme.empty_figure("This milestone applies to no patient of this study.")
    drawing = Drawing(theme.base_layout(height=_HEAD_PX + _ROW_PX * len(found), name="milestones"))
    ticks = axis.ticks(0.05)
    drawing.layout.update(
        margin={"l": 90, "r": 18, "t": 34, "b": 36},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis={
            "range": axis.range,
            "tickvals": [position for position, _ in ticks],
            "ticktext": [label for _, label in ticks],
            "gridcolor": theme.GRID,
            "zeroline": False,
        },
        yaxis={
            "range": [len(found) - 0.4, -0.6],
            "tickvals": list(range(len(found))),
            "ticktext": [crossing.patient for crossing in found],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    for group in _STYLES:
        _add_group(drawing, group, found, last_days, axis)
    return drawing.figure()


_STYLES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "reached": (
        "reached in this interval",
        {"mode": "lines", "line": {"color": theme.MILESTONE_BAR, "width": 12}},
    ),
    "pending": (
        "above from this interval on, not confirmed yet",
        {"mode": "lines", "line": {"color": theme.MILESTONE_BAR, "width": 4}},
    ),
    "in_time": (
        "first visit at or above, in time",
        {
            "mode": "markers",
            "marker": {
                "symbol": "star",
                "size": 15,
                "color": theme.YELLOW,
                "line": {"color": theme.INK, "width": 1},
            },
        },
    ),
    "visit": (
        "first visit at or above",
        {
            "mode": "markers",
            "marker": {
                "symbol": "square",
                "size": 10,
                "color": "white",
                "line": {"color": theme.INK, "width": 1.6},
            },
        },
    ),
    "waiting": (
        "not reached up to the last visit",
        {"mode": "lines", "line": {"color": theme.MUTED, "width": 1.6, "dash": "dot"}},
    ),
    "last": (
        "last visit",
        {
            "mode": "markers",
            "marker": {
                "symbol": "line-ns",
                "size": 12,
                "color": theme.MUTED,
                "line": {"width": 2, "color": theme.MUTED},
            },
        },
    ),
    "unjudged": (
        "could not be judged",
        {
            "mode": "markers",
            "marker": {"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": theme.MUTED}},
        },
    ),
}


def _add_group(
    drawing: Drawing,
    group: str,
    found: Sequence[Crossing],
    last_days: Mapping[str, int],
    axis: TimeAxis,
) -> None:
    """Draw one kind of mark for all patients as one trace: None breaks the line between two."""
    xs: list[float | None] = []
    ys: list[int | None] = []
    words: list[str] = []
    for row, crossing in enumerate(found):
        last_day = last_days.get(crossing.patient, 0)
        for position in _positions(group, crossing, last_day, axis):
            xs.append(position)
            ys.append(row)
            words.append(_hover(crossing, last_day))
        xs.append(None)
        ys.append(None)
        words.append("")
    if any(x is not None for x in xs):
        name, style = _STYLES[group]
        drawing.scatter(x=xs, y=ys, name=name, hovertext=words, hoverinfo="text", **style)


def _hover(crossing: Crossing, last_day: int) -> str:
    lines = [
        f"<b>{crossing.patient}</b>",
        crossing.reading,
        crossing.caution,
        f"last visit {format_day(last_day)}",
    ]
    return "<br>".join(filter(None, lines))


def _positions(group: str, crossing: Crossing, last_day: int, axis: TimeAxis) -> tuple[float, ...]:
    if crossing.by_day is None:
        start, end = axis.position(0), axis.position(last_day)
        if not crossing.judged:
            return {"unjudged": (end,)}.get(group, ())
        return {"waiting": (start, end), "last": (end,)}.get(group, ())
    start = axis.range[0] if crossing.after_day is None else axis.position(crossing.after_day)
    end = axis.position(crossing.by_day)
    first = "in_time" if crossing.in_time else "visit"
    return {"pending" if crossing.is_pending else "reached": (start, end), first: (end,)}.get(group, ())
