"""Axes and title of one panel."""

from __future__ import annotations

from cytorecon.figures import theme
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import format_number, measure_named, population_label
from cytorecon.figures.grid import Cell
from cytorecon.figures.panel import Panel


def add_axes(drawing: Drawing, panel: Panel, cell: Cell, tick_spacing: float) -> None:
    """Place the axes of `panel` in `cell` and write its title; `tick_spacing` is a share of the width."""
    time_ticks, value_ticks = panel.time.ticks(tick_spacing), panel.values.ticks()
    drawing.layout.update(
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
    _add_words(drawing, panel)


def _add_words(drawing: Drawing, panel: Panel) -> None:
    """Write the population, its milestone, and the unit over the value axis."""
    measure = measure_named(panel.points[0].measure)
    whole = measure.label.removeprefix(measure.unit) if measure.unit == "%" else ""
    small = f"font-size:11px;color:{theme.MUTED}"
    title = f"<b>{population_label(panel.points[0].population)}</b><span style='{small}'>{whole}</span>"
    _note(drawing, panel, title, x=0, size=14)
    _note(drawing, panel, measure.unit, x=0, size=10, xanchor="right", xshift=-4)
    if panel.crossing is not None:
        _note(drawing, panel, _milestone_words(panel.crossing, measure.name), x=1, size=11, xanchor="right")


def _milestone_words(crossing: Crossing, measure: str) -> str:
    sign = "≥" if crossing.rule.startswith("≥") else ">"
    words = [f"{sign} {format_number(crossing.threshold, measure)}: {crossing.words}", _standing(crossing)]
    words += ["▲ with caution"] if crossing.caution else []
    return ", ".join(filter(None, words))


def _standing(crossing: Crossing) -> str:
    """Return how a milestone that was reached stands, without its shape; empty without a deadline."""
    words = crossing.mark.partition(" ")[2]
    return words.removeprefix("reached").removeprefix(",").strip() if crossing.reached else ""


def _note(
    drawing: Drawing,
    panel: Panel,
    text: str,
    *,
    x: float,
    size: float,
    xanchor: str = "left",
    xshift: float = 0,
) -> None:
    drawing.note(
        text=text,
        xref=f"{panel.x} domain",
        yref=f"{panel.y} domain",
        x=x,
        y=1,
        xanchor=xanchor,
        xshift=xshift,
        yanchor="bottom",
        yshift=4,
        font={"size": size, "color": theme.INK if size > 12 else theme.MUTED},
    )
