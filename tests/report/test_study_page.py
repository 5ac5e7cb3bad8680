"""What the head of the laboratory reads about the study."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import Issue, Severity
from cytorecon.report import ReportFiles, write_report
from cytorecon.report.sections import load_report_spec
from cytorecon.store import StudyStore
from cytorecon.study.model import Patient, Study
from cytorecon.study.result import StudyResult
from tests.builders import FAILED_TUBE, tube, tube_result
from tests.report.pages import Page, read_page
from tests.report.studies import part
from tests.report.test_patient_page import table


@pytest.fixture(scope="module")
def index(report: ReportFiles) -> Page:
    return read_page(report.index)


def test_at_a_glance(index: Page) -> None:
    text = index.texts["facts"]
    assert text.startswith("At a glance Patients 3 Tubes 18, of which 17 analysed ")
    assert "Without a result 1 tube failed Days +14 to +365 To look at again 3 remarks" in text
    assert text.endswith("Gating templates tbnk 1 Analysed with cytorecon 0.1.0")


def test_each_patient_has_a_line_with_latest_values(index: Page) -> None:
    rows = table(index, "Patient", "Programme")
    assert list(rows) == ["P01", "P02", "P03"]
    assert rows["P02"]["CD4 T"] == "95 cells/µL day +365"
    assert rows["P02"]["Tubes analysed"] == "5 of 6"
    assert rows["P02"]["To look at"] == "▲ 1"
    assert rows["P03"]["To look at"] == "–"
    assert rows["P03"]["Age at day 0"] == "not known"
    assert index.links.count("patient_P02.html#review") == 1


def test_each_failed_tube_has_its_reason(index: Page) -> None:
    (row,) = table(index, "Patient", "Reason").values()
    assert row == {
        "Patient": "P02",
        "Day": "+60",
        "Tube": FAILED_TUBE,
        "Row of the sheet": "10",
        "Reason": "The file ends before its data do. Found: 61,440 bytes. Allowed: 1,048,576 bytes.",
    }


def test_milestones_over_all_patients(index: Page) -> None:
    rows = table(index, "Milestone")
    first = rows["CD4 T at least 50/µL within 100 days"]
    assert list(first.values())[1:-1] == ["2", "2", "day 100: 1 in time, 1 late", "–", "–"]
    confirmed = rows["CD4 T above 200/µL, confirmed"]
    assert list(confirmed.values())[1:-1] == ["3", "2", "–", "2", "1"]
    assert "Our reading: The sources name a value, not a confirmation" in confirmed["Source"]
    unknown = rows["CD4 T above 500/µL (children)"]
    assert (unknown["Applies to"], unknown["Reached"]) == ("1 (1 not assessable)", "0")


def test_few_patients_have_a_number_per_window_but_no_median(index: Page) -> None:
    rows = table(index, "Visit window")
    assert rows["day 60"]["CD4 T"] == "– n = 2"
    assert rows["day 100"]["CD4 T"] == "– n = 3"
    assert rows["day 100"]["Days"] == "+80 to +139"
    assert "A median needs 5 patients" in index.texts["cohort"]


def many_patients() -> StudyResult:
    """Return six patients on day +100, of whom two have no B cells."""
    names = [f"Q{number}" for number in range(6)]
    tubes = [tube(name, 100, row=2 + place) for place, name in enumerate(names)]
    curves = [
        {"CD4_T": 100.0 + 10 * place, "CD8_T": 50.0, "B": 0.0 if place < 4 else 40.0, "NK": 90.0}
        for place in range(6)
    ]
    patients = tuple(Patient(patient=name) for name in names)
    study = Study(name="many", patients=patients, tubes=tuple(tubes))
    results = tuple(tube_result(own, curve) for own, curve in zip(tubes, curves, strict=True))
    return StudyResult(study=study, tubes=results)


def test_with_enough_patients_there_are_medians_and_below_the_lloq_stays_words(tmp_path: Path) -> None:
    report = write_report(many_patients(), tmp_path, software_version="0.1.0")
    row = table(read_page(report.index), "Visit window")["day 100"]
    assert row["CD4 T"] == "125 112–138 n = 6"
    assert row["B"] == "<0.9 <0.9–<31 n = 6"


def test_rows_that_were_left_out_are_told_apart_from_rows_that_were_used(tmp_path: Path, index: Page) -> None:
    assert "left_out" not in index.texts
    whole = part("P03")
    issues = (
        Issue("sheet.day", Severity.ERROR, "row 7, column day", "The day is missing.", "Fill it in."),
        Issue("sheet.unit", Severity.WARNING, "row 8, column wbc", "4.2 cells/µL is unusual."),
    )
    result = StudyResult(study=whole.study.model_copy(update={"issues": issues}), tubes=whole.tubes)
    page = read_page(write_report(result, tmp_path, software_version="0.1.0").index)
    assert "row 7, column day: The day is missing. Fill it in." in page.texts["left_out"]
    assert "row 8" not in page.texts["left_out"]
    assert "These rows were used." in page.texts["sheet_remarks"]
    assert "row 8, column wbc: 4.2 cells/µL is unusual." in page.texts["sheet_remarks"]


def test_tubes_that_wait_for_analysis_are_not_called_failed(tmp_path: Path) -> None:
    whole = part("P03")
    with StudyStore.create(tmp_path / "study", whole.study, "{}", software_version="0.1.0") as store:
        store.save_tube(whole.study.tubes[0], whole.tubes[0])
        result = store.result(plots=False)
    page = read_page(write_report(result, tmp_path / "out", software_version="0.1.0").index)
    assert "Tubes 6, of which 1 analysed" in page.texts["facts"]
    assert "Without a result 0 tubes failed, 5 not analysed yet" in page.texts["facts"]
    assert page.texts["failed"].count("This tube has not been analysed yet.") == 5


def test_a_long_list_of_remarks_is_cut_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = load_report_spec().model_copy(update={"study_page_remarks": 1, "milestone_figure_patients": 0})
    monkeypatch.setattr("cytorecon.report.write.load_report_spec", lambda: short)
    page = read_page(write_report(part("P01"), tmp_path, software_version="0.1.0").index)
    (shown,) = [rows for rows in page.tables if rows[0][0] == "How much"]
    assert len(shown) == 2
    assert "1 more, of the same or lesser weight, are on the pages of the patients." in page.texts["review"]
    assert [name for name in page.figures if "milestone" in name] == []


def test_figures_of_the_study(index: Page) -> None:
    assert list(index.figures) == [
        "data-cohort",
        "data-milestone-cd4_50_d100",
        "data-milestone-cd4_200",
        "data-milestone-b_50",
    ]
