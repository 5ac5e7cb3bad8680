"""The command line and the dashboard show the same numbers for one study."""

from __future__ import annotations

import base64
import csv
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.jobs import add_tube
from cytorecon.store import StudyStore
from dashboard.services.gates import population_rows
from dashboard.services.patients import patient_view
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import StudyService
from dashboard.services.typed_numbers import read_typed
from dashboard.services.upload_checks import UploadForm
from dashboard.services.uploads import upload
from tests.dashboard.analysis import InstantDesk
from tests.jobs.lab import tube_bytes

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


def test_an_upload_with_cvs_has_the_interval_of_a_batch_with_them(tmp_path: Path) -> None:
    said = {
        "beads_per_tube": "50000",
        "blood_volume_ul": "50",
        "pipetting_cv_percent": "5",
        "beads_cv_percent": "2.5",
    }
    content = tube_bytes(5)
    (tmp_path / "a.fcs").write_bytes(content)
    (tmp_path / "manifest.csv").write_text(
        f"file,patient,day,{','.join(said)}\na.fcs,P01,30,{','.join(said.values())}\n", encoding="utf-8"
    )
    assert main(["batch", str(tmp_path / "manifest.csv"), "--out", str(tmp_path / "study")]) == 0
    # the same events, by its bytes another file
    contents = "data:;base64," + base64.b64encode(content + b" ").decode()
    typed = read_typed(said).values
    with StudyStore.open(tmp_path / "study") as store:
        service = StudyService(store, InstantDesk(store, add_tube))
        for day, numbers in ((60, typed), (90, {field: typed[field] for field in list(said)[:2]})):
            form = UploadForm(
                contents=contents,
                patient="P01",
                day=day,
                beads_per_tube=numbers["beads_per_tube"],
                blood_volume_ul=numbers["blood_volume_ul"],
                pipetting_cv_percent=numbers.get("pipetting_cv_percent"),
                beads_cv_percent=numbers.get("beads_cv_percent"),
            )
            contents = "data:;base64," + base64.b64encode(content + b"  ").decode()
            assert upload(service, form).problems == ()
        from_sheet, from_form, without = (store.tube_result(f"P01/d{day}/1") for day in (30, 60, 90))
    assert from_form.counts == from_sheet.counts
    assert [count.cells_per_ul for count in without.counts] == [
        count.cells_per_ul for count in from_form.counts
    ]
    wider, narrower = (
        [
            count.cells_per_ul_high - count.cells_per_ul_low
            for count in result.counts
            if count.events and count.cells_per_ul_high is not None and count.cells_per_ul_low is not None
        ]
        for result in (from_form, without)
    )
    assert narrower
    assert all(wide > narrow for wide, narrow in zip(wider, narrower, strict=True))
