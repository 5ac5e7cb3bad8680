"""The curve of one panel: results with intervals, and marks for what is not a plain number."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import format_method
from cytorecon.figures.panel import Panel, add_trace
from cytorecon.figures.points import Point, is_joined, is_switch
from cytorecon.figures.valueaxis import ValueAxis


def add_measured(drawing: Drawing, panel: Panel) -> bool:
    """Draw the curve and the measured points; return whether there are any."""
    solid, dotted = segments(panel)
    for (xs, ys), dash, width, alpha in ((solid, "solid", 2, 1.0), (dotted, "dot", 1.3, 0.7)):
        if xs:
            add_trace(
                drawing,
                panel,
                "measured",
                xs,
                ys,
                mode="lines",
                hoverinfo="skip",
                line={"color": theme.with_alpha(theme.PATIENT, alpha), "width": width, "dash": dash},
            )
    for review in (False, True):
        own = [point for point in panel.points if point.state == "measured" and bool(point.review) == review]
        if not own:
            continue
        heights = [panel.values.position(point.value or 0.0) for point in own]
        add_trace(
            drawing,
            panel,
            "measured",
            [panel.time.position(point.day) for point in own],
            heights,
            mode="markers",
            hovertext=[point.hover for point in own],
            hoverinfo="text",
            marker={
                "size": 8,
                "color": "white" if review else theme.PATIENT,
                "line": {"width": 2 if review else 1, "color": theme.PATIENT if review else "white"},
            },
            error_y=_error_bars(own, heights, panel.values),
        )
    return any(point.state == "measured" for point in panel.points)


def _error_bars(points: Sequence[Point], heights: Sequence[float], values: ValueAxis) -> dict[str, object]:
    up = [
        values.position(point.high) - height if point.high is not None else 0.0
        for point, height in zip(points, heights, strict=True)
    ]
    down = [
        height - values.position(point.low) if point.low is not None else 0.0
        for point, height in zip(points, heights, strict=True)
    ]
    return {
        "type": "data",
        "array": up,
        "arrayminus": down,
        "thickness": 1.1,
        "width": 0,
        "color": theme.with_alpha(theme.PATIENT, 0.75),
    }


def add_censored(drawing: Drawing, panel: Panel) -> bool:
    """Draw results below the LLOQ in their strip, each with a line up to its LLOQ."""
    own = [point for point in panel.points if point.state == "below_lloq"]
    if not own:
        return False
    center = panel.values.lloq_center
    reach = [
        max(0.0, panel.values.position(point.lloq) - center) if point.lloq is not None else 0.0
        for point in own
    ]
    add_trace(
        drawing,
        panel,
        "below",
        [panel.time.position(point.day) for point in own],
        [center] * len(own),
        mode="markers",
        hovertext=[point.hover for point in own],
        hoverinfo="text",
        marker={"symbol": "triangle-down-open", "size": 10, "color": theme.PATIENT, "line": {"width": 1.8}},
        error_y={
            "type": "data",
            "array": reach,
            "arrayminus": [0.0] * len(own),
            "thickness": 1,
            "width": 4,
            "color": theme.with_alpha(theme.MUTED, 0.8),
        },
    )
    return True


def add_missing(drawing: Drawing, panel: Panel) -> bool:
    """Mark tubes without a result on the lowest row."""
    own = [point for point in panel.points if point.state in ("not_evaluable", "no_count")]
    if own:
        add_trace(
            drawing,
            panel,
            "missing",
            [panel.time.position(point.day) for point in own],
            [panel.values.missing_center] * len(own),
            mode="markers",
            hovertext=[point.hover for point in own],
            hoverinfo="text",
            marker={"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": theme.INK}},
        )
    return bool(own)


def add_rings(drawing: Drawing, panel: Panel) -> bool:
    """Put a ring around every result that needs a look."""
    own = [point for point in panel.points if point.review and point.is_result]
    if own:
        add_trace(
            drawing,
            panel,
            "review",
            [panel.time.position(point.day) for point in own],
            [height for point in own if (height := height_of(point, panel.values)) is not None],
            mode="markers",
            hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 17, "color": theme.VERMILLION, "line": {"width": 1.4}},
        )
    return bool(own)


def add_method_changes(drawing: Drawing, panel: Panel) -> bool:
    """Mark where the count method changes between two visits."""
    counted = [point for point in panel.points if point.is_result]
    changes = [(before, after) for before, after in pairwise(counted) if is_switch(before, after)]
    if changes:
        middle = [
            (panel.time.position(before.day) + panel.time.position(after.day)) / 2
            for before, after in changes
        ]
        words = [
            f"count method changes: {format_method(before.method)} → {format_method(after.method)}"
            for before, after in changes
        ]
        height = panel.values.high - 0.05 * (panel.values.range[1] - panel.values.range[0])
        add_trace(
            drawing,
            panel,
            "method",
            middle,
            [height] * len(middle),
            mode="markers",
            hovertext=words,
            hoverinfo="text",
            marker={"symbol": "diamond-tall-open", "size": 11, "color": theme.INK},
        )
    return bool(changes)


def height_of(point: Point, values: ValueAxis) -> float | None:
    """Return where a point lies on the value axis; None for one without a result.

    Parameters
    ----------
    point : Point
        Of the panel.
    values : ValueAxis
        Of the panel.
    """
    if point.state == "below_lloq":
        return values.lloq_center
    return values.position(point.value) if point.value is not None else None


Path = tuple[list[float | None], list[float | None]]


def segments(panel: Panel) -> tuple[Path, Path]:
    """Return the solid and the dotted part of the curve, each with None between pieces.

    Dotted: one end is below the LLOQ, or a visit between gave no result. Not joined at all: results of
    two count methods, and results after death.

    Parameters
    ----------
    panel : Panel
        With its points in order of the days.
    """
    solid: Path = ([], [])
    dotted: Path = ([], [])
    before: Point | None = None
    gap = False
    for point in panel.points:
        height = height_of(point, panel.values)
        if height is None:
            gap = True
            continue
        if before is not None and is_joined(before, point):
            same = before.state == point.state == "measured"
            xs, ys = solid if same and not gap else dotted
            xs += [panel.time.position(before.day), panel.time.position(point.day), None]
            ys += [height_of(before, panel.values), height, None]
        before, gap = point, False
    return solid, dotted
