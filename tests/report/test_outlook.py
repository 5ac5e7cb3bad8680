"""Where a patient stands, what to expect, and how a cohort is shown: with enough patients, and with few."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cytorecon.event_free import event_free_summary
from cytorecon.report import Making, write_patient_sheets
from cytorecon.report.cohort_answers import CohortAnswers, cohort_answers
from cytorecon.report.cohort_page import CohortStatistics, cohort_statistics
from cytorecon.report.patient_page import PatientPage, patient_page
from cytorecon.report.sections import load_report_spec
from cytorecon.report.tables import StudyTables, study_tables
from cytorecon.study.result import StudyResult
from tests.builders import study_result
from tests.cohort.made import made_cohort
from tests.report.pages import read_page
from tests.report.pdf_text import page_texts


@pytest.fixture(scope="module")
def many() -> StudyResult:
    """Return 60 patients, 40 of them children; some die, six of the living were seen up to day 120 only."""
    whole = made_cohort(60, seed=3).result
    died = {event.patient for event in whole.study.events}
    living = [patient.patient for patient in whole.study.patients if patient.patient not in died]
    tubes = tuple(tube for tube in whole.study.tubes if tube.patient not in living[:6] or tube.day < 120)
    study = whole.study.model_copy(update={"tubes": tubes})
    return StudyResult(study=study, tubes=tuple(whole.tube(tube.tube) for tube in tubes))


@pytest.fixture(scope="module")
def tables(many: StudyResult) -> StudyTables:
    return study_tables(many)


@pytest.fixture(scope="module")
def answers(tables: StudyTables) -> CohortAnswers:
    return cohort_answers(tables, load_report_spec())


@pytest.fixture(scope="module")
def statistics(tables: StudyTables, answers: CohortAnswers) -> CohortStatistics:
    return cohort_statistics(tables, answers, load_report_spec())


@pytest.fixture(scope="module")
def few() -> CohortStatistics:
    spec, tables = load_report_spec(), study_tables(study_result())
    return cohort_statistics(tables, cohort_answers(tables, spec), spec)


def page_of(tables: StudyTables, patient: str) -> PatientPage:
    return patient_page(tables.study.patient(patient), tables, load_report_spec(), plots=False)


def waiting(tables: StudyTables) -> str:
    """Return the first patient for whom a milestone is still to come."""
    known = tables.outlook.milestones[tables.outlook.milestones["reason"] == ""]
    return str(known["patient"].iloc[0])


def test_a_forecast_says_what_it_rests_on(tables: StudyTables) -> None:
    patient = waiting(tables)
    view = page_of(tables, patient).outlook
    assert view.band == "90"
    assert [row.name for row in view.visits] == ["CD4 T", "CD8 T", "B"]
    own = tables.outlook.visits[tables.outlook.visits["patient"] == patient]
    first = own[own["population"] == "CD4_T"].iloc[0]
    assert view.windows[0] == first["window"]
    assert view.visits[0].cells[0].value == first["reported"]
    assert view.visits[0].cells[0].patients == f"n = {first['n']}"
    assert [words for _, words in view.rests_on] == list(dict.fromkeys(own["rests_on"]))
    assert re.search(r"\d+ visits of this patient up to day \d+, and \d+ patients", view.rests_on[0][1])
    assert view.reasons == ()


def test_an_open_milestone_has_a_probability_for_each_visit_to_come(tables: StudyTables) -> None:
    view = page_of(tables, waiting(tables)).outlook
    assert view.milestones
    assert all(len(row.cells) == len(view.milestone_windows) for row in view.milestones)
    known = [cell.value for row in view.milestones for cell in row.cells if cell.value != "–"]
    assert known
    assert all(re.fullmatch(r"[<>]?\d+ % \([<>]?\d+–[<>]?\d+\)", value) for value in known)


def test_who_has_died_has_no_forecast_and_the_reason_stands_there(tables: StudyTables) -> None:
    died = next(event for event in tables.study.events if event.kind == "death")
    view = page_of(tables, died.patient).outlook
    assert (view.visits, view.milestones) == ((), ())
    assert [words for _, words in view.reasons] == [f"death on day {died.start_day} ended the clock"]


def test_too_few_patients_have_no_forecast_and_the_reason_says_how_many_are_needed() -> None:
    view = page_of(study_tables(study_result()), "P01").outlook
    assert view.visits == ()
    assert view.reasons == (
        (
            "Lymphocytes, CD3 T, CD4 T, CD8 T, B, NK",
            "not enough patients to pool: 2 of allogeneic stem-cell transplantation, any age, 20 are needed",
        ),
    )


def test_remarks_on_the_course_stand_in_short_and_with_the_profile(tables: StudyTables) -> None:
    flags = tables.outlook.flags
    patient = str(flags["patient"].iloc[0])
    page = page_of(tables, patient)
    own = flags[flags["patient"] == patient]
    assert [row.words for row in page.outlook.remarks] == list(own["words"])
    words = f"Course: {len(own)} remark{'s' * (len(own) > 1)}, see Where the patient stands."
    assert words in page.sentences
    without = next(name for name in tables.standings if name not in set(flags["patient"]))
    assert not any(sentence.startswith("Course:") for sentence in page_of(tables, without).sentences)


def _with_comparable_patients(tables: StudyTables) -> str:
    return next(
        name for name, each in tables.standings.items() if (each.profile["cohort_position"] != "").any()
    )


def test_the_profile_is_a_picture_and_the_same_table(tables: StudyTables) -> None:
    view = page_of(tables, _with_comparable_patients(tables)).standing
    assert view.picture.startswith("<svg")
    assert [row.subset for row in view.rows][:2] == ["CD4 T, cells/µL", "CD8 T, cells/µL"]
    for row in view.rows:
        assert row.value in view.picture
    assert "Senescence" in view.missing
    assert any(re.fullmatch(r". (below|within|above).* \(n = \d+\)", row.cohort) for row in view.rows)


def test_sheets_of_chosen_patients_are_held_against_everybody(many: StudyResult, tables: StudyTables) -> None:
    alone = study_tables(many, patients=["P000"], cohort=False, forecasts=False)
    assert [patient.patient for patient in alone.study.patients] == ["P000"]
    assert set(alone.trajectories["patient"]) == {"P000"}
    assert alone.event_free.equals(event_free_summary(tables.trajectories, many.study))
    assert not alone.event_free.empty
    assert alone.standings["P000"].profile.equals(tables.standings["P000"].profile)


def test_a_sheet_says_that_the_forecast_was_left_out_unless_it_is_asked_for(
    many: StudyResult, tables: StudyTables, tmp_path: Path
) -> None:
    patient = waiting(tables)
    making = Making(("html", "pdf"), "0.1.0")
    plain = write_patient_sheets(many, tmp_path / "a", making, patients=[patient])[patient]
    asked = write_patient_sheets(many, tmp_path / "b", making, patients=[patient], forecasts=True)[patient]
    words = read_page(plain[0]).texts["outlook"]
    assert "left out of this report, because it needs the counts of all patients" in words
    assert "90 of 100 samples" not in words
    assert "90 of 100 samples" in read_page(asked[0]).texts["outlook"]
    assert "leftoutofthisreport" in "".join(page_texts(plain[1].read_bytes()))
    assert "90of100samples" in "".join(page_texts(asked[1].read_bytes()))


def test_curves_of_a_milestone_equal_the_table(statistics: CohortStatistics, answers: CohortAnswers) -> None:
    assert [made.title for made in statistics.times] == [
        "CD4 T at least 50/µL within 100 days", "CD4 T above 200/µL, confirmed", "B above 50/µL",
    ]  # fmt: skip
    made = statistics.times[1]
    assert made.plot is not None
    rows = {row[0]: dict(zip(made.table.head, row, strict=True)) for row in made.table.rows}
    own = answers.incidence[
        (answers.incidence["milestone"] == "cd4_200")
        & (answers.incidence["cause"] == "milestone")
        & (answers.incidence["day"] == 365)
    ].iloc[0]
    cell = f"{100 * own['probability']:.0f} % ({100 * own['low']:.0f}–{100 * own['high']:.0f})"
    assert rows["reached the milestone"]["by day 365"] == cell
    assert rows["reached the milestone"]["Patients"] == f"{own['n_events']} of 60"
    assert "death" in rows


def test_groups_are_compared_where_two_are_large_enough(statistics: CohortStatistics) -> None:
    assert [group.by for group in statistics.comparisons] == ["sex"], "one programme only"
    assert {row[1] for row in statistics.comparisons[0].times.rows} == {"female", "male"}
    assert statistics.comparisons[0].counts.head[4] == "Ratio of counts (95 %)"
    assert statistics.no_groups == ""


def test_a_cohort_large_enough_has_clusters_and_no_map_of_three_populations(
    statistics: CohortStatistics,
) -> None:
    assert statistics.clusters.rows
    assert (statistics.map is None) == bool(statistics.alike_reasons)


def test_few_patients_are_told_in_words(few: CohortStatistics) -> None:
    assert [made.plot for made in few.times] == [None, None, None]
    assert {row for made in few.times for row in made.table.rows} == {
        ("reached the milestone", "fewer than 5 patients")
    }
    assert few.landmark.rows == ()
    assert few.landmark_small.endswith("left out: fewer than 5 patients in one of the groups.")
    assert few.no_groups == (
        "Not compared: by programme and sex there are no two groups of which neither has fewer than 5 "
        "patients."
    )
    assert few.map is None
    assert few.alike_reasons == (
        "There are too few patients to look for clusters. Found: 3. Needed: 20 or more, 10 for each cluster.",
        (
            "There are too few patients or columns for a map. Found: 3 patients, 8 columns with values "
            "enough. Needed: 10 patients, 2 columns."
        ),
    )
