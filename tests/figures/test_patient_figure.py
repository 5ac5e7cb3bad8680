"""The patient figure: what is drawn, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import plotly.graph_objects as go
import pytest

from cytorecon.figures.crossings import Crossing, crossings, primary_crossings
from cytorecon.figures.lanes import LANES
from cytorecon.figures.patient import patient_figure, reference_caption
from cytorecon.figures.points import Point, patient_points
from cytorecon.figures.theme import with_alpha
from cytorecon.figures.timeaxis import TimeAxis, time_axis
from cytorecon.figures.valueaxis import value_axis
from tests.builders import DAYS
from tests.figures.tables import count_table, milestone_table, result, trajectory_table

AXIS = time_axis([-1, *DAYS])


def points(patient: str, *populations: str, measure: str = "cells_per_ul") -> Mapping[str, tuple[Point, ...]]:
    found = patient_points(trajectory_table(), count_table(), patient=patient, measure=measure)
    return {population: found[population] for population in populations}


def groups(figure: go.Figure, group: str, panel: int = 2) -> list[go.Scatter]:
    return [
        trace
        for trace in figure.data
        if trace.legendgroup == group and trace.xaxis == f"x{panel}" and trace.showlegend is False
    ]


def markers(figure: go.Figure, group: str, panel: int = 2) -> Iterator[tuple[float, float]]:
    for trace in groups(figure, group, panel):
        if trace.mode == "markers":
            yield from zip(trace.x, trace.y, strict=True)


def legend(figure: go.Figure) -> set[str]:
    return {trace.name for trace in figure.data if trace.showlegend}


def milestone(patient: str, name: str) -> Crossing:
    found = crossings(milestone_table(), patient=patient)
    return next(crossing for crossing in found if crossing.milestone == name)


def cd4_200(patient: str) -> Crossing:
    return milestone(patient, "cd4_200")


def test_below_the_lloq_stands_in_the_strip_with_a_line_to_the_limit_and_never_at_zero() -> None:
    own = points("P01", "B")
    figure = patient_figure(own, AXIS)
    values = value_axis(own["B"])
    below = list(markers(figure, "below"))
    assert [x for x, _ in below] == [AXIS.position(14), AXIS.position(30)]
    assert {y for _, y in below} == {values.lloq_center}
    (trace,) = groups(figure, "below")
    lloq = own["B"][0].lloq
    assert lloq is not None
    assert trace.marker.symbol == "triangle-down-open"
    assert abs(trace.y[0] + trace.error_y.array[0] - values.position(lloq)) < 1e-9


def test_every_point_of_the_table_is_drawn_once() -> None:
    for patient in ("P01", "P02", "P03"):
        own = points(patient, "CD4_T", "B")
        figure = patient_figure(own, AXIS)
        for panel, population in enumerate(own, start=2):
            drawn = [
                x for group in ("measured", "below", "missing") for x, _ in markers(figure, group, panel)
            ]
            assert sorted(drawn) == sorted(AXIS.position(point.day) for point in own[population])


def test_a_result_that_does_not_exist_is_a_cross_with_its_reason() -> None:
    figure = patient_figure(points("P02", "B"), AXIS)
    (trace,) = groups(figure, "missing")
    assert list(trace.x) == [AXIS.position(180)]
    assert trace.marker.symbol == "x-thin"
    assert "reason: CD19 has no valley" in trace.hovertext[0]
    assert "no result" in figure.layout.yaxis2.ticktext


def test_the_curve_is_dotted_across_what_is_not_known() -> None:
    figure = patient_figure(points("P02", "B"), AXIS)
    lines = {trace.line.dash: trace for trace in groups(figure, "measured") if trace.mode == "lines"}
    assert [x for x in lines["solid"].x if x is not None] == [AXIS.position(14), AXIS.position(30)]
    dotted = [x for x in lines["dot"].x if x is not None]
    assert dotted == [AXIS.position(day) for day in (30, 100, 100, 365)]


def joined(figure: go.Figure) -> set[tuple[float, float]]:
    """Return the pairs of days between which a line is drawn."""
    pairs = set()
    for trace in groups(figure, "measured"):
        if trace.mode == "lines":
            pairs |= {(a, b) for a, b in pairwise(trace.x) if a is not None and b is not None}
    return pairs


@pytest.mark.parametrize("population", ["CD4_T", "B"])
def test_results_of_two_count_methods_are_never_joined(population: str) -> None:
    own = points("P01", population)
    days = [point.day for point in own[population] if point.is_result]
    expected = {(AXIS.position(a), AXIS.position(b)) for a, b in pairwise(days) if b != 180}
    assert joined(patient_figure(own, AXIS)) == expected
    # also where a table of another origin does not mark the change
    unmarked = {population: tuple(replace(point, method_switch=False) for point in own[population])}
    assert joined(patient_figure(unmarked, AXIS)) == expected


def test_what_needs_a_look_is_hollow_with_a_ring() -> None:
    figure = patient_figure(points("P01", "CD8_T"), AXIS)
    assert [x for x, _ in markers(figure, "review")] == [AXIS.position(60)]
    hollow = [trace for trace in groups(figure, "measured") if trace.marker.color == "white"]
    assert [list(trace.x) for trace in hollow] == [[AXIS.position(60)]]


def test_a_change_of_count_method_is_marked_between_the_visits() -> None:
    figure = patient_figure(points("P01", "CD4_T"), AXIS)
    (trace,) = groups(figure, "method")
    assert list(trace.x) == [(AXIS.position(100) + AXIS.position(180)) / 2]
    assert trace.hovertext == ("count method changes: beads → blood count (lymphocytes)",)


def test_a_milestone_is_an_interval_with_a_mark_at_the_first_visit_above() -> None:
    own = points("P01", "CD4_T")
    figure = patient_figure(own, AXIS, milestones={"CD4_T": replace(cd4_200("P01"), caution="")})
    interval = [trace for trace in groups(figure, "interval") if trace.fill is None]
    assert [list(trace.x) for trace in interval] == [[AXIS.position(100), AXIS.position(180)]]
    assert [x for x, _ in markers(figure, "met")] == [AXIS.position(180)]
    assert groups(figure, "star") == []
    assert "> 200: between +100 and +180" in [note.text for note in figure.layout.annotations]
    assert {"milestone threshold", "reached in this interval", "first visit at or above"} <= legend(figure)


@pytest.mark.parametrize(
    ("deadline", "confirmed", "group", "words"),
    [
        ("in_time", "", "star", "≥ 50: between +30 and +60, in time"),
        ("in_time", "yes", "star", "≥ 50: between +30 and +60, in time"),
        ("late", "", "met", "≥ 50: between +30 and +60, late"),
        ("unknown", "", "met", "≥ 50: between +30 and +60, in time unknown"),
        ("unknown", "pending", "met", "≥ 50: between +30 and +60, not confirmed yet"),
    ],
)
def test_a_star_means_in_time_and_nothing_else(deadline: str, confirmed: str, group: str, words: str) -> None:
    crossing = replace(milestone("P01", "cd4_50_d100"), deadline=deadline, confirmed=confirmed, caution="")
    figure = patient_figure(points("P01", "CD4_T"), AXIS, milestones={"CD4_T": crossing})
    assert [x for x, _ in markers(figure, group)] == [AXIS.position(60)]
    assert ("★" in crossing.mark) == (group == "star")
    assert words in [note.text for note in figure.layout.annotations]


def test_caution_stands_beside_the_milestone() -> None:
    crossing = replace(cd4_200("P01"), caution="Borderline: ...")
    figure = patient_figure(points("P01", "CD4_T"), AXIS, milestones={"CD4_T": crossing})
    assert "> 200: between +100 and +180, ▲ with caution" in [note.text for note in figure.layout.annotations]


def test_a_milestone_shares_no_colour_with_a_lane_of_events() -> None:
    figure = patient_figure(points("P01", "CD4_T"), AXIS, milestones={"CD4_T": cd4_200("P01")})
    lanes = {lane.colour for lane in LANES}
    hatched, bar = groups(figure, "interval")
    assert hatched.fillpattern.shape == "/"
    assert bar.line.color not in lanes
    assert hatched.fillpattern.fgcolor not in {with_alpha(colour, 0.12) for colour in lanes}


def test_a_milestone_that_was_not_reached_has_a_threshold_only() -> None:
    crossing = replace(
        cd4_200("P01"), after_day=365, by_day=None, status="not_reached_by_last_visit", caution=""
    )
    figure = patient_figure(points("P01", "CD4_T"), AXIS, milestones={"CD4_T": crossing})
    assert len(groups(figure, "threshold")) == 1
    assert groups(figure, "interval") == groups(figure, "star") == []
    assert "> 200: not yet" in [note.text for note in figure.layout.annotations]


def test_the_reference_band_goes_through_the_limits_of_each_visit() -> None:
    own = points("P02", "CD4_T")
    figure = patient_figure(own, AXIS)
    values = value_axis(own["CD4_T"])
    (band,) = groups(figure, "reference")
    lows = [values.position(point.reference.low) for point in own["CD4_T"] if point.reference]
    assert list(band.y[: len(lows)]) == lows
    assert reference_caption(own) == (
        "Reference band, recalculated at the age of each visit. CD4 T: Shearer 2003, 10th–90th percentile."
    )


def test_without_an_age_there_is_no_band_and_the_caption_says_so() -> None:
    own = points("P03", "CD4_T")
    assert groups(patient_figure(own, AXIS), "reference") == []
    assert reference_caption(own) == (
        "No reference range: the age is unknown, or no set covers these populations in this unit."
    )


def test_without_a_range_of_the_definition_the_caption_says_that_and_not_that_the_age_is_unknown() -> None:
    note = "no range of this definition (x); there are ranges of: CD19+"
    point = Point("t", "B", "cells_per_ul", "", 30, "measured", 100.0, reference_note=note)
    assert reference_caption({"B": (point,)}) == f"No reference range: {note}."


def test_one_visit_shows_its_reference_as_a_narrow_bar() -> None:
    own = {"CD4_T": points("P01", "CD4_T")["CD4_T"][:1]}
    (band,) = groups(patient_figure(own, AXIS), "reference")
    assert 0 < max(band.x) - min(band.x) < 0.05 * (AXIS.range[1] - AXIS.range[0])


def test_lanes_and_panels_share_the_time_axis() -> None:
    own = points("P01", "CD3_T", "CD4_T", "B")
    study = result().study
    figure = patient_figure(own, AXIS, events=[event for event in study.events if event.patient == "P01"])
    for number in (2, 3, 4):
        axis = figure.layout[f"xaxis{number}"]
        assert (axis.matches, axis.range) == ("x", figure.layout.xaxis.range)
    assert figure.layout.yaxis.ticktext == ("GVHD", "Infection", "Treatment", "Graft", "Samples")


def test_panels_do_not_overlap_and_stay_on_the_page() -> None:
    own = points("P01", "CD3_T", "CD4_T", "CD8_T", "B", "NK")
    figure = patient_figure(own, AXIS, events=result().study.events)
    boxes = [
        (figure.layout[f"xaxis{number}"].domain, figure.layout[f"yaxis{number}"].domain)
        for number in range(2, 7)
    ]
    assert all(0 <= low < high <= 1 for box in boxes for low, high in box)
    for index, (x, y) in enumerate(boxes):
        for other_x, other_y in boxes[index + 1 :]:
            assert x[1] <= other_x[0] or other_x[1] <= x[0] or y[1] <= other_y[0] or other_y[1] <= y[0]


def test_the_legend_names_only_what_is_there() -> None:
    assert legend(patient_figure(points("P03", "NK", measure="percent_of_lymphocytes"), AXIS)) == {
        "result with 95 % interval"
    }


def test_days_before_the_transplant_are_drawn_left_of_it() -> None:
    early = replace(points("P01", "CD4_T")["CD4_T"][0], day=-8)
    figure = patient_figure({"CD4_T": (early,)}, TimeAxis(-8, 33))
    ((x, _),) = markers(figure, "measured")
    assert x < 0
    assert figure.layout.xaxis2.ticktext[:2] == ("−7", "HCT")


def test_nothing_to_draw_is_said_in_words() -> None:
    figure = patient_figure({}, AXIS)
    assert figure.layout.annotations[0].text == "No results of this kind for this patient."


def test_the_milestone_that_is_drawn_is_the_same_whatever_the_order() -> None:
    found = crossings(milestone_table(), patient="P01")
    chosen = primary_crossings(found, "cells_per_ul")
    assert chosen["CD4_T"].milestone == "cd4_50_d100"
    assert chosen["B"].milestone == "b_50"
    assert primary_crossings(found[::-1], "cells_per_ul") == chosen
    assert all(crossing.applies for crossing in chosen.values())
    assert primary_crossings(found, "percent_of_lymphocytes") == {}


@pytest.mark.parametrize(
    ("status", "deadline", "mark"),
    [
        ("not_reached_by_last_visit", "", "○ not yet"),
        ("not_reached_by_last_visit", "unknown", "○ not yet"),
        ("missed", "not_reached", "✕ missed"),
        ("danger", "", "▼ danger"),
        ("no_danger", "", "○ no danger seen"),
        ("censored_by_event", "unknown", "◇ competing event"),
        ("not_evaluable", "unknown", "? could not be judged"),
        ("not_assessable", "", "? not assessable"),
        ("not_applicable", "", "– does not apply"),
    ],
)
def test_what_was_not_reached_says_why(status: str, deadline: str, mark: str) -> None:
    crossing = replace(cd4_200("P01"), by_day=None, confirmed="", status=status, deadline=deadline)
    assert crossing.mark == mark
    assert not crossing.reached


def test_what_cannot_be_assessed_is_neither_judged_nor_drawn() -> None:
    crossing = replace(cd4_200("P01"), status="not_assessable", by_day=None)
    assert not crossing.applies
    assert not crossing.judged
    assert primary_crossings((crossing,), "cells_per_ul") == {}
