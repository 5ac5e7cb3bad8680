"""What lies behind a curve: clinical events, the LLOQ strip, reference band and milestone."""

from __future__ import annotations

from typing import Final

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.panel import Panel, add_trace


def add_background(drawing: Drawing, panel: Panel) -> None:
    """Draw clinical events and the strip for results below the LLOQ."""
    axes = {"xref": panel.x, "yref": f"{panel.y} domain"}
    for band in panel.bands:
        if band.end > band.start:
            drawing.shape(
                type="rect",
                x0=band.start,
                x1=band.end,
                y0=0,
                y1=1,
                layer="below",
                line_width=0,
                fillcolor=theme.with_alpha(band.colour, 0.12),
                **axes,
            )
        else:
            drawing.shape(
                type="line",
                x0=band.start,
                x1=band.start,
                y0=0,
                y1=1,
                layer="below",
                line={"color": band.colour, "width": 1, "dash": "dot"},
                **axes,
            )
    if panel.values.strip is not None:
        drawing.shape(
            type="rect",
            xref=f"{panel.x} domain",
            yref=panel.y,
            x0=0,
            x1=1,
            y0=panel.values.strip[0],
            y1=panel.values.strip[1],
            fillcolor=theme.STRIP,
            line_width=0,
            layer="below",
        )


def add_reference(drawing: Drawing, panel: Panel) -> bool:
    """Draw the reference band; return whether there is one."""
    marked = [(panel.time.position(point.day), point.reference) for point in panel.points if point.reference]
    if not marked:
        return False
    low, high = panel.time.range
    half = 0.012 * (high - low)
    if len({position for position, _ in marked}) == 1:
        # one visit has no width: show its interval as a narrow bar
        marked = [(marked[0][0] - half, marked[0][1]), (marked[0][0] + half, marked[0][1])]
    xs = [position for position, _ in marked]
    lows = [panel.values.position(reference.low) for _, reference in marked]
    highs = [panel.values.position(reference.high) for _, reference in marked]
    add_trace(
        drawing,
        panel,
        "reference",
        xs + xs[::-1],
        lows + highs[::-1],
        mode="lines",
        fill="toself",
        fillcolor=theme.REFERENCE_BAND,
        line={"width": 0},
        hoverinfo="skip",
    )
    return True


def add_milestone(drawing: Drawing, panel: Panel) -> bool:
    """Draw the threshold and the interval in which it was crossed; return whether there is one."""
    crossing = panel.crossing
    if crossing is None:
        return False
    level = panel.values.position(crossing.threshold)
    add_trace(
        drawing,
        panel,
        "threshold",
        list(panel.time.range),
        [level, level],
        mode="lines",
        hoverinfo="skip",
        line={"color": theme.MILESTONE, "width": 1.2, "dash": "dash"},
    )
    if crossing.by_day is not None:
        # with no earlier visit the crossing may lie anywhere before this one
        after = crossing.after_day
        start = panel.time.range[0] if after is None else panel.time.position(after)
        _add_interval(drawing, panel, (start, panel.time.position(crossing.by_day)), level)
    return True


def _add_interval(drawing: Drawing, panel: Panel, span: tuple[float, float], level: float) -> None:
    """Hatch the time in which the threshold was crossed, and draw it as a bar at the threshold."""
    start, end = span
    bottom = panel.values.strip[1] if panel.values.strip else panel.values.low
    add_trace(
        drawing,
        panel,
        "interval",
        [start, end, end, start],
        [bottom, bottom, panel.values.high, panel.values.high],
        mode="lines",
        fill="toself",
        fillcolor="rgba(0,0,0,0)",
        fillpattern={"shape": "/", "fgcolor": theme.MILESTONE_HATCH, "size": 9, "solidity": 0.12},
        line={"width": 0},
        hoverinfo="skip",
    )
    add_trace(
        drawing,
        panel,
        "interval",
        [start, end],
        [level, level],
        mode="lines",
        line={"color": theme.MILESTONE, "width": 4},
        hoverinfo="skip",
    )


_VISIT: Final = {
    "star": {"symbol": "star", "size": 23, "color": theme.YELLOW, "line": {"color": theme.INK, "width": 1}},
    "met": {"symbol": "square-open", "size": 17, "color": theme.MILESTONE, "line": {"width": 1.6}},
}


def add_first_visit(drawing: Drawing, panel: Panel) -> str:
    """Mark the first visit at or above the threshold, by a star when it was certainly in time.

    Returns
    -------
    str
        Its legend group; empty when that visit is not among the points.
    """
    crossing = panel.crossing
    if crossing is None or crossing.by_day is None:
        return ""
    group = "star" if crossing.in_time else "met"
    at = [point for point in panel.points if point.day == crossing.by_day and point.value is not None]
    for point in at[:1]:
        add_trace(
            drawing,
            panel,
            group,
            [panel.time.position(point.day)],
            [panel.values.position(point.value or 0.0)],
            mode="markers",
            hoverinfo="skip",
            marker=_VISIT[group],
        )
    return group if at else ""
