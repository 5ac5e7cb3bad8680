"""Axes and title of one panel."""

from __future__ import annotations

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.format import format_value, measure_named, population_label
from cytorecon.figures.grid import Cell
from cytorecon.figures.panel import Panel


def add_axes(figure: go.Figure, panel: Panel, cell: Cell, tick_spacing: float) -> None:
    """Place the axes of `panel` in `cell` and write its title; `tick_spacing` is a share of the width."""
    time_ticks, value_ticks = panel.time.ticks(tick_spacing), panel.values.ticks()
    figure.update_layout(
        {
            f"xaxis{panel.x[1:]}": {
                "domain": cell.x,
                "anchor": panel.y,
                "matches": "x" if panel.number > 1 else None,
                "range": panel.time.range,
                "tickvals": [position for position, _ in time_ticks],
                "ticktext": [label for _, label in time_ticks],
                "gridcolor": theme.GRID,
                "zeroline": False,
                "linecolor": theme.FRAME,
                "tickfont": {"size": 11, "color": theme.MUTED},
            },
            f"yaxis{panel.y[1:]}": {
                "domain": cell.y,
                "anchor": panel.x,
                "range": panel.values.range,
                "tickvals": [position for position, _ in value_ticks],
                "ticktext": [label for _, label in value_ticks],
                "gridcolor": theme.GRID,
                "zeroline": False,
                "fixedrange": True,
                "tickfont": {"size": 11, "color": theme.MUTED},
            },
        }
    )
    unit = measure_named(panel.points[0].measure).label
    _note(
        figure,
        panel,
        f"<b>{population_label(panel.points[0].population)}</b>"
        f"  <span style='font-size:11px;color:{theme.MUTED}'>{unit}</span>",
        x=0,
        size=14,
    )
    if panel.crossing is not None:
        _note(figure, panel, _milestone_words(panel.crossing, panel.points[0].measure), x=1, size=11)


def _milestone_words(crossing: Crossing, measure: str) -> str:
    words = crossing.span if crossing.reached else crossing.status.replace("_", " ")
    return f"≥ {format_value(crossing.threshold, measure)}: {words}"


def _note(figure: go.Figure, panel: Panel, text: str, *, x: float, size: int) -> None:
    figure.add_annotation(
        text=text,
        xref=f"{panel.x} domain",
        yref=f"{panel.y} domain",
        x=x,
        y=1,
        xanchor="right" if x else "left",
        yanchor="bottom",
        yshift=4,
        showarrow=False,
        font={"size": size, "color": theme.MUTED if x else theme.INK},
    )
