"""What bears a day after death is named, and no curve, window or registry sheet takes it for recovery."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cytorecon.cohort import cohort_summary, compare_groups, groups_by, recovery_areas
from cytorecon.figures.points import Point, is_joined
from cytorecon.interop import export_tables
from cytorecon.interop.registry import registry_sheet
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.patient import immune_profile
from cytorecon.report import ReportFiles, write_report
from cytorecon.study import ClinicalEvent, Patient, load_study, study_of_counts
from cytorecon.study.final import after_final_events
from cytorecon.study.model import Readout, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.trajectory import AFTER_FINAL_EVENT, trajectories
from tests.report.pages import read_page


def died(patient: str, day: int = 100) -> ClinicalEvent:
    return ClinicalEvent(patient=patient, kind="death", start_day=day)


def deaths_before_six_months() -> StudyResult:
    """Return six patients who died on day 100 and have a sample of day 180."""
    people = [Patient(patient=f"P0{n}", age_years=30.0, sex="male" if n % 2 else "female") for n in range(6)]
    rows = [
        {"patient": one.patient, "day": day, "population": "CD4_T", "value": value, "unit": "cells/µL"}
        for one in people
        for day, value in ((30, 100), (100, 120), (180, 400))
    ]
    events = [died(one.patient) for one in people]
    return study_of_counts(pd.DataFrame(rows), name="s", patients=people, events=events)


def test_the_sample_is_named_and_its_numbers_carry_a_mark() -> None:
    result = deaths_before_six_months()
    on_the_day, late = result.tube("P00/d100/1"), result.tube("P00/d180/1")
    assert on_the_day.counts[0].review == ()
    assert late.counts[0].review == (AFTER_FINAL_EVENT,)
    assert late.counts[0].cells_per_ul == 400.0
    assert str(late.issues[-1]) == (
        "warning: patient P00: The sample is of day 180, after death on day 100. Curves end before it, and "
        "visit windows and registry sheets leave it out. One of the two days is wrong: check both in "
        "the sheets. (event_kinds.yaml)"
    )


def test_sheets_name_tubes_events_and_readouts(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,patient,day\na.fcs,P01,80\nb.fcs,P01,99\n", encoding="utf-8")
    (tmp_path / "events.csv").write_text(
        "patient,kind,start_day,end_day\nP01,death,80,\nP01,cmv,70,90\nP01,cmv,70,80\n", encoding="utf-8"
    )
    (tmp_path / "readouts.csv").write_text(
        "patient,day,readout,value,unit\nP01,81,anc,1200,cells/µL\n", encoding="utf-8"
    )
    named = [str(issue) for issue in load_study(manifest).issues if "after_final" in issue.code]
    hint = "One of the two days is wrong: check both in the sheets."
    assert named == [
        f"warning: patient P01: Tube P01/d99/1 is on day 99, after death on day 80. {hint}",
        f"warning: patient P01: The event 'CMV' is on day 90, after death on day 80. {hint}",
        f"warning: patient P01: The readout 'anc' is on day 81, after death on day 80. {hint}",
    ]


def test_the_first_of_two_deaths_counts_and_products_and_other_ends_do_not() -> None:
    tube = Tube(tube="P01/d90/1", patient="P01", day=90)
    product = Tube(tube="P01/d95/1", patient="P01", day=95, product_volume_ml=100)
    late = Readout(patient="P01", day=90, readout="anc", unit="cells/µL", value=900)
    study = Study(
        name="s",
        patients=(Patient(patient="P01"),),
        tubes=(tube, product),
        events=(died("P01", 85), died("P01", 80)),
    )
    assert [(each.tube, each.day, each.final.day) for each in after_final_events(study)] == [
        ("P01/d90/1", 90, 80),
        ("", 85, 80),
    ]
    relapse = ClinicalEvent(patient="P01", kind="relapse", start_day=80)
    with_readout = study.model_copy(update={"events": (relapse,), "readouts": (late,)})
    assert after_final_events(with_readout) == ()


def test_no_window_holds_a_sample_after_death() -> None:
    result = deaths_before_six_months()
    table = trajectories(result)
    assert cohort_summary(table)["window"].tolist() == ["day 30", "day 100"]
    compared = compare_groups(table, groups_by(result.study, "sex"), windows=load_visit_windows())
    assert "6 months" not in set(compared["window"])
    assert recovery_areas(table, start=30, end=180)["days_seen"].max() == pytest.approx(70)
    assert immune_profile(table, result.study, "P00")["days_after_transplant"].max() == 100


def test_the_registry_sheet_takes_no_sample_after_death() -> None:
    sheet = registry_sheet(export_tables(deaths_before_six_months())).set_index("contact")
    assert list(sheet[sheet.index == "6 months"]["CD4_T_reported"]) == [""] * 6
    assert list(sheet[sheet.index == "day 100"]["CD4_T_reported"]) == ["120"] * 6


def test_no_line_goes_beyond_death() -> None:
    def on(day: int, *review: str) -> Point:
        return Point("t", "B", "cells_per_ul", "", day, "measured", 10.0, review=review)

    assert is_joined(on(30), on(60))
    assert not is_joined(on(60), on(99, AFTER_FINAL_EVENT))
    assert not is_joined(on(99, AFTER_FINAL_EVENT), on(120, AFTER_FINAL_EVENT))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    made = deaths_before_six_months()
    infection = ClinicalEvent(patient="P00", kind="cmv", start_day=130)
    study = made.study.model_copy(update={"events": (*made.study.events, infection)})
    out = tmp_path_factory.mktemp("report")
    return write_report(made.model_copy(update={"study": study}), out, software_version="1", forecasts=False)


def test_the_report_says_so_and_its_latest_value_is_of_life(report: ReportFiles) -> None:
    text = read_page(report.patients["P00"]).text
    assert "CD4 T: 120 cells/µL on day +100" in text
    assert "after death on day 100. Curves end before it" in text
    assert "The event 'CMV' is on day 130, after death on day 100." in text
    assert "The event 'CMV'" not in read_page(report.patients["P01"]).text
