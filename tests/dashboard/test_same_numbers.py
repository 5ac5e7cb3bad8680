"""The command line and the dashboard show the same numbers for one study."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cytorecon.cli import main
from dashboard.services.gates import population_rows
from dashboard.services.patients import patient_view
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import StudyService

Key = tuple[str, str]


@pytest.fixture(scope="module")
def told_by_the_command_line(
    saved_study: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[Key, dict[str, str]]:
    file = tmp_path_factory.mktemp("counts") / "counts.csv"
    assert main(["counts", str(saved_study), "--out", str(file)]) == 0
    with file.open(encoding="utf-8", newline="") as opened:
        return {(row["tube"], row["population"]): row for row in csv.DictReader(opened)}


def test_cells_per_ul_on_the_patient_page(
    read_only: StudyService, told_by_the_command_line: dict[Key, dict[str, str]]
) -> None:
    snapshot = read_only.snapshot()
    compared = 0
    for patient in snapshot.patients:
        view = patient_view(snapshot, TrajectorySelection(measure="cells_per_ul", patient=patient))
        for visit in view.visits:
            for population, cell in visit.cells.items():
                row = told_by_the_command_line[visit.tube, population]
                words = row["cells_per_ul_reported"] or (
                    "not evaluable" if row["status"] == "not_evaluable" else "no count method"
                )
                assert cell.split(" (")[0].replace(",", "") == words
                compared += 1
    assert compared == 17 * 8


def test_events_and_concentrations_on_the_gates_page(
    read_only: StudyService, told_by_the_command_line: dict[Key, dict[str, str]]
) -> None:
    for result in read_only.snapshot().result.tubes:
        for count, shown in zip(result.counts, population_rows(result), strict=True):
            row = told_by_the_command_line[result.tube, count.population]
            assert shown.events.replace(",", "") == (row["events"] or "–")
            concentration = shown.cells_per_ul.removesuffix(" cells/µL").replace(",", "")
            assert concentration == (row["cells_per_ul_reported"] or "–")
