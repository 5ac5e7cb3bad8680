"""Uploads that are kept: without names, analysed once, and again after a decision about a gate."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from cytorecon.cli import main
from cytorecon.cli.work import perform
from cytorecon.errors import FcsTruncatedError, StoreError
from cytorecon.gating.overrides import Override
from cytorecon.intake import receive
from cytorecon.jobs.addition import add_tube
from cytorecon.jobs.desk import JobDesk
from cytorecon.jobs.model import Job, Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.uploads import read_kept, regate_requests
from cytorecon.store import StudyStore, Work, WorkOutdatedError, WorkStoredError
from cytorecon.store.remote_blobs import open_blobs
from cytorecon.study.model import Patient, Tube
from tests.jobs.errands import errand_of
from tests.jobs.lab import NAME, make_study, tube_bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def content() -> bytes:
    return tube_bytes(6)


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "study"))


@pytest.fixture
def store(study: Path) -> Iterator[StudyStore]:
    with StudyStore.open(study) as store:
        yield store


@pytest.fixture
def upload(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / f"{NAME} Maria.fcs"
    path.write_bytes(content)
    return path


TUBE = Tube(tube="P01/d60/1", patient="P01", day=60, beads_per_tube=50_000.0, blood_volume_ul=50.0)


def taken(store: StudyStore, study: Path, upload: Path, tube: Tube = TUBE, **said: object) -> Job:
    request = Request.model_validate({"kind": "ingest", "tube": tube, **said})
    return JobDesk(store, study).take(upload, request)


def done(study: Path, job: Job) -> str:
    stages: list[str] = []
    outcome = perform(errand_of(study, job), stages.append)
    assert outcome.done, outcome.message
    return outcome.tube


def failure(study: Path, job: Job) -> str:
    outcome = perform(errand_of(study, job), lambda _stage: None)
    assert not outcome.done
    return outcome.message


def test_what_is_kept_is_the_sample_as_it_came(store: StudyStore, study: Path, upload: Path) -> None:
    came = receive(upload)
    job = taken(store, study, upload)
    kept = read_kept(store, open_blobs(study), job.request.file_sha256)
    np.testing.assert_array_equal(kept.sample.events, came.sample.events)
    assert kept.sample.channels == came.sample.channels
    assert kept.sample.issues == came.sample.issues
    assert kept.sample.sha256 == came.sample.sha256
    assert (kept.removed, kept.written) == (came.removed, came.written)


def test_no_name_reaches_the_disk(store: StudyStore, study: Path, upload: Path) -> None:
    done(study, taken(store, study, upload))
    kept = [path for path in study.rglob("*") if path.is_file()]
    assert {path.name for path in kept} > {"jobs.sqlite", "study.sqlite"}
    assert len([path for path in kept if path.suffix == ".fcs"]) == 1
    for path in kept:
        assert NAME.encode() not in path.read_bytes(), path
        assert NAME not in path.name


def test_a_job_gives_the_numbers_of_the_analysis_at_once(
    store: StudyStore, study: Path, upload: Path, made: Path, tmp_path: Path
) -> None:
    tube = done(study, taken(store, study, upload))
    assert tube == TUBE.tube
    with StudyStore.open(shutil.copytree(made, tmp_path / "other")) as other:
        assert store.tube_result(tube) == add_tube(other, upload, TUBE)


def test_a_job_that_is_done_twice_is_stored_once(store: StudyStore, study: Path, upload: Path) -> None:
    job = taken(store, study, upload)
    assert done(study, job) == done(study, job)
    saved = [entry for entry in store.history() if entry.tube == TUBE.tube]
    assert len(saved) == 1


def test_a_file_that_was_changed_on_its_disk_is_not_analysed(
    store: StudyStore, study: Path, upload: Path
) -> None:
    job = taken(store, study, upload)
    (blob,) = study.rglob("*.fcs")
    flipped = bytearray(blob.read_bytes())
    flipped[-20] ^= 1
    blob.write_bytes(flipped)
    assert failure(study, job) == (
        f"file {blob.stem[:12]}: A kept file was changed on its disk; it is not used. "
        "Found: another SHA-256. Allowed: the content that was put in. "
        "Restore it from a backup, and check the disk."
    )
    assert TUBE.tube not in [tube.tube for tube in store.study().tubes]


def test_a_file_that_is_not_kept_is_said(store: StudyStore, study: Path) -> None:
    with pytest.raises(StoreError) as caught:
        read_kept(store, open_blobs(study), "cd" * 32)
    assert str(caught.value) == (
        "file cdcdcdcdcdcd: The study does not keep this file. Allowed: a file that was uploaded, or "
        "analysed by a batch that keeps files. Upload it again, or run the batch again with its sheet."
    )


def test_a_file_that_cannot_be_read_is_refused_at_once_and_not_kept(
    store: StudyStore, study: Path, upload: Path
) -> None:
    upload.write_bytes(upload.read_bytes()[:2000])
    with pytest.raises(FcsTruncatedError) as caught:
        taken(store, study, upload)
    assert caught.value.subject == ""
    assert NAME not in str(caught.value)
    assert list(study.rglob("*.fcs")) == []
    assert JobDesk(store, study).jobs() == ()


def test_a_name_that_another_upload_got_meanwhile_becomes_the_next(
    store: StudyStore, study: Path, upload: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.fcs"
    other.write_bytes(tube_bytes(7))
    jobs = [taken(store, study, path) for path in (upload, other)]
    assert [done(study, job) for job in jobs] == ["P01/d60/1", "P01/d60/2"]
    assert store.tube_result("P01/d60/2").tube == "P01/d60/2"


def test_a_file_that_is_counted_meanwhile_is_told(store: StudyStore, study: Path, upload: Path) -> None:
    job = taken(store, study, upload)
    add_tube(store, upload, TUBE.model_copy(update={"tube": "P01/d61/1", "day": 61}))
    assert failure(study, job) == "This file was analysed already: tube P01/d61/1."


def test_a_new_patient_comes_with_the_tube(store: StudyStore, study: Path, upload: Path) -> None:
    patient = Patient(patient="P09", age_years=7.0)
    tube = TUBE.model_copy(update={"tube": "P09/d60/1", "patient": "P09"})
    job = taken(store, study, upload, tube, patient=patient)
    assert "P09" not in {known.patient for known in store.study().patients}
    done(study, job)
    assert store.study().patient("P09") == patient


def test_a_decision_is_followed_by_what_is_kept(store: StudyStore, study: Path, upload: Path) -> None:
    tube = done(study, taken(store, study, upload))
    before = store.tube_result(tube)
    words = ["--template", "tbnk", "--exclude", "--by", "AB", "--why", "stain failed"]
    assert main(["override", "add", str(study), "CD19", *words]) == 0
    with JobQueue(study) as queue:
        (job,) = [job for job in queue.jobs() if job.request.kind == "regate"]
    assert job.request.subject == tube
    done(study, job)
    after = store.tube_result(tube)
    assert after.provenance.overrides_sha256 != before.provenance.overrides_sha256
    (cells,) = [count for count in after.counts if count.population == "B"]
    assert cells.status == "not_evaluable"
    assert after.provenance.file_sha256 == before.provenance.file_sha256


def exclusion(gate: str) -> Override:
    return Override(
        action="exclude", template="tbnk", gate=gate, scope="template", by="AB", on=date(2026, 5, 4), why="x"
    )


def test_tubes_whose_files_are_not_kept_are_named(store: StudyStore, study: Path, upload: Path) -> None:
    tube = done(study, taken(store, study, upload))
    requests, without = regate_requests(store, exclusion("CD4"))
    assert [request.subject for request in requests] == [tube]
    assert without == ["P01/d30/1"]


def test_work_is_stored_once_and_with_the_decisions_it_followed(store: StudyStore) -> None:
    (tube,) = store.study().tubes
    result = store.tube_result(tube.tube)
    store.save_tube(tube, result, work=Work(key="k1", decisions=0))
    before = store.revision()
    with pytest.raises(WorkStoredError) as stored:
        store.save_tube(tube, result, work=Work(key="k1", decisions=0))
    assert stored.value.message == "The result of this job is stored already."
    store.add_override(exclusion("CD4"))
    with pytest.raises(WorkOutdatedError) as outdated:
        store.save_tube(tube, result, work=Work(key="k2", decisions=0))
    error = outdated.value
    assert (error.message, error.field, error.found, error.allowed, error.hint) == (
        "Gates were decided about meanwhile; nothing was changed.",
        "tube P01/d30/1",
        "decisions: 1",
        "0, which the result follows",
        "Analyse the tube again.",
    )
    assert store.revision() == before + 1
    assert (store.stored_by("k1"), store.stored_by("k2")) == (tube.tube, "")


@pytest.mark.parametrize(
    ("kind", "formats", "names"),
    [("report", ("html",), {"index.html"}), ("export", ("csv", "fhir"), {"counts.csv"})],
)
def test_a_report_or_an_export_is_made_and_fetched(
    study: Path, tmp_path: Path, kind: str, formats: tuple[str, ...], names: set[str]
) -> None:
    assert main(["jobs", str(study), kind, "--format", ",".join(formats)]) == 0
    with JobQueue(study) as queue:
        (job,) = queue.jobs()
        assert (job.request.kind, job.request.formats) == (kind, formats)
    outcome = perform(errand_of(study, job), lambda _stage: None)
    assert outcome.done
    open_blobs(study).fetch(outcome.blob_sha256, tmp_path / "made.zip", ".zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as made:
        assert names <= set(made.namelist())
        assert outcome.message == f"{len(made.namelist())} files"
    again = perform(errand_of(study, job), lambda _stage: None)
    assert again == outcome
