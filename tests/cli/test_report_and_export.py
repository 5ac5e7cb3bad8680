"""``report`` with its formats, patients and gates, and ``export``."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from cytorecon.cli import main
from cytorecon.interop import export_files, export_tables
from cytorecon.store import StudyStore
from tests.dashboard.studies import save_study
from tests.report.pages import read_page
from tests.report.pdf_text import page_texts


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the place of the hand-made study."""
    return str(save_study(tmp_path_factory.mktemp("stored") / "study"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_patient_in_both_formats(stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["report", stored, "--patient", "P02", "--format", "html,pdf", "--date", "2026-11-22"]
    assert main([*words, "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    assert names(out) == ["sheet_P02.html", "sheet_P02.pdf"]
    files = [str(out / "sheet_P02.html"), str(out / "sheet_P02.pdf")]
    assert captured.err.splitlines() == [f"Report: {file}" for file in files]
    assert json.loads(captured.out) == {"sheets": {"P02": files}}
    first = page_texts((out / "sheet_P02.pdf").read_bytes())[0]
    assert "DRAFT:NOTAPPROVED" in first
    assert "madeon2026-11-22" in first


def test_all_patients_as_pdf_and_no_page_of_the_study(stored: str, tmp_path: Path) -> None:
    assert main(["report", stored, "--format", "pdf", "--out", str(tmp_path)]) == 0
    assert names(tmp_path) == ["sheet_P01.pdf", "sheet_P02.pdf", "sheet_P03.pdf"]


def test_the_whole_report_with_gates(stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["report", stored, "--gates", "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert captured.err.splitlines() == [
        f"Report: {out / 'index.html'}",
        f"Tubes: {out / 'tubes/index.html'}",
    ]
    assert list(said) == ["index", "patients", "tables", "sheets", "tubes"]
    assert said["sheets"]["P01"] == [str(out / "sheet_P01.html")]
    index = read_page(out / "tubes" / "index.html")
    assert len(index.links) == 18
    assert "svg" in read_page(out / "tubes" / index.links[0]).tags


def test_gates_of_one_patient(stored: str, tmp_path: Path) -> None:
    assert main(["report", stored, "--gates", "--patient", "P01", "--out", str(tmp_path)]) == 0
    assert names(tmp_path) == ["sheet_P01.html", "tubes"]
    assert len(read_page(tmp_path / "tubes" / "index.html").links) == 6


def test_marks_between_tubes_are_on_the_pages_of_tubes(tmp_path: Path) -> None:
    place = save_study(tmp_path / "study")
    out = tmp_path / "out"
    assert main(["report", str(place), "--gates", "--out", str(out)]) == 0
    with StudyStore.open(place) as store:
        result = store.result(plots=False)
    marked = {tube.tube for tube in result.tubes if any(count.review for count in tube.counts)}
    rows = {row[0]: row[5] for row in read_page(out / "tubes" / "index.html").tables[0][1:]}
    assert {tube for tube, standing in rows.items() if standing.startswith("▲")} >= marked


NO_FORMAT = (
    "error: --format: This cannot be written. Found: docx. "
    "Allowed: html, pdf; several with commas between them.\n"
)
NO_PATIENT = "error: patient: The study has no such patient. Found: P7. Allowed: P01, P02, P03.\n"


@pytest.mark.parametrize(
    ("words", "message"), [(["--format", "docx"], NO_FORMAT), (["--patient", "P7"], NO_PATIENT)]
)
def test_what_cannot_be_reported(
    words: list[str], message: str, stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["report", stored, *words, "--out", str(out)]) == 1
    assert capsys.readouterr().err == message
    assert not out.exists()


def test_an_export_is_that_of_the_core(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    formats = "csv,xlsx,registry,fhir,redcap"
    assert main(["export", stored, "--format", formats, "--out", str(out), "--json"]) == 0
    with StudyStore.open(stored) as store:
        expected = export_files(
            export_tables(store.result(plots=False)), ("csv", "xlsx", "registry", "fhir", "redcap")
        )
    captured = capsys.readouterr()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == dict(expected)
    assert json.loads(captured.out) == {"files": [str(out / name) for name in expected]}
    assert captured.err.splitlines() == [str(out / name) for name in expected]
    assert openpyxl.load_workbook(out / "study.xlsx").sheetnames == [
        "counts", "trajectories", "milestones", "tubes",
    ]  # fmt: skip


def test_an_export_replaces_an_earlier_one_and_nothing_else(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", stored, "--format", "registry,fhir,xlsx,parquet", "--out", str(tmp_path)]
    assert main(words) == 0
    assert main(words) == 0
    mine = tmp_path / "registry.csv"
    mine.write_text("name,phone\n", encoding="utf-8")
    capsys.readouterr()
    assert main(words) == 1
    assert capsys.readouterr().err == (
        f"error: {mine}, --out: This cannot be written over; it was left as it is. "
        "Found: a file of another kind. Allowed: a new file, or an earlier export. Name another place.\n"
    )
    assert mine.read_text(encoding="utf-8") == "name,phone\n"


def test_no_format_is_asked_for(stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", stored, "--format", "fcs", "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == (
        "error: --format: This cannot be written. Found: fcs. "
        "Allowed: csv, parquet, xlsx, registry, fhir, redcap; several with commas between them.\n"
    )
    assert not (tmp_path / "out").exists()


def test_no_path_or_date_is_in_any_export(stored: str, tmp_path: Path) -> None:
    assert main(["export", stored, "--format", "csv,registry,fhir,redcap", "--out", str(tmp_path)]) == 0
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert stored.encode() not in content
        assert b".fcs" not in content
