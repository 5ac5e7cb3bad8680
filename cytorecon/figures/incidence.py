"""By when how many have reached a milestone, or what came first: probabilities against time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.timeaxis import TimeAxis

_HEIGHT_PX: Final = 380
#: Colour, dash and symbol of lines in turn: each can be told apart without colour.
_LOOKS: Final[tuple[tuple[str, str, str], ...]] = (
    (theme.BLUE, "solid", "circle"),
    (theme.VERMILLION, "dash", "square-open"),
    (theme.INK, "dot", "diamond-open"),
    (theme.PURPLE, "dashdot", "triangle-up-open"),
    (theme.GREEN, "longdash", "x-thin-open"),
    (theme.ORANGE, "longdashdot", "star-open"),
)

CurveKind = Literal["first", "other", "alone"]


@dataclass(frozen=True, slots=True)
class ProbabilityCurve:
    """One line of the figure.

    Parameters
    ----------
    name : str
        For the legend.
    days : tuple of int
        In order.
    probability, low, high : tuple of float
        Shares from 0 to 1, with their interval.
    kind : {"first", "other", "alone"}
        The line that the reader looks for, one of the others, or what would be if nothing competed.
    words : str
        For hover texts: who it rests on.
    """

    name: str
    days: tuple[int, ...]
    probability: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    kind: CurveKind
    words: str = ""


def incidence_figure(
    curves: Sequence[ProbabilityCurve], axis: TimeAxis, *, bands: Sequence[str] = ()
) -> go.Figure:
    """Return probabilities against time.

    Parameters
    ----------
    curves : sequence of ProbabilityCurve
        In the order of the legend. None gives a figure that says so.
    axis : TimeAxis
        Days.
    bands : sequence of str
        Names of curves whose interval is shaded; that of the others is in the hover text.
    """
    if not curves:
        return theme.empty_figure("Too few patients for a curve.")
    drawing = Drawing(theme.base_layout(height=_HEIGHT_PX, name="incidence"))
    ticks = axis.ticks(0.05)
    drawing.layout.update(
        margin={"l": 56, "r": 18, "t": 56, "b": 40},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={
            "range": axis.range,
            "tickvals": [position for position, _ in ticks],
            "ticktext": [label for _, label in ticks],
            "gridcolor": theme.GRID,
            "zeroline": False,
        },
        yaxis={
            "range": [-0.02, 1.02],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
            "title": {"text": "of patients", "font": {"size": 11, "color": theme.MUTED}},
            "gridcolor": theme.GRID,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    looks = iter(_LOOKS * 4)
    for curve in curves:
        look = (theme.MUTED, "dot", "line-ns-open") if curve.kind == "alone" else next(looks)
        _add_curve(drawing, curve, axis, look, band=curve.name in bands)
    return drawing.figure()


def _add_curve(
    drawing: Drawing, curve: ProbabilityCurve, axis: TimeAxis, look: tuple[str, str, str], *, band: bool
) -> None:
    colour, dash, symbol = look
    places = [axis.position(day) for day in curve.days]
    if band:
        drawing.scatter(
            x=[*places, *reversed(places)],
            y=[*curve.high, *reversed(curve.low)],
            fill="toself",
            fillcolor=theme.with_alpha(colour, 0.14),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            legendgroup=curve.name,
        )
    line: dict[str, Any] = {"color": colour, "dash": dash, "width": 2.6 if curve.kind == "first" else 1.6}
    drawing.scatter(
        x=places,
        y=list(curve.probability),
        name=curve.name,
        legendgroup=curve.name,
        mode="lines+markers",
        line=line,
        marker={"symbol": symbol, "size": 7, "color": colour, "line": {"color": colour, "width": 1.4}},
        hovertext=[_hover(curve, place) for place in range(len(places))],
        hoverinfo="text",
    )


def _hover(curve: ProbabilityCurve, place: int) -> str:
    share, low, high = (100 * each[place] for each in (curve.probability, curve.low, curve.high))
    lines = [
        f"<b>{curve.name}</b>",
        f"by day {curve.days[place]}: {share:.0f} % (95 %: {low:.0f}–{high:.0f})",
        curve.words,
    ]
    return "<br>".join(filter(None, lines))
