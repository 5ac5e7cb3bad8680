"""The folder: what is in it, and what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from cytorecon.cohort import cohort_summary
from cytorecon.errors import Issue, Severity, StoreError
from cytorecon.event_free import event_free_summary
from cytorecon.figures.harmless import harmless
from cytorecon.milestone import due_tests, milestones
from cytorecon.report import Making, ReportFiles, write_patient_sheets, write_report
from cytorecon.results import Provenance
from cytorecon.study.model import Patient, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import csv_text, tidy_counts, tube_status
from cytorecon.trajectory import trajectories
from tests.builders import study_result
from tests.report.pages import read_page
from tests.report.studies import part

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def pages_of(report: ReportFiles) -> list[Path]:
    return [report.index, *report.patients.values()]


def test_what_is_written(report: ReportFiles) -> None:
    assert list(files_of(report.folder)) == [
        "assets/plotly.min.js", "assets/report.css", "assets/report.js", "cohort.csv", "counts.csv",
        "cumulative_incidence.csv", "due_tests.csv", "event_free.csv", "expected_visits.csv",
        "index.html", "landmark.csv", "mean_levels.csv", "milestones.csv", "patient_P01.html",
        "patient_P02.html", "patient_P03.html", "profiles.csv", "time_to_milestone.csv",
        "trajectories.csv", "tubes.csv",
    ]  # fmt: skip
    assert report.index == report.folder / "index.html"
    assert {name: page.name for name, page in report.patients.items()} == {
        "P01": "patient_P01.html",
        "P02": "patient_P02.html",
        "P03": "patient_P03.html",
    }


def test_the_tables_are_those_of_the_package(report: ReportFiles) -> None:
    result = study_result()
    curves = trajectories(result)
    expected = {
        "counts.csv": tidy_counts(result),
        "trajectories.csv": curves,
        "milestones.csv": milestones(curves, result.study),
        "cohort.csv": cohort_summary(curves),
        "event_free.csv": event_free_summary(curves, result.study),
        "due_tests.csv": due_tests(curves, result.study),
        "tubes.csv": tube_status(result),
    }
    # no milestone of these patients is open, so none is expected (expected_milestones.csv)
    cohort_and_outlook = {
        "cumulative_incidence.csv", "expected_visits.csv", "landmark.csv",
        "mean_levels.csv", "profiles.csv", "time_to_milestone.csv",
    }  # fmt: skip
    assert {path.name for path in report.tables} == set(expected) | cohort_and_outlook
    for name, frame in expected.items():
        assert (report.folder / name).read_bytes() == csv_text(frame).encode()


def test_pages_need_no_network_and_share_one_plotly(report: ReportFiles) -> None:
    assert (report.folder / "assets/plotly.min.js").read_text(encoding="utf-8") == get_plotlyjs()
    for path in pages_of(report):
        page = read_page(path)
        assert page.loaded == ["assets/report.css", "assets/plotly.min.js", "assets/report.js"]
        assert path.stat().st_size < 1_000_000
        for link in page.links:
            target, _, place = link.partition("#")
            assert target == "" or (report.folder / target).is_file(), link
            if not target:
                assert place in page.ids
    for name in ("report.css", "report.js"):
        assert "http" not in (report.folder / "assets" / name).read_text(encoding="utf-8")


def test_each_page_says_research_use_only_and_who_wrote_it(report: ReportFiles) -> None:
    for path in pages_of(report):
        text = read_page(path).text
        assert "Research use only" in text
        assert "Report written by cytorecon 0.1.0." in text
        # the picture of the immune profile says it itself: it may be taken out of the page
        pictures = 0 if path == report.index else 1
        assert path.read_text(encoding="utf-8").count("Research use only") == 2 + pictures


def test_identifiers_of_a_page_are_unique(report: ReportFiles) -> None:
    for path in pages_of(report):
        ids = read_page(path).ids
        assert len(ids) == len(set(ids))


def test_the_same_study_gives_the_same_bytes(report: ReportFiles, tmp_path: Path) -> None:
    again = write_report(study_result(), tmp_path / "elsewhere", software_version="0.1.0")
    assert files_of(again.folder) == files_of(report.folder)


def test_progress_is_told_after_each_page_and_a_later_report_replaces_the_earlier(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        told.append((done, of))

    write_report(part("P02", "P03"), tmp_path, software_version="0.1.0", progress=progress)
    assert told == [(1, 3), (2, 3), (3, 3)]
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "patient_mine.html").write_text("<p>my own page</p>", encoding="utf-8")
    write_report(part("P03"), tmp_path, software_version="0.1.0")
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "cohort.csv", "counts.csv", "cumulative_incidence.csv", "due_tests.csv", "event_free.csv",
        "expected_visits.csv", "index.html", "landmark.csv", "mean_levels.csv", "milestones.csv",
        "notes.txt", "patient_P03.html",
        "patient_mine.html", "profiles.csv", "time_to_milestone.csv", "trajectories.csv", "tubes.csv",
    ]  # fmt: skip
    assert "P02" not in read_page(tmp_path / "index.html").text


def test_reports_of_patients_beside_the_pages_and_those_of_patients_who_left_go(tmp_path: Path) -> None:
    sheets = Making(("html", "pdf"), "0.1.0")
    written = write_report(part("P02", "P03"), tmp_path, software_version="0.1.0", sheets=sheets)
    assert {name: [file.name for file in own] for name, own in written.sheets.items()} == {
        "P02": ["sheet_P02.html", "sheet_P02.pdf"],
        "P03": ["sheet_P03.html", "sheet_P03.pdf"],
    }
    (tmp_path / "sheet_mine.pdf").write_bytes(b"%PDF-1.4 mine")
    write_report(part("P03"), tmp_path, software_version="0.1.0", sheets=sheets)
    assert sorted(path.name for path in tmp_path.glob("sheet_*")) == [
        "sheet_P03.html", "sheet_P03.pdf", "sheet_mine.pdf",
    ]  # fmt: skip


def test_the_report_of_a_patient_is_the_same_alone_and_beside_the_pages(tmp_path: Path) -> None:
    sheets = Making(("html", "pdf"), "0.1.0")
    beside = write_report(part("P02", "P03"), tmp_path / "a", software_version="0.1.0", sheets=sheets)
    alone = write_patient_sheets(part("P02", "P03"), tmp_path / "b", sheets, patients=["P03"], forecasts=True)
    assert [file.read_bytes() for file in beside.sheets["P03"]] == [
        file.read_bytes() for file in alone["P03"]
    ]


def test_a_page_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>My site</h1>", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        write_report(study_result(), tmp_path, software_version="0.1.0")
    assert str(caught.value) == (
        f"{tmp_path}: The folder holds a page that is no report of cytorecon; it was left as it is. "
        "Found: index.html. Allowed: a new or empty folder, or an earlier report. Choose another folder."
    )
    assert files_of(tmp_path) == {"index.html": b"<h1>My site</h1>"}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    out = tmp_path / "file" / "report"
    with pytest.raises(StoreError) as caught:
        write_report(study_result(), out, software_version="0.1.0")
    assert str(caught.value) == (
        f"{out}: The report cannot be written. Found: Not a directory. "
        "Allowed: a folder that this user may write, and free space. Choose another folder, or make room."
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    """Give a report with markup, paths and dates wherever somebody's text or file can bring them."""
    whole = part("P01", "P02")
    names = {"P01": HOSTILE, "P02": "../../P02"}
    patients = tuple(
        patient.model_copy(update={"patient": names[patient.patient], "graft": HOSTILE})
        for patient in whole.study.patients
    )
    tubes = tuple(
        tube.model_copy(
            update={
                "patient": names[tube.patient], "visit": HOSTILE, "bead_lot": "2026-03-04",
                "path": Path("/data/MUELLER_ANNA/2026-03-04.fcs"), "template": "/home/ANNA/own.yaml",
            }
        )
        for tube in whole.study.tubes
    )  # fmt: skip
    events = tuple(
        event.model_copy(update={"patient": names[event.patient], "label": HOSTILE})
        for event in whole.study.events
    )
    issue = Issue("sheet.row", Severity.ERROR, HOSTILE, HOSTILE, HOSTILE)
    study = Study(name=HOSTILE, patients=patients, tubes=tubes, events=events, issues=(issue,))
    source = Provenance(file_sha256="ab" * 32, template="own.yaml", spillover_source="ANNA.csv")
    results = tuple(
        result.model_copy(
            update={"issues": (issue,), "provenance": source}
            | ({"error": HOSTILE} if result.status == "failed" else {})
        )
        for result in whole.tubes
    )
    folder = tmp_path_factory.mktemp("hostile") / "out"
    return write_report(StudyResult(study=study, tubes=results), folder, software_version="0.1.0")


