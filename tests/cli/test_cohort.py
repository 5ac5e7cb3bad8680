"""``milestones`` and ``cohort``: the tables of a study through the command line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.cli.cohort import made
from cytorecon.cli.tables import StudyTables
from cytorecon.milestone import milestones
from cytorecon.trajectory import trajectories
from tests import builders

TABLES = {"areas", "cumulative_incidence", "landmark", "model", "ratios", "time_to_milestone", "windows"}


@pytest.fixture(scope="module")
def study(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = str(tmp_path_factory.mktemp("cohort") / "study")
    assert main(["batch", str(cohort / "manifest.csv"), "--out", place, "--jobs", "1"]) == 0
    return place


def test_milestones_of_each_patient(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["milestones", study, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"cd4_200", "b_50"} <= {row["milestone"] for row in rows}
    assert all(row["reading"] for row in rows)
    assert main(["milestones", study]) == 0
    assert "cd4_200" in capsys.readouterr().out


def test_a_cohort_as_files_and_as_json(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tables"
    assert main(["cohort", study, "--milestone", "b_50", "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    tables = json.loads(captured.out)
    assert {path.stem for path in out.iterdir()} == set(tables) >= TABLES - {"model"}
    for name, rows in tables.items():
        with (out / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows)
    assert {row["milestone"] for row in tables["cumulative_incidence"]} == {"b_50"}
    # Two patients: a number and nothing else.
    patients = len({row["patient"] for row in tables["areas"]})
    rows = tables["cumulative_incidence"]
    found = {(row["n"], row["suppressed"], row["probability"]) for row in rows}
    assert found == {(patients, True, None)}
    assert "map: scores: There are too few patients or columns for a map." in captured.err
    assert main(["cohort", study]) == 0
    assert "too few patients" in capsys.readouterr().out


def test_what_cannot_be_asked(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cohort", study, "--by", "height"]) == 1
    assert capsys.readouterr().err == (
        "error: groups, by: Groups cannot be made by this column. Found: height. "
        "Allowed: programme, sex, graft, age_years, anchors.\n"
    )
    assert main(["cohort", study, "--milestone", "cd4_51"]) == 1
    assert capsys.readouterr().err.startswith(
        "error: cohort, milestone: There is no such milestone. Found: cd4_51. Allowed: cd4_50_confirmed_d100"
    )


def test_groups_are_compared_where_there_are_two() -> None:
    result = builders.study_result()
    table = trajectories(result)
    reached = milestones(table, result.study)
    tables, left_out = made(StudyTables(result.study, table, reached), "sex", ["b_50"])
    assert {"groups", *TABLES} - {"model"} <= set(tables) | set(left_out)
    assert "clusters" in left_out


def test_help_loads_no_statistics() -> None:
    code = (
        "import sys; from cytorecon.cli import main; main(['--help']); "
        "sys.exit(any(name in sys.modules for name in ('numpy', 'statsmodels', 'sklearn', 'lifelines')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
