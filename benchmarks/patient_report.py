"""CPU time of the report of one patient as a whole command: ``python -m benchmarks.patient_report``.

Once on the sample cohort, and once on a stored study of 1,000 patients with 10 visits each, whose results are
those of the sample cohort's tubes with other names. The command runs as a process of its own, its start and
imports included.

Measured on 22 November 2026 on two cores that others used (load 6), HTML, in turns, fastest run, before and
after whole results were read of that patient only and imports were cut: sample cohort 4.4 and 3.3 s (7
runs), 200 patients 8.4 and 5.8 s (3 runs), 1,000 patients 24.9 s with 1,146 MB and 15.7 s with 636 MB (1
run). On the otherwise idle machine the sample cohort took 2.1 s (PDF) and 2.3 s (both), with 290 MB. What
grows with the study is reading the counts of all tubes and making trajectories of them: 3 s are not reached
with hundreds of patients.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import cycle
from pathlib import Path

from benchmarks.steps import SAMPLE_MANIFEST
from cytorecon.jobs import run_batch
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Patient, Study, Tube
from cytorecon.study.result import StudyResult

DAYS = (14, 30, 60, 100, 180, 270, 365, 450, 545, 730)


def main() -> None:
    """Print CPU seconds and peak memory of the fastest of several runs, for both studies."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patient_report")
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3, help="runs; the fastest counts")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample, large = Path(folder) / "sample", Path(folder) / "large"
        result = run_batch(SAMPLE_MANIFEST, sample, jobs=1)
        store_copies(result, large, patients=chosen.patients)
        for title, study, patient in (
            ("sample cohort", sample, "P01"),
            (f"{chosen.patients} patients x {len(DAYS)} visits", large, "P0001"),
        ):
            for formats in ("pdf", "html,pdf"):
                runs = [report(study, patient, formats, Path(folder)) for _ in range(chosen.repeat)]
                seconds, megabytes = min(runs)
                print(f"{title:32}{formats:10}{seconds:8.2f} s CPU{megabytes:8.0f} MB peak", flush=True)


def report(study: Path, patient: str, formats: str, folder: Path) -> tuple[float, float]:
    """Run the command; return its CPU seconds and its peak memory in MB."""
    command = [sys.executable, "-m", "cytorecon", "report", str(study), "--patient", patient]
    started = subprocess.Popen(
        [*command, "--format", formats, "--out", tempfile.mkdtemp(dir=folder)], stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(started.pid, 0)
    if status:
        raise SystemExit(f"The report of {patient} ended with status {status}.")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def store_copies(result: StudyResult, place: Path, *, patients: int) -> None:
    """Store a study whose tubes have the results of `result` in turn, without pictures."""
    known = cycle(outcome for outcome in result.tubes if outcome.status == "done")
    people, tubes, results = [], [], []
    for number in range(patients):
        name = f"P{number:04d}"
        people.append(Patient(patient=name, age_years=40.0, sex="female", programme="allo_hsct"))
        for day in DAYS:
            tube = Tube(tube=f"{name}/d{day}/1", patient=name, day=day, template="tbnk")
            tubes.append(tube)
            results.append(copied(next(known), tube))
    study = Study(name="made", patients=tuple(people), tubes=tuple(tubes))
    with StudyStore.create(place, study, "{}", software_version="benchmark") as store:
        for tube, outcome in zip(tubes, results, strict=True):
            store.save_tube(tube, outcome)


def copied(outcome: TubeResult, tube: Tube) -> TubeResult:
    """Return a result as that of another tube, of a file of its own."""
    source = outcome.provenance.model_copy(update={"file_sha256": tube.tube.encode().hex().zfill(64)[-64:]})
    return outcome.model_copy(update={"tube": tube.tube, "plots": (), "provenance": source})


if __name__ == "__main__":
    main()
