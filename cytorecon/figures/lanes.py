"""Lanes of clinical events and samples above the trajectories, on the same time axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import format_day
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.study.model import ClinicalEvent

#: Height of one row of a lane, px.
ROW_PX: Final = 23
#: Widths that keep labels apart on the narrowest page (plot area about 640 px).
_CHARACTER_SHARE: Final = 6.6 / 640
_GAP_SHARE: Final = 14 / 640

SampleState = Literal["done", "review", "failed"]


@dataclass(frozen=True, slots=True)
class SampleMark:
    """One tube on the samples lane."""

    tube: str
    day: int
    state: SampleState
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """How the events of one lane of ``knowledge/event_kinds.yaml`` are drawn."""

    name: str
    label: str
    colour: str


#: From top to bottom.
LANES: Final = (
    Lane("gvhd", "GVHD", theme.ORANGE),
    Lane("infection", "Infection", theme.PURPLE),
    Lane("treatment", "Treatment", theme.SKY_BLUE),
    Lane("infusion", "Graft", theme.GREEN),
    Lane("course", "Course", theme.VERMILLION),
)
_MARKS: Final = {
    "done": ("line-ns", theme.INK, 13, "analysed"),
    # as the legend has it; a diamond is a change of count method
    "review": ("circle-open-dot", theme.VERMILLION, 12, "analysed, needs a look"),
    "failed": ("x-thin", theme.VERMILLION, 9, "failed"),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """An event with the row it is drawn in and the side its label is on."""

    event: ClinicalEvent
    lane: Lane
    row: int
    start: float
    end: float
    label_left: bool


@cache
def _event_kinds() -> EventKinds:
    # read once: it is asked for every event, and the packaged file does not change
    return load_event_kinds()


def lane_of(kind: str) -> Lane:
    """Return the lane in which events of `kind` are drawn.

    Raises
    ------
    KnowledgeError
        If ``event_kinds.yaml`` has no such kind.

    Examples
    --------
    >>> lane_of("gvhd_acute").label, lane_of("dli").label, lane_of("cmv").label
    ('GVHD', 'Graft', 'Infection')
    """
    name = _event_kinds().find(kind).lane
    return next((lane for lane in LANES if lane.name == name), Lane(name, name.capitalize(), theme.MUTED))


def place_events(events: Sequence[ClinicalEvent], axis: TimeAxis) -> tuple[Placed, ...]:
    """Give every event a row such that neither bars nor labels overlap.

    Parameters
    ----------
    events : sequence of ClinicalEvent
        Of one patient.
    axis : TimeAxis
        Positions of days.
    """
    placed: list[Placed] = []
    row = 0
    for lane in dict.fromkeys((*LANES, *(lane_of(event.kind) for event in events))):
        own = sorted(
            (event for event in events if lane_of(event.kind) == lane), key=lambda event: event.start_day
        )
        occupied: list[list[tuple[float, float]]] = []
        for event in own:
            start, end = _extent(event, axis)
            left, right, label_left = _with_label(event, start, end, axis)
            level = _free_level(occupied, left, right)
            occupied[level].append((left, right))
            placed.append(Placed(event, lane, row + level, start, end, label_left))
        row += len(occupied)
    return tuple(placed)


def _extent(event: ClinicalEvent, axis: TimeAxis) -> tuple[float, float]:
    low, high = axis.range
    start = min(max(axis.position(event.start_day), low), high)
    if event.ongoing:
        return start, high
    last_day = event.start_day if event.end_day is None else event.end_day
    return start, min(max(axis.position(last_day), start), high)


def _with_label(event: ClinicalEvent, start: float, end: float, axis: TimeAxis) -> tuple[float, float, bool]:
    low, high = axis.range
    width = (high - low) * (_CHARACTER_SHARE * len(event_label(event)) + _GAP_SHARE)
    if start + width <= high or start - width < low:
        return start, max(end, start + width), False
    return start - width, end, True


def _free_level(occupied: list[list[tuple[float, float]]], left: float, right: float) -> int:
    for level, taken in enumerate(occupied):
        if all(right <= begin or left >= finish for begin, finish in taken):
            return level
    occupied.append([])
    return len(occupied) - 1


def kind_name(kind: str) -> str:
    """Return what a kind of event is called, e.g. ``acute GVHD``."""
    return _event_kinds().find(kind).name


def event_label(event: ClinicalEvent) -> str:
    """Return the text of an event on its lane: its label, else its kind in words."""
    return event.label or kind_name(event.kind)


def row_count(placed: Iterable[Placed]) -> int:
    """Return the rows that events and the samples lane need together."""
    return max((item.row for item in placed), default=-1) + 2


def add_lanes(
    drawing: Drawing,
    placed: Sequence[Placed],
    samples: Sequence[SampleMark],
    axis: TimeAxis,
    *,
    bottom: float,
) -> None:
    """Draw events and samples on the axes ``x`` and ``y`` of `drawing`.

    Parameters
    ----------
    drawing : Drawing
        Is added to.
    placed : sequence of Placed
        From :func:`place_events`.
    samples : sequence of SampleMark
        Tubes of the patient.
    axis : TimeAxis
        Shared time axis.
    bottom : float
        Paper height of the lower end of the lanes; they reach up to the top.
    """
    for item in placed:
        _add_bar(drawing, item)
    rows = row_count(placed)
    for state, (symbol, colour, size, words) in _MARKS.items():
        own = [sample for sample in samples if sample.state == state]
        drawing.scatter(
            x=[axis.position(sample.day) for sample in own],
            y=[rows - 1] * len(own),
            mode="markers",
            marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 1.8, "color": colour}},
            hovertext=[_sample_hover(sample, words) for sample in own],
            hoverinfo="text",
            showlegend=False,
        )
    drawing.layout.update(xaxis=_time_axis(axis), yaxis={**_lane_axis(placed, rows), "domain": (bottom, 1)})


def _sample_hover(sample: SampleMark, words: str) -> str:
    note = f"<br>{sample.note}" if sample.note else ""
    return f"<b>tube {sample.tube}</b><br>day {format_day(sample.day)}<br>{words}{note}"


def _time_axis(axis: TimeAxis) -> dict[str, object]:
    ticks = axis.ticks(0.045)
    return {
        "domain": (0, 1),
        "anchor": "y",
        "range": axis.range,
        "tickvals": [position for position, _ in ticks],
        "ticktext": [label for _, label in ticks],
        "gridcolor": theme.GRID,
        "zeroline": False,
        "tickfont": {"size": 11, "color": theme.MUTED},
    }


def _lane_axis(placed: Sequence[Placed], rows: int) -> dict[str, object]:
    labels: dict[str, list[int]] = {}
    for item in placed:
        labels.setdefault(item.lane.label, []).append(item.row)
    ticks = [((min(own) + max(own)) / 2, label) for label, own in labels.items()] + [(rows - 1.0, "Samples")]
    return {
        "range": [rows - 0.4, -0.6],
        "tickvals": [position for position, _ in ticks],
        "ticktext": [label for _, label in ticks],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "ticks": "",
    }


def _add_bar(drawing: Drawing, item: Placed) -> None:
    hover = f"<b>{event_label(item.event)}</b><br>{kind_name(item.event.kind)}<br>{_span(item.event)}"
    if item.end > item.start:
        drawing.bar(
            x=[item.end - item.start],
            base=[item.start],
            y=[item.row],
            width=0.72,
            orientation="h",
            marker={
                "color": theme.with_alpha(item.lane.colour, 0.55),
                "line": {"color": item.lane.colour, "width": 1},
            },
            hovertext=hover,
            hoverinfo="text",
            showlegend=False,
        )
    else:
        drawing.scatter(
            x=[item.start],
            y=[item.row],
            mode="markers",
            marker={"symbol": "diamond", "size": 11, "color": item.lane.colour},
            hovertext=hover,
            hoverinfo="text",
            showlegend=False,
        )
    drawing.note(
        x=item.start,
        y=item.row,
        text=event_label(item.event),
        xanchor="right" if item.label_left else "left",
        xshift=(-1 if item.label_left else 1) * (5 if item.end > item.start else 9),
        textangle=0,
        font={"size": 11, "color": theme.INK},
    )


def _span(event: ClinicalEvent) -> str:
    start = f"day {format_day(event.start_day)}"
    if event.ongoing:
        return f"{start}, ongoing"
    if event.end_day is None or event.end_day == event.start_day:
        return start
    return f"{start} to {format_day(event.end_day)}"
