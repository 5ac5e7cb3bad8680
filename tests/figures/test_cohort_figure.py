"""The cohort figure and the milestone overview."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go

from cytorecon.figures.cohort import CohortPanel, Middle, WindowSummary, cohort_figure
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.milestone_bars import milestone_figure
from cytorecon.figures.points import patient_points, study_points
from cytorecon.figures.timeaxis import time_axis
from cytorecon.figures.valueaxis import value_axis
from tests.builders import DAYS
from tests.figures.tables import count_table, trajectory_table

AXIS = time_axis(DAYS)


def panel(*windows: WindowSummary, population: str = "B") -> CohortPanel:
    every = study_points(trajectory_table(), count_table(), measure="cells_per_ul")
    known = {
        patient: tuple(point for point in own[population] if point.is_result)
        for patient, own in every.items()
    }
    return CohortPanel(known, windows)


def traces(figure: go.Figure, group: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.legendgroup == group and trace.x != (None,)]


def test_all_patients_are_one_trace_with_gaps() -> None:
    figure = cohort_figure({"B": panel()}, AXIS)
    (lines,) = traces(figure, "patients")
    assert lines.x.count(None) == 3 + 1, "after each patient, and where a count method changes"
    assert sum(x is not None for x in lines.x) == sum(len(own) for own in panel().patients.values())


def test_results_of_two_count_methods_are_marked_and_never_joined() -> None:
    figure = cohort_figure({"B": panel()}, AXIS)
    (lines,), (marks,) = traces(figure, "patients"), traces(figure, "method")
    assert list(marks.x) == [AXIS.position(180)]
    assert marks.hovertext[0].startswith("<b>P01</b>")
    assert "the visit before was counted by another method" in marks.hovertext[0]
    where = list(lines.x).index(AXIS.position(180))
    assert lines.x[where - 1] is None
    assert "count method changes" in {trace.name for trace in figure.data}


def test_one_patient_can_be_highlighted() -> None:
    figure = cohort_figure({"B": panel()}, AXIS, highlight="P02")
    (others,), (own,) = traces(figure, "patients"), traces(figure, "highlight")
    assert others.x.count(None) == 2 + 1
    assert [x for x in own.x if x is not None] == [
        AXIS.position(point.day) for point in panel().patients["P02"]
    ]
    assert "patient P02" in {trace.name for trace in figure.data}


def test_medians_and_quartiles_only_where_the_window_has_them() -> None:
    few = WindowSummary("day 30", 30, 3)
    enough = [
        WindowSummary(f"day {day}", day, 7, Middle(40.0, "40"), Middle(None, "<12"), Middle(90.0, "90"))
        for day in (60, 100)
    ]
    cohort = panel(few, *enough)
    figure = cohort_figure({"B": cohort}, AXIS)
    (median,) = traces(figure, "median")
    assert list(median.x) == [AXIS.position(60), AXIS.position(100)]
    assert median.hovertext[0] == (
        "<b>day 60</b><br>median 40 cells/µL<br>quartiles <12 to 90 cells/µL<br>n = 7"
    )
    (band,) = traces(figure, "quartiles")
    points = [point for own in cohort.patients.values() for point in own]
    assert band.y[-1] == value_axis(points).position(90.0)
    assert band.y[0] == value_axis(points).lloq_center


def test_the_number_of_patients_stands_under_each_window() -> None:
    figure = cohort_figure(
        {"B": panel(WindowSummary("day 30", 30, 3), WindowSummary("1 year", 365, 2))}, AXIS
    )
    under = [note.text for note in figure.layout.annotations if note.y == 0]
    assert under == ["3", "2", "n"]


def test_a_study_without_results_says_so() -> None:
    figure = cohort_figure({"B": CohortPanel({})}, AXIS)
    assert figure.layout.annotations[0].text == "No results of this kind in this study."


def crossing(patient: str, after: int | None, by: int | None) -> Crossing:
    return Crossing(
        patient=patient, milestone="cd4_200", population="CD4_T", rule="> 200 cells/µL", unit="cells/µL",
        status="reached" if by else "not_reached_by_last_visit", reading="In words.", source="Somebody 2020",
        threshold=200.0, after_day=after, by_day=by, confirmed="yes" if by else "",
    )  # fmt: skip


def test_each_patient_has_an_interval_or_a_line_to_the_last_visit() -> None:
    found = (crossing("P01", 60, 100), crossing("P02", 365, None), crossing("P03", None, 14))
    figure = milestone_figure(found, {"P01": 365, "P02": 365, "P03": 180}, AXIS)
    marks = {trace.name: [x for x in trace.x if x is not None] for trace in figure.data}
    low = AXIS.range[0]
    assert marks == {
        "reached in this interval": [AXIS.position(60), AXIS.position(100), low, AXIS.position(14)],
        "first visit at or above": [AXIS.position(100), AXIS.position(14)],
        "not reached up to the last visit": [AXIS.position(0), AXIS.position(365)],
        "last visit": [AXIS.position(365)],
    }
    assert figure.layout.yaxis.ticktext == ("P01", "P02", "P03")


def test_only_what_was_in_time_has_a_star() -> None:
    found = (
        replace(crossing("P01", 60, 100), deadline="in_time", caution="Borderline: ..."),
        replace(crossing("P02", 60, 100), deadline="unknown"),
    )
    figure = milestone_figure(found, {"P01": 365, "P02": 365}, AXIS)
    marks = {trace.name: trace for trace in figure.data}
    assert marks["first visit at or above, in time"].marker.symbol == "star"
    assert [y for y in marks["first visit at or above, in time"].y if y is not None] == [0]
    assert [y for y in marks["first visit at or above"].y if y is not None] == [1]
    assert marks["first visit at or above, in time"].hovertext[0] == (
        "<b>P01</b><br>In words.<br>Borderline: ...<br>last visit +365"
    )


def test_a_rise_that_waits_for_its_confirmation_is_not_drawn_as_reached() -> None:
    waiting = replace(crossing("P01", 60, 100), confirmed="pending")
    figure = milestone_figure((waiting,), {"P01": 100}, AXIS)
    marks = {trace.name: [x for x in trace.x if x is not None] for trace in figure.data}
    assert marks == {
        "above from this interval on, not confirmed yet": [AXIS.position(60), AXIS.position(100)],
        "first visit at or above": [AXIS.position(100)],
    }
    assert (waiting.mark, waiting.met) == ("◐ not confirmed yet", False)


def test_a_milestone_for_nobody_says_so() -> None:
    figure = milestone_figure((), {}, AXIS)
    assert figure.layout.annotations[0].text == "This milestone applies to no patient of this study."


def test_what_needs_a_look_is_drawn_open_and_in_the_legend() -> None:
    points = patient_points(trajectory_table(), count_table(), patient="P01", measure="cells_per_ul")
    doubted = [index for index, point in enumerate(points["CD8_T"]) if point.review]
    assert doubted
    figure = cohort_figure({"CD8_T": CohortPanel({"P01": points["CD8_T"]})}, time_axis([0, 365]))
    (lines,) = [trace for trace in figure.data if trace.legendgroup == "patients" and trace.x != (None,)]
    assert [index for index, symbol in enumerate(lines.marker.symbol) if symbol == "circle-open"] == doubted
    assert "needs a look" in [trace.name for trace in figure.data]
    sound = cohort_figure({"CD4_T": CohortPanel({"P01": points["CD4_T"]})}, time_axis([0, 365]))
    assert "needs a look" not in [trace.name for trace in sound.data]
