"""From tables to points: missing stays missing."""

from __future__ import annotations

import pytest

from cytorecon.figures.points import Point, Reference, patient_points, study_points
from cytorecon.report.words import headline
from cytorecon.results import TubeResult
from cytorecon.study import tidy_counts
from cytorecon.study.model import Patient, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.trajectory import trajectories
from tests.builders import FAILED_TUBE, NOT_EVALUABLE, WITHOUT_COUNT_TUBE, population_count
from tests.figures.tables import count_table, trajectory_table


def points(patient: str, measure: str = "cells_per_ul") -> dict[str, tuple[Point, ...]]:
    return dict(patient_points(trajectory_table(), count_table(), patient=patient, measure=measure))


def of_tube(own: tuple[Point, ...], tube: str) -> Point:
    return next(point for point in own if point.tube == tube)


def test_below_the_lloq_there_is_a_limit_and_an_interval_but_no_value() -> None:
    point = of_tube(points("P01")["B"], "P01/d14/1")
    assert (point.state, point.value, point.text) == ("below_lloq", None, "<0.9 cells/µL")
    assert point.events == 0
    assert point.high is not None


def test_not_evaluable_keeps_its_place_and_reason() -> None:
    tube, population = NOT_EVALUABLE
    point = of_tube(points("P02")[population], tube)
    assert (point.state, point.value, point.events) == ("not_evaluable", None, None)
    assert point.number == "not evaluable"
    assert "reason: CD19 has no valley between negative and positive events" in point.hover


def test_without_a_count_method_the_events_stand_and_the_concentration_is_not_made_up() -> None:
    point = of_tube(points("P03")["CD4_T"], WITHOUT_COUNT_TUBE)
    assert (point.state, point.value, point.text) == ("no_count", None, "no count method")
    assert point.events == 5700
    percent = of_tube(points("P03", "percent_of_lymphocytes")["CD4_T"], WITHOUT_COUNT_TUBE)
    assert percent.state == "measured"


def test_a_failed_tube_has_no_point() -> None:
    assert all(point.tube != FAILED_TUBE for own in points("P02").values() for point in own)


def test_points_are_in_order_of_the_days() -> None:
    for own in points("P01").values():
        assert [point.day for point in own] == sorted(point.day for point in own)


def test_a_switch_of_method_is_told_apart_from_what_needs_a_look() -> None:
    own = points("P01")["CD4_T"]
    assert [point.day for point in own if point.method_switch] == [180]
    assert not any(point.review for point in own)
    assert of_tube(points("P01")["CD8_T"], "P01/d60/1").review == ("count.doublets",)


def test_everything_known_is_in_the_hover_text() -> None:
    hover = of_tube(points("P01")["CD4_T"], "P01/d100/1").hover
    assert hover.split("<br>") == [
        "<b>CD4 T: 160 cells/µL</b>",
        "day +100 · visit +100",
        "95 % interval 157–163 cells/µL",
        "9,600 events",
        "LLOQ 0.83 cells/µL",
        "counted by beads",
        "reference at this age 424–1,509 cells/µL (Mayo Clinic 2013), below",
        "reference: band 18-56 years; Mayo TBBS catalogue 2013",
        "tube P01/d100/1",
    ]


def test_the_reference_is_that_of_the_age_at_each_visit() -> None:
    own = points("P02")["CD4_T"]
    assert all(isinstance(point.reference, Reference) for point in own)
    assert all(point.reference is None for point in points("P03")["CD4_T"])


@pytest.mark.parametrize("measure", ["cells_per_ul", "percent_of_leukocytes", "ratio"])
def test_one_patient_or_all_at_once_is_the_same(measure: str) -> None:
    every = study_points(trajectory_table(), count_table(), measure=measure)
    assert list(every) == ["P01", "P02", "P03"]
    for patient, own in every.items():
        assert own == points(patient, measure)


def test_a_ratio_without_a_value_says_why() -> None:
    table = trajectory_table()
    table = table.assign(value=table["value"].mask(table["measure"] == "ratio"))
    own = patient_points(table, count_table(), patient="P01", measure="ratio")
    reasons = {point.reason for point in own["CD4_CD8_ratio"]}
    assert reasons == {"one of the two populations is not counted, or below its LLOQ"}


def test_a_measure_nobody_has_gives_nothing() -> None:
    empty = trajectory_table().iloc[:0]
    assert patient_points(empty, count_table(), patient="P01", measure="cells_per_ul") == {}


def test_what_was_not_detected_says_so_with_the_most_there_may_be_and_has_no_lloq() -> None:
    absent = population_count(
        {"population": "B", "parent": "lymphocytes", "status": "counted", "events": 1, "detected": False,
         "percent_of_lymphocytes": 1.0, "percent_of_lymphocytes_low": 0.0,
         "percent_of_lymphocytes_high": 24.5}
    )  # fmt: skip
    tube = Tube(tube="P01/d30/1", patient="P01", day=30)
    study = Study(name="s", patients=(Patient(patient="P01"),), tubes=(tube,))
    result = StudyResult(study=study, tubes=(TubeResult(tube=tube.tube, status="done", counts=(absent,)),))
    found = patient_points(
        trajectories(result), tidy_counts(result), patient="P01", measure="percent_of_lymphocytes"
    )
    (point,) = found["B"]
    assert (point.number, point.text) == ("not detected (<24.5)", "not detected (<24.5 %)")
    assert "LLOQ" not in point.hover
    assert headline(point, None).startswith("B: not detected (<24.5 %) on day +30")