def test_text_from_outside_stays_text(hostile: ReportFiles) -> None:
    assert [path.name for path in hostile.folder.parent.iterdir()] == ["out"]
    assert {path.parent for path in hostile.patients.values()} == {hostile.folder}
    for path in pages_of(hostile):
        page = read_page(path)
        assert "img" not in page.tags
        assert "onerror" not in page.attributes
        assert page.loaded == ["assets/report.css", "assets/plotly.min.js", "assets/report.js"]
    page = read_page(hostile.patients[HOSTILE])
    assert HOSTILE in page.text
    drawn = json.dumps(page.figures, ensure_ascii=False)
    assert json.dumps(harmless(HOSTILE))[1:-1] in drawn, "the label of an event is text in the figure"
    assert "<script" not in drawn


def test_no_path_file_name_or_date_is_in_any_file(hostile: ReportFiles) -> None:
    for name, content in files_of(hostile.folder).items():
        if name != "assets/plotly.min.js":
            for trace in (b"MUELLER", b".fcs", b"/data/", b"/home/", b"ANNA",
                          str(hostile.folder.parent).encode()):  # fmt: skip
                assert trace not in content, (name, trace)
            assert not re.search(rb"\b(19|20)\d\d-\d\d-\d\d\b", content), name
            # a year; digits within a number of a figure are none
            assert not re.search(rb"(?<![\d.])2026(?!\d)", content), name


def test_a_study_without_patients(tmp_path: Path) -> None:
    nothing = StudyResult(study=Study(name="Empty", patients=(), tubes=()), tubes=())
    report = write_report(nothing, tmp_path, software_version="0.1.0")
    page = read_page(report.index)
    assert "The study has no patients." in page.texts["patients"]
    assert report.patients == {}


def test_a_patient_whose_only_tube_failed_and_one_without_tubes(tmp_path: Path) -> None:
    tube = Tube(tube="P1/d9/1", patient="P1", day=9, row=2)
    study = Study(name="s", patients=(Patient(patient="P1"), Patient(patient="P2")), tubes=(tube,))
    failed = study_result().tube("P02/d60/1").model_copy(update={"tube": "P1/d9/1"})
    report = write_report(StudyResult(study=study, tubes=(failed,)), tmp_path, software_version="0.1.0")
    page = read_page(report.patients["P1"])
    assert "1 tube without a result" in page.texts["summary"]
    assert "No population could be counted" in page.texts["latest"]
    assert "There is nothing to draw." in page.texts["trajectories"]
    assert page.figures == {}
    assert failed.error in read_page(report.index).texts["failed"]
    assert "Tubes analysed 0 of 0" in read_page(report.patients["P2"]).texts["summary"]
