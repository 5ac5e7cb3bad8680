"""One panel of the figure on paper: one population against time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cytorecon.figures import theme
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.marks import height_of, segments
from cytorecon.figures.panel import Panel
from cytorecon.figures.paper.svg import XY, Svg
from cytorecon.figures.points import Point
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.figures.valueaxis import ValueAxis

#: Least room between two labels of the value axis, px.
_TICK_ROOM: Final = 9.0


@dataclass(frozen=True, slots=True)
class PaperPanel:
    """What a panel shows, and where it lies on the drawing.

    Parameters
    ----------
    title : str
        Population and unit.
    points : tuple of Point
        In order of the days.
    time, values : TimeAxis, ValueAxis
        Its axes.
    crossing : Crossing or None
        Milestone that is drawn.
    place : tuple of float
        Left and upper end, px.
    size : tuple of float
        Width and height, px.
    """

    title: str
    points: tuple[Point, ...]
    time: TimeAxis
    values: ValueAxis
    crossing: Crossing | None
    place: XY
    size: XY

    def at(self, time: float, value: float) -> XY:
        """Return where a position of both axes lies on the drawing, px."""
        return self.x(time), self.y(value)

    def x(self, time: float) -> float:
        """Return where a position on the time axis lies, px."""
        low, high = self.time.range
        return self.place[0] + (time - low) / (high - low) * self.size[0]

    def y(self, value: float) -> float:
        """Return where a position on the value axis lies, px; what is outside lies on the edge."""
        low, high = self.values.range
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return self.place[1] + (1 - share) * self.size[1]


def add_panel(svg: Svg, panel: PaperPanel) -> None:
    """Draw `panel` on `svg`."""
    _add_frame(svg, panel)
    _add_reference(svg, panel)
    _add_milestone(svg, panel)
    _add_curve(svg, panel)
    for point in panel.points:
        _add_point(svg, panel, point)
    _add_method_changes(svg, panel)


def _add_frame(svg: Svg, panel: PaperPanel) -> None:
    (left, top), (width, height) = panel.place, panel.size
    if panel.values.strip is not None:
        low, high = panel.values.strip
        svg.rect(left, panel.y(high), width, panel.y(low) - panel.y(high), fill=theme.STRIP)
    last = float("inf")
    for position, label in panel.values.ticks():
        y = panel.y(position)
        if last - y >= _TICK_ROOM:
            svg.line((left, y), (left + width, y), stroke=theme.GRID, stroke_width=0.6)
            svg.text(left - 4, y + 2.7, label, size=7.5, anchor="end", fill=theme.MUTED)
            last = y
    for position, label in panel.time.ticks(0.13):
        x = panel.x(position)
        svg.line((x, top), (x, top + height), stroke=theme.GRID, stroke_width=0.6)
        svg.text(x, top + height + 10, label, size=7.5, anchor="middle", fill=theme.MUTED)
    svg.rect(left, top, width, height, fill="none", stroke=theme.FRAME)
    svg.text(left, top - 5, panel.title, size=9.5, font_weight="bold", fill=theme.INK)


def _add_reference(svg: Svg, panel: PaperPanel) -> None:
    marked = [(panel.time.position(point.day), point.reference) for point in panel.points if point.reference]
    if not marked:
        return
    if len({position for position, _ in marked}) == 1:
        # one visit has no width: show its interval as a narrow bar
        low, high = panel.time.range
        half = 0.012 * (high - low)
        marked = [(marked[0][0] - half, marked[0][1]), (marked[0][0] + half, marked[0][1])]
    lower = [panel.at(position, panel.values.position(limits.low)) for position, limits in marked]
    upper = [panel.at(position, panel.values.position(limits.high)) for position, limits in marked]
    svg.path([*lower, *reversed(upper)], closed=True, fill=theme.GREEN, fill_opacity=0.13)


def _add_milestone(svg: Svg, panel: PaperPanel) -> None:
    crossing = panel.crossing
    if crossing is None:
        return
    level = panel.y(panel.values.position(crossing.threshold))
    left, width = panel.place[0], panel.size[0]
    svg.line((left, level), (left + width, level), stroke=theme.MILESTONE, stroke_dasharray="3 2",
             stroke_width=0.9)  # fmt: skip
    if crossing.by_day is None:
        return
    after = panel.time.range[0] if crossing.after_day is None else panel.time.position(crossing.after_day)
    start, end = panel.x(after), panel.x(panel.time.position(crossing.by_day))
    svg.line((start, level), (end, level), stroke=theme.MILESTONE, stroke_width=2.6)
    for point in panel.points:
        if point.day == crossing.by_day and point.value is not None:
            x, y = panel.at(panel.time.position(point.day), panel.values.position(point.value))
            svg.rect(x - 5.5, y - 5.5, 11, 11, fill="none", stroke=theme.MILESTONE, stroke_width=1.1)
            break


def _add_curve(svg: Svg, panel: PaperPanel) -> None:
    solid, dotted = segments(Panel(1, panel.points, panel.time, panel.values))
    for (xs, ys), dash in ((solid, "none"), (dotted, "2 2")):
        piece: list[XY] = []
        for time, value in zip(xs, ys, strict=True):
            if time is not None and value is not None:
                piece.append(panel.at(time, value))
                continue
            svg.path(piece, fill="none", stroke=theme.PATIENT, stroke_width=1.3, stroke_dasharray=dash)
            piece = []


def _add_point(svg: Svg, panel: PaperPanel, point: Point) -> None:
    time = panel.time.position(point.day)
    height = height_of(point, panel.values) if point.is_result else None
    if height is None:
        svg.cross(panel.at(time, panel.values.missing_center), 2.6, stroke=theme.INK, stroke_width=1.2)
        return
    x, y = panel.at(time, height)
    if point.state == "below_lloq":
        if point.lloq is not None:
            svg.line((x, y), (x, panel.y(panel.values.position(point.lloq))), stroke=theme.MUTED)
        svg.path([(x - 3.5, y - 3), (x + 3.5, y - 3), (x, y + 3)], closed=True, fill="white",
                 stroke=theme.PATIENT, stroke_width=1.2)  # fmt: skip
    else:
        for bound in (point.low, point.high):
            if bound is not None:
                svg.line((x, y), (x, panel.y(panel.values.position(bound))), stroke=theme.PATIENT)
        svg.circle((x, y), 2.6, fill="white" if point.review else theme.PATIENT, stroke=theme.PATIENT)
    if point.review:
        svg.circle((x, y), 5.2, fill="none", stroke=theme.VERMILLION, stroke_width=1.1)


def _add_method_changes(svg: Svg, panel: PaperPanel) -> None:
    counted = [point for point in panel.points if point.is_result]
    for before, after in pairwise(counted):
        if after.method_switch:
            x = panel.x((panel.time.position(before.day) + panel.time.position(after.day)) / 2)
            y = panel.place[1] + 7
            svg.path([(x - 2.5, y), (x, y - 4.5), (x + 2.5, y), (x, y + 4.5)], closed=True, fill="white",
                     stroke=theme.INK)  # fmt: skip
