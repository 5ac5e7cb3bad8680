"""Event lanes: nothing overlaps, nothing is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import KnowledgeError
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.lanes import SampleMark, add_lanes, lane_of, place_events, row_count
from cytorecon.figures.patient import patient_figure
from cytorecon.figures.points import Point
from cytorecon.figures.timeaxis import TimeAxis
from cytorecon.study.model import ClinicalEvent

AXIS = TimeAxis(-10, 730)
KINDS = ("gvhd_acute", "gvhd_chronic", "cmv", "drug", "steroid", "dli", "relapse")

events = st.builds(
    ClinicalEvent,
    patient=st.just("P01"),
    kind=st.sampled_from(KINDS),
    label=st.text("abcdefghij ", max_size=30),
    start_day=st.integers(-10, 730),
    end_day=st.none() | st.integers(-10, 730),
    ongoing=st.booleans(),
)


def event(kind: str, start: int, end: int | None = None, *, ongoing: bool = False) -> ClinicalEvent:
    return ClinicalEvent(
        patient="P01", kind=kind, label="label", start_day=start, end_day=end, ongoing=ongoing
    )


@given(st.lists(events, max_size=12))
def test_bars_of_one_row_do_not_overlap_and_a_row_has_one_lane(given_events: list[ClinicalEvent]) -> None:
    placed = place_events(given_events, AXIS)
    assert sorted(id(item.event) for item in placed) == sorted(map(id, given_events))
    for row in {item.row for item in placed}:
        own = [item for item in placed if item.row == row]
        assert len({item.lane for item in own}) == 1
        spans = sorted((item.start, max(item.start, item.end)) for item in own)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_two_drugs_at_once_get_two_rows_of_one_lane() -> None:
    first, second = place_events([event("drug", 0, 180), event("drug", 50, 84)], AXIS)
    assert (first.lane.label, second.lane.label) == ("Treatment", "Treatment")
    assert first.row != second.row


def test_labels_of_neighbours_are_kept_apart() -> None:
    first, second = place_events([event("cmv", 30), event("cmv", 31)], AXIS)
    assert first.row != second.row


def test_an_event_that_goes_on_reaches_the_end_of_the_axis() -> None:
    (placed,) = place_events([event("drug", 90, ongoing=True)], AXIS)
    assert placed.end == AXIS.range[1]


def test_a_label_at_the_right_edge_stands_on_the_left() -> None:
    (placed,) = place_events([event("relapse", 725)], AXIS)
    assert placed.label_left


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(KnowledgeError) as caught:
        lane_of("headache")
    assert str(caught.value).startswith(
        "event_kinds.yaml: There is no such kind of event. Found: headache. Allowed: transplant, "
    )


def test_a_sample_that_needs_a_look_has_the_sign_of_the_legend_and_not_that_of_a_method_change() -> None:
    point = Point("P01/d30/1", "B", "cells_per_ul", "", 30, "measured", 100.0, 80.0, 120.0)
    figure = patient_figure({"B": (point,)}, AXIS, samples=(SampleMark("P01/d30/1", 30, "review"),))
    legend = {trace.name: trace.marker.symbol for trace in figure.data if trace.showlegend}
    (sign,) = [trace.marker.symbol for trace in figure.data if "needs a look" in str(trace.hovertext)]
    assert legend["needs a look"] == sign == "circle-open-dot"


def test_samples_are_marked_by_shape() -> None:
    drawing = Drawing()
    samples = (
        SampleMark("P01/d14/1", 14, "done"),
        SampleMark("P01/d30/1", 30, "review", "CD8 T: few events"),
        SampleMark("P01/d60/1", 60, "failed", "The file is cut."),
    )
    add_lanes(drawing, (), samples, AXIS, bottom=0.8)
    figure = drawing.figure()
    symbols = {trace.marker.symbol: trace.hovertext for trace in figure.data}
    assert set(symbols) == {"line-ns", "circle-open-dot", "x-thin"}
    assert symbols["x-thin"] == ("<b>tube P01/d60/1</b><br>day +60<br>failed<br>The file is cut.",)
    assert figure.layout.yaxis.ticktext == ("Samples",)
    assert row_count(()) == 1


def test_the_hover_of_an_event_says_when() -> None:
    drawing = Drawing()
    add_lanes(drawing, place_events([event("gvhd_acute", 38, 75)], AXIS), (), AXIS, bottom=0.8)
    bar = next(trace for trace in drawing.figure().data if trace.type == "bar")
    assert bar.hovertext == "<b>label</b><br>acute GVHD<br>day +38 to +75"
