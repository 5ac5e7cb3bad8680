from __future__ import annotations

import csv
import gzip
import hashlib
from pathlib import Path

import flowio
import numpy as np
import pytest

from cytorecon.fcs import read_fcs
from cytorecon.fcs.spillover import spillover_text
from cytorecon.simulate import SimulatedCohort, SimulationError, simulate_cohort, write_cohort


def small(patients: int = 2) -> SimulatedCohort:
    return simulate_cohort(patients=patients, visits=2, events=900, seed=12)


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_same_seed_gives_the_same_bytes_in_every_file(tmp_path: Path) -> None:
    write_cohort(small(), tmp_path / "one", event_truth=True)
    write_cohort(small(), tmp_path / "two", event_truth=True)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    assert len(hashes(tmp_path / "one")) == 4 + 4 + 4


def test_fcs_reads_back_as_it_was_made(tmp_path: Path) -> None:
    cohort = small()
    write_cohort(cohort, tmp_path / "out")
    for visit, tube in cohort.tubes():
        sample = read_fcs(tmp_path / "out" / visit.file)
        assert sample.issues == ()
        assert np.array_equal(sample.events[:, :-1], tube.events[:, :-1])
        # A reader gives Time in seconds, so does the tube's own sample; float32 rounding apart.
        assert np.allclose(sample.events[:, -1], tube.events[:, -1] * 0.01, rtol=1e-6)
        assert np.allclose(sample.events[:, -1], tube.sample().events[:, -1], rtol=1e-6)
        assert [(c.name, c.marker_text, c.role, c.aspect, c.maximum, c.markers) for c in sample.channels] == [
            (c.name, c.marker_text, c.role, c.aspect, c.maximum, c.markers) for c in tube.sample().channels
        ]
        assert sample.spillover is not None
        assert sample.spillover.channels == tube.spillover.channels
        assert np.array_equal(sample.spillover.matrix, tube.spillover.matrix)


def test_another_reader_agrees(tmp_path: Path) -> None:
    cohort = small(patients=1)
    write_cohort(cohort, tmp_path / "out")
    visit, tube = next(cohort.tubes())
    other = flowio.FlowData(tmp_path / "out" / visit.file)
    assert other.version == "3.1"
    assert np.array_equal(other.as_array(preprocess=False).astype(np.float32), tube.events)
    assert other.text["spillover"] == spillover_text(tube.spillover)


def test_files_carry_no_date_and_say_that_they_are_simulated(tmp_path: Path) -> None:
    cohort = small(patients=1)
    write_cohort(cohort, tmp_path / "out")
    keywords = read_fcs(tmp_path / "out" / cohort.visits[0].file).keywords
    assert keywords["$COM"] == "SYNTHETIC - simulated data, never a reference"
    assert keywords["$CYT"] == "cytorecon simulator"
    assert keywords["$TIMESTEP"] == "0.01"
    assert keywords["$DATATYPE"] == "F"
    assert not {"$DATE", "$BTIM", "$ETIM", "$SRC", "$OP", "$FIL"} & set(keywords)


def test_manifest_has_the_columns_of_the_study_loader(tmp_path: Path) -> None:
    cohort = small()
    write_cohort(cohort, tmp_path / "out")
    found = rows(tmp_path / "out" / "manifest.csv")
    assert list(found[0]) == [
        "file", "patient", "day", "visit", "panel", "wbc_cells_per_ul", "lymphocytes_cells_per_ul",
        "beads_per_tube", "bead_lot", "blood_volume_ul", "dilution",
        "pipetting_cv_percent", "beads_cv_percent", "wbc_cv_percent", "lymphocytes_cv_percent",
    ]  # fmt: skip
    assert [row["file"] for row in found] == [visit.file for visit in cohort.visits]
    for row, visit in zip(found, cohort.visits, strict=True):
        assert (tmp_path / "out" / row["file"]).is_file()
        assert row["panel"] == "tbnk"
        assert float(row["beads_per_tube"]) == visit.spec.beads_per_tube
        assert (row["blood_volume_ul"], row["dilution"]) == ("50", "1")
        assert (row["pipetting_cv_percent"], row["beads_cv_percent"]) == ("2", "0")
        assert (row["wbc_cv_percent"], row["lymphocytes_cv_percent"]) == ("3", "5")


