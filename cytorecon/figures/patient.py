"""The recovery of one patient: event lanes above small multiples on one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.axes import add_axes
from cytorecon.figures.backdrop import add_background, add_first_visit, add_milestone, add_reference
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import population_label
from cytorecon.figures.grid import MARGIN_BOTTOM, MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, Cell, Grid
from cytorecon.figures.lanes import ROW_PX, Placed, SampleMark, add_lanes, place_events, row_count
from cytorecon.figures.legend import add_legend
from cytorecon.figures.marks import add_censored, add_measured, add_method_changes, add_missing, add_rings
from cytorecon.figures.own_band import add_own_band
from cytorecon.figures.panel import EventBand, Panel
from cytorecon.figures.panel_band import BandWindow
from cytorecon.figures.points import Point, reference_name
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.figures.valueaxis import value_axis
from cytorecon.study.model import ClinicalEvent

_LANE_TICKS_PX: Final = 30
_LEGEND_PX: Final = 76
_TITLE_PX: Final = 42
#: Lanes whose events are shaded behind the curves; treatments last too long for that.
_SHADED: Final = ("gvhd", "infection")
_LINED: Final = ("infusion", "course")


def patient_figure(
    points: Mapping[str, Sequence[Point]],
    axis: TimeAxis,
    *,
    events: Sequence[ClinicalEvent] = (),
    samples: Sequence[SampleMark] = (),
    milestones: Mapping[str, Crossing] | None = None,
    own_bands: Mapping[str, Sequence[BandWindow]] | None = None,
    columns: int = 2,
) -> go.Figure:
    """Return the patient figure.

    Parameters
    ----------
    points : mapping of str to sequence of Point
        Population -> points of one patient and one measure, in the order of the panels.
    axis : TimeAxis
        Must reach over all points, events and samples.
    events : sequence of ClinicalEvent
        Of this patient.
    samples : sequence of SampleMark
        Tubes of this patient.
    milestones : mapping of str to Crossing, optional
        Population -> the milestone drawn in its panel.
    own_bands : mapping of str to sequence of BandWindow, optional
        Population -> how undisturbed patients of the cohort recover.
    columns : int
        Panels beside each other.

    Returns
    -------
    Figure
        An empty figure with a sentence when `points` is empty.
    """
    if not points:
        return theme.empty_figure("No results of this kind for this patient.")
    placed = place_events(events, axis)
    lanes_px = ROW_PX * row_count(placed)
    grid = Grid(len(points), columns, header_px=lanes_px + _LANE_TICKS_PX + _LEGEND_PX + _TITLE_PX)
    drawing = Drawing(theme.base_layout(height=grid.height_px, name="patient"))
    drawing.layout.update(
        margin={"l": MARGIN_LEFT, "r": MARGIN_RIGHT, "t": MARGIN_TOP, "b": MARGIN_BOTTOM}, barmode="overlay"
    )
    add_lanes(drawing, placed, samples, axis, bottom=grid.from_top(lanes_px))
    bands = _event_bands(placed)
    groups = {"review"} if any(sample.state == "review" for sample in samples) else set()
    for index, (population, own) in enumerate(points.items()):
        crossing = (milestones or {}).get(population)
        values = value_axis(own, limits=(crossing.threshold,) if crossing is not None else ())
        band = tuple((own_bands or {}).get(population, ()))
        inside = tuple(window for window in band if axis.position(window.day) <= axis.range[1])
        panel = Panel(index + 2, tuple(own), axis, values, crossing, bands, inside)
        groups |= _add_panel(drawing, panel, grid.cell(index), tick_spacing=0.06 if columns == 1 else 0.07)
    add_legend(drawing, groups, y=grid.from_top(lanes_px + _LANE_TICKS_PX))
    return drawing.figure()


def reference_caption(points: Mapping[str, Sequence[Point]]) -> str:
    """Return which reference sets are drawn for which populations, as one sentence.

    Parameters
    ----------
    points : mapping of str to sequence of Point
        Population -> points.
    """
    used: dict[str, list[str]] = {}
    for population, own in points.items():
        for name in dict.fromkeys(reference_name(point.reference) for point in own if point.reference):
            used.setdefault(name, []).append(population_label(population))
    notes = dict.fromkeys(point.reference_note for own in points.values() for point in own)
    if not used and any(notes):
        return f"No reference range: {' / '.join(note for note in notes if note)}."
    if not used:
        return "No reference range: the age is unknown, or no set covers these populations in this unit."
    parts = "; ".join(f"{', '.join(populations)}: {name}" for name, populations in used.items())
    return f"Reference band, recalculated at the age of each visit. {parts}."


def _add_panel(drawing: Drawing, panel: Panel, cell: Cell, *, tick_spacing: float) -> frozenset[str]:
    """Draw `panel` into `cell` and return the legend groups it used."""
    add_axes(drawing, panel, cell, tick_spacing)
    add_background(drawing, panel)
    groups = {add_first_visit(drawing, panel)} - {""}
    for group, drawn in (
        ("reference", add_reference(drawing, panel)),
        ("own_band", add_own_band(drawing, panel)),
        ("threshold", add_milestone(drawing, panel)),
        ("measured", add_measured(drawing, panel)),
        ("below", add_censored(drawing, panel)),
        ("missing", add_missing(drawing, panel)),
        ("review", add_rings(drawing, panel)),
        ("method", add_method_changes(drawing, panel)),
    ):
        if drawn:
            groups.add(group)
    if "threshold" in groups and panel.crossing is not None and panel.crossing.reached:
        groups.add("interval")
    return frozenset(groups)


def _event_bands(placed: Sequence[Placed]) -> tuple[EventBand, ...]:
    return tuple(
        EventBand(item.start, item.end, item.lane.colour)
        for item in placed
        if (item.lane.name in _SHADED and item.end > item.start)
        or (item.lane.name in _LINED and item.event.start_day != 0)
    )
