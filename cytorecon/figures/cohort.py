"""All patients of a study together: one panel per population."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.axes import add_axes
from cytorecon.figures.backdrop import add_background
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import with_unit
from cytorecon.figures.grid import MARGIN_BOTTOM, MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, Grid
from cytorecon.figures.panel import Panel
from cytorecon.figures.points import Point, is_joined, is_switch
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.figures.valueaxis import value_axis

_LEGEND_PX: Final = 62
_WINDOW_ROW_PX: Final = 34
#: Up to this many patients the lines need not be faint to be read.
_FEW: Final = 8
#: An open marker is larger, so that it is seen to be open, px.
_OPEN_PX: Final = 4
_FEW_STYLE: Final[Mapping[str, Any]] = {
    "line": {"color": theme.FEW_PATIENTS_LINE, "width": 1.4},
    "marker": {"size": 5, "color": theme.FEW_PATIENTS_LINE},
}


@dataclass(frozen=True, slots=True)
class Middle:
    """A median or quartile: `value` is None when it lies below the LLOQ, and `text` says it."""

    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """One visit window of one population.

    Parameters
    ----------
    window : str
        Name of the window, e.g. ``day 100``.
    day : int
        Day it stands for.
    n : int
        Patients with a result in it.
    median, low, high : Middle or None
        Median and quartiles; None where there are too few patients.
    """

    window: str
    day: int
    n: int
    median: Middle | None = None
    low: Middle | None = None
    high: Middle | None = None


@dataclass(frozen=True, slots=True)
class CohortPanel:
    """One population of the cohort.

    Parameters
    ----------
    patients : mapping of str to tuple of Point
        Patient -> points, in order of the days.
    windows : tuple of WindowSummary
        In order of the days.
    """

    patients: Mapping[str, tuple[Point, ...]]
    windows: tuple[WindowSummary, ...] = ()


def cohort_figure(
    panels: Mapping[str, CohortPanel], axis: TimeAxis, *, highlight: str = "", columns: int = 2
) -> go.Figure:
    """Return the cohort figure: every patient a grey line, medians with quartiles in blue.

    Parameters
    ----------
    panels : mapping of str to CohortPanel
        Population -> what its panel shows.
    axis : TimeAxis
        Must reach over all points.
    highlight : str
        Patient drawn in colour; empty for none.
    columns : int
        Panels beside each other.
    """
    if not any(points for panel in panels.values() for points in panel.patients.values()):
        return theme.empty_figure("No results of this kind in this study.")
    grid = Grid(len(panels), columns, header_px=_LEGEND_PX, gap_px=66 + _WINDOW_ROW_PX)
    drawing = Drawing(theme.base_layout(height=grid.height_px + _WINDOW_ROW_PX, name="cohort"))
    margin = {"l": MARGIN_LEFT, "r": MARGIN_RIGHT, "t": MARGIN_TOP, "b": MARGIN_BOTTOM + _WINDOW_ROW_PX}
    drawing.layout.update(margin=margin)
    shown: set[str] = set()
    for index, cohort in enumerate(panels.values()):
        points = tuple(point for own in cohort.patients.values() for point in own)
        if not points:
            continue
        panel = Panel(index + 1, points, axis, value_axis(points))
        add_axes(drawing, panel, grid.cell(index), tick_spacing=0.07)
        add_background(drawing, panel)
        shown |= _add_patients(drawing, panel, cohort, highlight)
        shown |= _add_summary(drawing, panel, cohort.windows)
        _add_counts(drawing, panel, cohort.windows)
    _add_legend(drawing, shown, highlight)
    return drawing.figure()


_STYLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "patients": {"mode": "lines+markers", "line": {"color": theme.COHORT_LINE, "width": 1.2},
                 "marker": {"size": 4, "color": theme.COHORT_LINE}},
    "below": {"mode": "markers", "marker": {"symbol": "triangle-down-open", "size": 8, "color": theme.MUTED}},
    "review": {"mode": "markers", "marker": {"symbol": "circle-open", "size": 8, "color": theme.MUTED}},
    "method": {"mode": "markers", "marker": {"symbol": "diamond-tall-open", "size": 9, "color": theme.INK}},
    "quartiles": {"mode": "lines", "line": {"color": "rgba(0,114,178,0.3)", "width": 9}},
    "median": {"mode": "lines+markers", "line": {"color": theme.BLUE, "width": 2.6},
               "marker": {"symbol": "square", "size": 8, "color": theme.BLUE}},
    "highlight": {"mode": "lines+markers", "line": {"color": theme.VERMILLION, "width": 2.4},
                  "marker": {"symbol": "diamond", "size": 8, "color": theme.VERMILLION}},
}  # fmt: skip
_NAMES: Final = {
    "patients": "one patient",
    "below": "below LLOQ",
    "review": "needs a look",
    "method": "count method changes",
    "quartiles": "quartiles",
    "median": "median",
}


def _height(point: Point, panel: Panel) -> float | None:
    if point.state == "below_lloq":
        return panel.values.lloq_center
    return panel.values.position(point.value) if point.value is not None else None


def _add_patients(drawing: Drawing, panel: Panel, cohort: CohortPanel, highlight: str) -> set[str]:
    others = {patient: points for patient, points in cohort.patients.items() if patient != highlight}
    style = _STYLES["patients"] if len(others) > _FEW else {**_STYLES["patients"], **_FEW_STYLE}
    _add_lines(drawing, panel, others, "patients", style)
    below = [point for points in cohort.patients.values() for point in points if point.state == "below_lloq"]
    if below:
        _add(drawing, panel, "below", [panel.time.position(point.day) for point in below],
             [panel.values.lloq_center] * len(below), hoverinfo="skip")  # fmt: skip
    if highlight in cohort.patients:
        _add_lines(drawing, panel, {highlight: cohort.patients[highlight]}, "highlight", _STYLES["highlight"])
    drawn = [point for points in cohort.patients.values() for point in points]
    return {
        "patients",
        *(["below"] if below else []),
        *(["review"] if any(point.review and point.is_result for point in drawn) else []),
        *(["highlight"] if highlight in cohort.patients else []),
        *(["method"] if _add_switches(drawing, panel, cohort) else []),
    }


def _add_lines(
    drawing: Drawing,
    panel: Panel,
    patients: Mapping[str, Sequence[Point]],
    group: str,
    style: Mapping[str, Any],
) -> None:
    """Draw all `patients` as one trace; what needs a look is open."""
    places = [(patient, point) for patient, points in patients.items() for point in _line(points)]
    open_ones = [point is not None and bool(point.review) for _, point in places]
    symbol, size = style["marker"].get("symbol", "circle"), style["marker"]["size"]
    marker = {
        **style["marker"],
        "symbol": [f"{symbol}-open" if own else symbol for own in open_ones],
        "size": [size + _OPEN_PX if own else size for own in open_ones],
    }
    _add(
        drawing,
        panel,
        group,
        [None if point is None else panel.time.position(point.day) for _, point in places],
        [None if point is None else _height(point, panel) for _, point in places],
        hovertext=[f"<b>{patient}</b><br>{point.hover}" if point else "" for patient, point in places],
        hoverinfo="text",
        **{**style, "marker": marker},
    )


def _line(points: Sequence[Point]) -> Iterator[Point | None]:
    """Yield the points of one patient, with None where the line breaks: new count method, death, the end."""
    before: Point | None = None
    for point in points:
        if point.is_result:
            if before is not None and not is_joined(before, point):
                yield None
            before = point
        yield point
    yield None


def _add_switches(drawing: Drawing, panel: Panel, cohort: CohortPanel) -> bool:
    """Mark where the count method of a patient changes; return whether one does."""
    results = {
        name: [point for point in points if point.is_result] for name, points in cohort.patients.items()
    }
    after = [
        (name, point)
        for name, points in results.items()
        for before, point in pairwise(points)
        if is_switch(before, point)
    ]
    if after:
        _add(drawing, panel, "method", [panel.time.position(point.day) for _, point in after],
             [_height(point, panel) for _, point in after], hoverinfo="text",
             hovertext=[f"<b>{name}</b><br>{point.hover}" for name, point in after])  # fmt: skip
    return bool(after)


def _add_summary(drawing: Drawing, panel: Panel, windows: Sequence[WindowSummary]) -> set[str]:
    shown = set()
    bounds = [(window, window.low, window.high) for window in windows if window.low and window.high]
    if len(bounds) > 1:
        xs = [panel.time.position(window.day) for window, _, _ in bounds]
        lows = [_middle_height(low, panel) for _, low, _ in bounds]
        highs = [_middle_height(high, panel) for _, _, high in bounds]
        _add(drawing, panel, "quartiles", xs + xs[::-1], lows + highs[::-1], mode="lines", line={"width": 0},
             fill="toself", fillcolor=theme.QUARTILE_BAND, hoverinfo="skip")  # fmt: skip
        shown.add("quartiles")
    medians = [(window, window.median) for window in windows if window.median]
    if medians:
        measure = panel.points[0].measure
        _add(drawing, panel, "median", [panel.time.position(window.day) for window, _ in medians],
             [_middle_height(median, panel) for _, median in medians],
             hovertext=[_median_hover(window, measure) for window, _ in medians],
             hoverinfo="text")  # fmt: skip
        shown.add("median")
    return shown


def _middle_height(middle: Middle, panel: Panel) -> float:
    return panel.values.lloq_center if middle.value is None else panel.values.position(middle.value)


def _median_hover(window: WindowSummary, measure: str) -> str:
    lines = [f"<b>{window.window}</b>"]
    if window.median is not None:
        lines.append(f"median {with_unit(window.median.text, measure)}")
    if window.low is not None and window.high is not None:
        lines.append(f"quartiles {with_unit(f'{window.low.text} to {window.high.text}', measure)}")
    return "<br>".join([*lines, f"n = {window.n}"])


def _add_counts(drawing: Drawing, panel: Panel, windows: Sequence[WindowSummary]) -> None:
    """Write the number of patients per window under the axis, where there is room."""
    low, high = panel.time.range
    last = float("-inf")
    for window in windows:
        position = panel.time.position(window.day)
        if not low <= position <= high or position - last < 0.055 * (high - low):
            continue
        last = position
        _add_note(drawing, panel, str(window.n), x=position, xref=panel.x, xanchor="center")
    if windows:
        _add_note(drawing, panel, "n", x=0, xref=f"{panel.x} domain", xanchor="right", xshift=-8)


def _add_note(drawing: Drawing, panel: Panel, text: str, **place: object) -> None:
    drawing.note(text=text, yref=f"{panel.y} domain", y=0, yanchor="top", yshift=-22,
                          showarrow=False, font={"size": 10.5, "color": theme.MUTED}, **place)  # fmt: skip


def _add(
    drawing: Drawing,
    panel: Panel,
    group: str,
    xs: Sequence[float | None],
    ys: Sequence[float | None],
    **style: object,
) -> None:
    drawing.scatter(
        x=list(xs),
        y=list(ys),
        xaxis=panel.x,
        yaxis=panel.y,
        legendgroup=group,
        showlegend=False,
        **{**_STYLES[group], **style},
    )


def _add_legend(drawing: Drawing, shown: set[str], highlight: str) -> None:
    for group, style in _STYLES.items():
        if group in shown:
            drawing.scatter(
                x=[None], y=[None], name=_NAMES.get(group, f"patient {highlight}"), legendgroup=group, **style
            )
    drawing.layout.update(
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "top", "itemsizing": "trace"}
    )
