"""One milestone over all patients: an interval bar per patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.format import format_day
from cytorecon.figures.timeaxis import TimeAxis

_ROW_PX: Final = 30
_HEAD_PX: Final = 74


def milestone_figure(found: Sequence[Crossing], last_days: Mapping[str, int], axis: TimeAxis) -> go.Figure:
    """Return when each patient reached one milestone.

    A bar spans the interval between the last visit before and the first visit after the crossing;
    where it was not reached, a dotted line leads to the last visit.

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
    figure = go.Figure(layout=theme.base_layout(height=_HEAD_PX + _ROW_PX * len(found), name="milestones"))
    figure.update_layout(margin={"l": 90, "r": 18, "t": 34, "b": 36}, showlegend=True, barmode="overlay")
    low, _ = axis.range
    for row, crossing in enumerate(found):
        _add_row(figure, row, crossing, last_days.get(crossing.patient, 0), axis, low)
    ticks = axis.ticks(0.05)
    figure.update_xaxes(
        range=axis.range,
        tickvals=[position for position, _ in ticks],
        ticktext=[label for _, label in ticks],
        gridcolor=theme.GRID,
        zeroline=False,
    )
    figure.update_yaxes(
        range=[len(found) - 0.4, -0.6],
        tickvals=list(range(len(found))),
        ticktext=[crossing.patient for crossing in found],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    _add_legend(figure, found)
    return figure


_STYLES: Final = {
    "reached": ("reached in this interval", {"mode": "lines", "line": {"color": theme.ORANGE, "width": 12}}),
    "visit": (
        "first visit at or above",
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
}


def _add_row(
    figure: go.Figure, row: int, crossing: Crossing, last_day: int, axis: TimeAxis, low: float
) -> None:
    words = f"<b>{crossing.patient}</b><br>{crossing.reading}"
    if crossing.by_day is not None:
        start = axis.position(crossing.after_day) if crossing.after_day is not None else low
        _add(figure, "reached", [start, axis.position(crossing.by_day)], row, words)
        _add(figure, "visit", [axis.position(crossing.by_day)], row, words)
        return
    words += f"<br>last visit {format_day(last_day)}"
    _add(figure, "waiting", [axis.position(0), axis.position(last_day)], row, words)
    _add(figure, "last", [axis.position(last_day)], row, words)


def _add(figure: go.Figure, group: str, xs: Sequence[float], row: int, words: str) -> None:
    figure.add_scatter(
        x=list(xs),
        y=[row] * len(xs),
        hovertext=words,
        hoverinfo="text",
        legendgroup=group,
        showlegend=False,
        **_STYLES[group][1],
    )


def _add_legend(figure: go.Figure, found: Sequence[Crossing]) -> None:
    groups: set[str] = set()
    for crossing in found:
        groups |= {"reached", "visit"} if crossing.reached else {"waiting", "last"}
    for group, (name, style) in _STYLES.items():
        if group in groups:
            figure.add_scatter(x=[None], y=[None], name=name, legendgroup=group, **style)
    figure.update_layout(legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"})
