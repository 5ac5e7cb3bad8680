"""``cytorecon import-counts``: a study that every other command and the dashboard understand."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.store import StudyStore, verify_history
from dashboard.app import create_app
from dashboard.services.study import StudyService
from dashboard.services.tubes import worklist_rows
from tests.dashboard.analysis import instant

ROWS = (
    "patient,day,population,value,unit\nP01,30,CD4_T,<12,cells/µL\nP01,60,CD4_T,85,cells/µL\n"
    "P01,100,CD4_T,0.25,10^9/L\nP02,60,B,0.05,10^9/L\n"
)

#: Kills itself when it is about to write the third result.
KILLED = """
import os, signal, sys
from cytorecon.store import rows
write, written = rows.write_result, []

def killed(connection, result):
    written.append(result)
    if len(written) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(connection, result)

rows.write_result = killed
from cytorecon.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "Maria Muster.csv"
    file.write_text(ROWS, encoding="utf-8")
    (tmp_path / "patients.csv").write_text(
        "patient,age_years,programme\nP01,12,allo_hsct\nP02,40,allo_hsct\n", encoding="utf-8"
    )
    return file


def test_a_study_of_counts_is_understood_by_the_other_commands(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    assert main(["import-counts", str(table), "--out", str(study), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "study": str(study), "patients": 2, "visits": 4, "counts": 4, "issues": [],
    }  # fmt: skip
    assert main(["milestones", str(study), "--json"]) == 0
    found = {(row["patient"], row["milestone"]): row for row in json.loads(capsys.readouterr().out)}
    reached = found["P01", "cd4_50_d100"]
    assert (reached["status"], reached["after_day"], reached["by_day"]) == ("reached", 30, 60)
    assert main(["cohort", str(study), "--out", str(tmp_path / "cohort")]) == 0
    assert main(["report", str(study), "--out", str(tmp_path / "report")]) == 0
    for page in ("index.html", "patient_P01.html", "sheet_P01.html", "tubes.csv"):
        assert "not gated here" in (tmp_path / "report" / page).read_text(encoding="utf-8"), page
    assert main(["export", str(study), "--format", "csv,fhir", "--out", str(tmp_path / "export")]) == 0
    stored = b"".join(file.read_bytes() for file in study.rglob("*") if file.is_file())
    assert b"Maria" not in stored


def test_the_dashboard_shows_it(table: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    assert main(["import-counts", str(table), "--out", str(study)]) == 0
    create_app(study, desk=instant())
    store = StudyStore.open(study)
    rows = worklist_rows(StudyService(store, instant()(store)).snapshot())
    assert {row["panel"] for row in rows} == {"given, not gated here"}


def test_a_run_that_is_killed_leaves_no_part_of_a_study_and_the_next_one_works(
    table: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    command = ["import-counts", str(table), "--out", str(study)]
    done = subprocess.run([sys.executable, "-c", KILLED, *command], check=False, timeout=300)
    assert done.returncode == -signal.SIGKILL
    assert not StudyStore.exists(study)
    assert main(command) == 0
    with StudyStore.open(study) as store:
        assert len(store.done()) == 4
        assert [entry.tube for entry in store.history() if entry.what == "tube_saved"] == [
            tube.tube for tube in store.study().tubes
        ]
    assert verify_history(study).head


def test_nothing_is_stored_of_a_table_with_a_mistake(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(ROWS.replace("85", "many"), encoding="utf-8")
    assert main(["import-counts", str(table), "--out", str(tmp_path / "study")]) == 1
    assert not (tmp_path / "study").exists()
    said = capsys.readouterr().err
    assert "counts row 3, column value: This is not a number. Found: a word of 4 letters." in said
    assert "Maria" not in said


def test_a_study_that_is_there_is_left_as_it_is(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-counts", str(table), "--out", str(tmp_path / "study")]) == 0
    capsys.readouterr()
    assert main(["import-counts", str(table), "--out", str(tmp_path / "study")]) == 1
    assert "There is a study here already; it was left as it is." in capsys.readouterr().err