def test_patients_and_events_have_their_columns(tmp_path: Path) -> None:
    cohort = simulate_cohort(patients=12, visits=3, events=300, seed=12)
    write_cohort(cohort, tmp_path / "out")
    patients = rows(tmp_path / "out" / "patients.csv")
    assert list(patients[0]) == [
        "patient", "age_years", "sex", "programme", "graft", "anchor", "anchor_kind",
    ]  # fmt: skip
    assert {row["anchor"] for row in patients} == {"HCT1"}
    events = rows(tmp_path / "out" / "events.csv")
    assert list(events[0]) == ["patient", "kind", "label", "start_day", "end_day", "ongoing"]
    last = {visit.patient: visit.day for visit in cohort.visits}
    for row in events:
        assert int(row["start_day"]) <= last[row["patient"]]
        assert row["ongoing"] in {"true", "false"}
        if row["end_day"]:
            assert row["ongoing"] == "false"
            assert int(row["end_day"]) <= last[row["patient"]]
    assert any(row["ongoing"] == "true" for row in events)


def test_truth_is_that_of_the_tubes(tmp_path: Path) -> None:
    cohort = small()
    write_cohort(cohort, tmp_path / "out")
    found = rows(tmp_path / "out" / "truth.csv")
    assert list(found[0]) == [
        "patient", "days_after_transplant", "visit", "file", "population", "true_events", "true_cells_per_ul",
    ]  # fmt: skip
    expected = [
        (visit.file, str(visit.day), truth.population, str(truth.events), float(f"{truth.cells_per_ul:.10g}"))
        for visit, tube in cohort.tubes()
        for truth in tube.truth
    ]
    assert [
        (
            row["file"],
            row["days_after_transplant"],
            row["population"],
            row["true_events"],
            float(row["true_cells_per_ul"]),
        )
        for row in found
    ] == expected


def test_event_truth_has_one_row_per_event(tmp_path: Path) -> None:
    cohort = small(patients=1)
    write_cohort(cohort, tmp_path / "out", event_truth=True)
    for visit, tube in cohort.tubes():
        path = tmp_path / "out" / "truth_events" / f"{Path(visit.file).stem}.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
            found = list(csv.DictReader(handle))
        assert [row["event"] for row in found] == [str(n) for n in range(tube.events.shape[0])]
        assert [row["label"] for row in found] == tube.labels.tolist()
        assert [row["nkt_like"] == "true" for row in found] == tube.nkt_like.tolist()
        assert [row["source"] for row in found] == tube.sources.tolist()
        # Bytes 4-8 of a gzip header are the time of the file.
        assert path.read_bytes()[4:8] == b"\0\0\0\0"


def test_progress_is_told_after_each_tube(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_cohort(small(), tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_folder_without_manifest_is_what_an_interrupted_run_leaves(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_cohort(small(), tmp_path / "out", progress=stop)
    assert not (tmp_path / "out" / "manifest.csv").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(SimulationError) as error:
        write_cohort(small(), tmp_path / "mine")
    assert str(error.value) == (
        "mine: The simulated cohort needs a new or empty folder. Found: a folder with files. "
        "Name another folder, or empty this one first."
    )
    assert list(hashes(tmp_path / "mine")) == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(SimulationError) as error:
        write_cohort(small(), tmp_path / "out")
    assert str(error.value) == (
        "out: The simulated cohort needs a new or empty folder. Found: a file. "
        "Name another folder, or empty this one first."
    )
