"""The recovery of one patient on paper: lanes of events above small multiples on one time axis.

The same marks as in the figure of the dashboard, so that a reader learns them once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Final

from cytorecon.figures import theme
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.format import measure_named, population_label
from cytorecon.figures.lanes import Placed, SampleMark, event_label, place_events, row_count
from cytorecon.figures.paper.panel import PaperPanel, add_panel
from cytorecon.figures.paper.svg import Svg
from cytorecon.figures.points import Point
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.figures.valueaxis import value_axis
from cytorecon.study.model import ClinicalEvent

_WIDTH: Final = 720.0
_LEFT, _RIGHT = 42.0, 6.0
_GAP_X, _GAP_Y = 40.0, 34.0
_LANE: Final = 13.0
_LANES_LEFT: Final = 52.0
_LEGEND: Final = 16.0
#: Characters of an event's label; the whole of it stands in the list of events.
_LONGEST_LABEL: Final = 60
#: Words of the legend with the room they need, px.
_KEYS: Final = (
    ("result, 95 % interval", 112),
    ("needs a look", 78),
    ("below LLOQ", 72),
    ("no result", 60),
    ("count method changes", 116),
    ("reference at this age", 110),
    ("milestone threshold, first visit above", 150),
)


def recovery_svg(
    points: Mapping[str, Sequence[Point]],
    axis: TimeAxis,
    *,
    events: Sequence[ClinicalEvent] = (),
    samples: Sequence[SampleMark] = (),
    milestones: Mapping[str, Crossing] | None = None,
    columns: int = 3,
    panel_height: float = 96.0,
) -> str:
    """Return the figure as SVG, 720 px wide.

    Parameters
    ----------
    points : mapping of str to sequence of Point
        Population -> points of one patient, in the order of the panels; each population may have
        a measure of its own, which its panel names. At least one.
    axis : TimeAxis
        Must reach over all points, events and samples.
    events : sequence of ClinicalEvent
        Of this patient.
    samples : sequence of SampleMark
        Tubes of this patient.
    milestones : mapping of str to Crossing, optional
        Population -> the milestone drawn in its panel.
    columns : int
        Panels beside each other.
    panel_height : float
        Height of a panel, px.
    """
    placed = place_events(events, axis)
    lanes = _LANE * row_count(placed)
    rows = math.ceil(len(points) / columns)
    top = lanes + _LEGEND + 24
    svg = Svg(_WIDTH, top + rows * panel_height + (rows - 1) * _GAP_Y + 16)
    _add_lanes(svg, placed, samples, axis, height=lanes)
    _add_legend(svg, lanes + 15)
    width = (_WIDTH - _LEFT - _RIGHT - (columns - 1) * _GAP_X) / columns
    for index, (population, own) in enumerate(points.items()):
        crossing = (milestones or {}).get(population)
        values = value_axis(own, limits=(crossing.threshold,) if crossing is not None else ())
        title = f"{population_label(population)}, {measure_named(own[0].measure).label}"
        place = (
            _LEFT + (index % columns) * (width + _GAP_X),
            top + (index // columns) * (panel_height + _GAP_Y),
        )
        panel = PaperPanel(title, tuple(own), axis, values, crossing, place, (width, panel_height))
        add_panel(svg, panel)
    return svg.markup(title="Recovery over time; the numbers stand in the tables of this report")


def _add_lanes(
    svg: Svg, placed: Sequence[Placed], samples: Sequence[SampleMark], axis: TimeAxis, *, height: float
) -> None:
    low, high = axis.range
    span = _WIDTH - _LANES_LEFT - _RIGHT

    def x(position: float) -> float:
        return _LANES_LEFT + (position - low) / (high - low) * span

    for position, _ in axis.ticks(0.045):
        svg.line((x(position), 0), (x(position), height), stroke=theme.GRID)
    for label, row in _lane_rows(placed):
        svg.text(_LANES_LEFT - 5, _LANE * row + 9.5, label, size=8, anchor="end", fill=theme.MUTED)
    for item in placed:
        _add_event(svg, item, x(item.start), x(item.end))
    y = _LANE * (row_count(placed) - 0.5)
    for sample in samples:
        _add_sample(svg, sample, x(axis.position(sample.day)), y)


def _lane_rows(placed: Sequence[Placed]) -> list[tuple[str, float]]:
    rows: dict[str, list[int]] = {}
    for item in placed:
        rows.setdefault(item.lane.label, []).append(item.row)
    labels = [(label, (min(own) + max(own)) / 2) for label, own in rows.items()]
    return [*labels, ("Samples", float(row_count(placed) - 1))]


def _add_event(svg: Svg, item: Placed, start: float, end: float) -> None:
    y = _LANE * item.row
    if end > start:
        svg.rect(start, y + 1.5, end - start, _LANE - 3, fill=item.lane.colour, fill_opacity=0.5,
                 stroke=item.lane.colour, stroke_width=0.6)  # fmt: skip
    else:
        middle = y + _LANE / 2
        diamond = [(start - 4, middle), (start, middle - 4), (start + 4, middle), (start, middle + 4)]
        svg.path(diamond, closed=True, fill=item.lane.colour)
    shift = 3 if end > start else 6
    x, anchor = (start - shift, "end") if item.label_left else (start + shift, "start")
    label = shorten(event_label(item.event), width=_LONGEST_LABEL, placeholder=" …")
    svg.text(x, y + 9.5, label, size=8, anchor="end" if anchor == "end" else "start", fill=theme.INK)


def _add_sample(svg: Svg, sample: SampleMark, x: float, y: float) -> None:
    if sample.state == "failed":
        svg.cross((x, y), 3, stroke=theme.VERMILLION, stroke_width=1.4)
    elif sample.state == "review":
        svg.line((x, y - 2), (x, y + 2), stroke=theme.INK, stroke_width=1.4)
        svg.circle((x, y), 4.2, fill="none", stroke=theme.VERMILLION, stroke_width=1.1)
    else:
        svg.line((x, y - 4), (x, y + 4), stroke=theme.INK, stroke_width=1.4)


def _add_legend(svg: Svg, y: float) -> None:
    x = 8.0
    middle = y - 3
    for number, (words, room) in enumerate(_KEYS):
        _add_key(svg, number, x, middle)
        svg.text(x + 10, y, words, size=7.5, fill=theme.MUTED)
        x += room - 8


def _add_key(svg: Svg, number: int, x: float, y: float) -> None:
    if number == 0:
        svg.line((x, y - 5), (x, y + 5), stroke=theme.PATIENT)
        svg.circle((x, y), 2.6, fill=theme.PATIENT)
    elif number == 1:
        svg.circle((x, y), 4.2, fill="none", stroke=theme.VERMILLION, stroke_width=1.1)
    elif number == 2:
        svg.path([(x - 3.5, y - 3), (x + 3.5, y - 3), (x, y + 3)], closed=True, fill="white",
                 stroke=theme.PATIENT)  # fmt: skip
    elif number == 3:
        svg.cross((x, y), 2.6, stroke=theme.INK, stroke_width=1.2)
    elif number == 4:
        svg.path([(x - 2.5, y), (x, y - 4.5), (x + 2.5, y), (x, y + 4.5)], closed=True, fill="none",
                 stroke=theme.INK)  # fmt: skip
    elif number == 5:
        svg.rect(x - 4, y - 4, 8, 8, fill=theme.GREEN, fill_opacity=0.15)
    else:
        svg.line((x - 5, y), (x + 5, y), stroke=theme.INK, stroke_dasharray="3 2")
        svg.rect(x - 3, y - 3, 6, 6, fill="none", stroke=theme.INK)
