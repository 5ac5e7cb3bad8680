"""What nobody needs goes when it is asked for; what anything rests on stays, and what is young."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cytorecon import __version__
from cytorecon.cli import main
from cytorecon.cli.work import perform
from cytorecon.jobs import run_batch
from cytorecon.jobs.desk import JobDesk
from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.tidy import Tidied, tidy
from cytorecon.store import KeptFile, StudyApprovals, StudyStore, users
from cytorecon.store.blobs import Blobs, FolderBlobs
from cytorecon.store.remote_blobs import open_blobs
from cytorecon.study.model import Tube
from tests.jobs.errands import errand_of
from tests.jobs.lab import tube_bytes

NOTHING = Tidied(jobs=0, made=0, made_bytes=0, files=0, files_bytes=0, rows=0)
DAY = 86_400.0
WORDS = "four words and a number 7"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a sheet of one tube and its study, whose file is kept."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "a.fcs").write_bytes(tube_bytes(5))
    (folder / "manifest.csv").write_text("file,patient,day\na.fcs,P01,30\n", encoding="utf-8")
    run_batch(folder / "manifest.csv", folder / "study")
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "study", tmp_path / "study"))


def kept(study: Path) -> set[str]:
    return {path.name for path in (study / "blobs").glob("??/*")}


def all_older(study: Path, days: float) -> None:
    """Let everything in a study be as if so many days had passed."""
    then = time.time() - days * DAY
    for path in (study / "blobs").glob("??/*"):
        os.utime(path, (then, then))
    if (study / "jobs.sqlite").is_file():
        with closing(sqlite3.connect(study / "jobs.sqlite")) as jobs, jobs:
            jobs.execute(
                "UPDATE workflow_status SET completed_at = ?, updated_at = ?", [int(then * 1000)] * 2
            )


def orphan(study: Path, content: bytes = b"nobody knows it") -> str:
    source = study.parent / "orphan.fcs"
    source.write_bytes(content)
    return open_blobs(study).put(source) + ".fcs"


def export_done(study: Path) -> None:
    """Ask for an export, and do it as a worker does."""
    assert main(["jobs", str(study), "export", "--format", "csv"]) == 0
    with JobQueue(study) as queue:
        job = queue.jobs()[-1]
        outcome = perform(errand_of(study, job), lambda _stage: None)
    with closing(sqlite3.connect(study / "jobs.sqlite")) as jobs, jobs:
        jobs.execute(
            "UPDATE workflow_status SET status = 'SUCCESS', output = ?",
            [f'"{_quoted(outcome.model_dump_json())}"'],
        )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def test_a_study_in_use_loses_nothing(study: Path) -> None:
    before = kept(study)
    all_older(study, 400)
    assert tidy(study, older_than_days=30, remove=True) == NOTHING
    assert kept(study) == before


def test_a_file_without_a_use_goes_when_it_is_asked_for_and_old(study: Path) -> None:
    before = kept(study)
    name = orphan(study)
    assert tidy(study, older_than_days=30, remove=True) == NOTHING
    all_older(study, 2)
    said = Tidied(jobs=0, made=0, made_bytes=0, files=1, files_bytes=15, rows=0)
    assert tidy(study, older_than_days=30) == said
    assert kept(study) == before | {name}
    assert tidy(study, older_than_days=30, remove=True) == said
    assert kept(study) == before


def test_a_file_that_comes_again_while_it_is_removed_stays(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job puts a file that is there already, and its row comes a moment later."""
    name = orphan(study)
    all_older(study, 2)
    remove = FolderBlobs.remove

    def interrupted(self: FolderBlobs, held: str, *, unless_younger: float = 0) -> bool:
        orphan(study)
        return remove(self, held, unless_younger=unless_younger)

    monkeypatch.setattr(FolderBlobs, "remove", interrupted)
    assert tidy(study, older_than_days=30, remove=True) == NOTHING
    assert name in kept(study)


def test_the_row_of_a_file_that_was_exported_again_goes_with_it(study: Path) -> None:
    name = orphan(study)
    with StudyStore.open(study) as store:
        store.keep_file(KeptFile(file_sha256="ab" * 32, blob_sha256=name.removesuffix(".fcs")))
        assert tidy(study, older_than_days=30, remove=True) == NOTHING
        all_older(study, 2)
        done = tidy(study, older_than_days=30, remove=True)
        assert (done.rows, done.files) == (1, 1)
        assert store.kept_file("ab" * 32) is None
        (tube,) = store.study().tubes
        assert store.kept_file(store.tube_result(tube.tube).provenance.file_sha256) is not None


def test_the_file_of_an_upload_that_waits_stays(study: Path, tmp_path: Path) -> None:
    upload = tmp_path / "b.fcs"
    upload.write_bytes(tube_bytes(6))
    tube = Tube(tube="P01/d60/1", patient="P01", day=60)
    with StudyStore.open(study) as store:
        JobDesk(store, study).take(upload, Request(kind="ingest", tube=tube))
    before = kept(study)
    all_older(study, 400)
    assert tidy(study, older_than_days=30, remove=True) == NOTHING
    assert kept(study) == before
    with JobQueue(study) as queue:
        assert [job.state for job in queue.every_job()] == ["queued"]


def test_the_file_that_a_signature_is_about_stays(
    made: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    monkeypatch.setattr(users, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    with StudyApprovals.open(study) as approvals:
        approvals.save_user("CD", "approver", WORDS)
        (state,) = approvals.states(software_version=__version__)
        approvals.sign({"P01": state.now.sha256}, by="CD", password=WORDS, software_version=__version__)
    before = kept(study)
    (tmp_path / "a.fcs").write_bytes((made / "a.fcs").read_bytes() + b" ")  # exported again
    shutil.copy(made / "manifest.csv", tmp_path)
    run_batch(tmp_path / "manifest.csv", study)
    all_older(study, 400)
    with StudyStore.open(study) as store:
        assert [len(store.study().tubes), store.kept_file(state.now.tubes[0].file_sha256) is None] == [
            1,
            False,
        ]
    assert tidy(study, older_than_days=30, remove=True) == NOTHING
    assert before <= kept(study)


def test_old_jobs_go_with_what_they_made(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = kept(study)
    export_done(study)
    (made,) = kept(study) - before
    all_older(study, 20)
    assert main(["db", "tidy", str(study), "--yes"]) == 0
    assert made in kept(study)
    all_older(study, 40)
    capsys.readouterr()
    size = (study / "blobs" / made[:2] / made).stat().st_size
    said = (
        "1 jobs that ended 30 days ago or earlier\n"
        f"1 reports and exports ({size} bytes)\n"
        "0 files of tubes that nothing rests on (0 bytes)\n"
    )
    assert main(["db", "tidy", str(study)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"Would go:\n{said}"
    assert captured.err.strip() == "Nothing was changed; remove it with --yes."
    assert made in kept(study)
    assert main(["db", "tidy", str(study), "--yes"]) == 0
    assert capsys.readouterr().out == f"Removed:\n{said}"
    assert kept(study) == before
    with JobQueue(study) as queue:
        assert queue.every_job() == ()


def test_erasing_takes_jobs_made_files_and_forgotten_files_along(study: Path) -> None:
    assert main(["jobs", str(study), "report", "--format", "html"]) == 0
    export_done(study)
    name = orphan(study)
    all_older(study, 2)
    assert len(kept(study)) == 3
    words = ["--by", "AB", "--why", "asked by letter"]
    assert main(["db", "erase", str(study), "P01", *words]) == 0
    assert name not in kept(study)
    assert kept(study) == set()
    with JobQueue(study) as queue:
        assert queue.every_job() == ()


def test_a_data_set_of_a_file_of_two_patients_goes_alone(study: Path) -> None:
    with StudyStore.open(study) as store:
        (tube,) = store.study().tubes
        sha256 = store.tube_result(tube.tube).provenance.file_sha256
        other = tube.model_copy(update={"tube": "P02/d30/1", "patient": "P02", "dataset": 1})
        result = store.tube_result(tube.tube).model_copy(update={"tube": other.tube})
        store.save_patient(store.study().patient("P01").model_copy(update={"patient": "P02"}))
        store.save_tube(other, result)
        blob = orphan(study, b"of the second").removesuffix(".fcs")
        store.keep_file(KeptFile(file_sha256=sha256, dataset=1, blob_sha256=blob))
    assert main(["db", "erase", str(study), "P01", "--by", "AB", "--why", "asked"]) == 0
    with StudyStore.open(study) as store:
        assert store.kept_file(sha256) is None
        assert store.kept_file(sha256, 1) is not None
    assert kept(study) == {f"{blob}.fcs"}


@pytest.fixture
def in_memory() -> Iterator[tuple[Blobs, str]]:
    import uuid

    import fsspec

    place = f"memory://{uuid.uuid4().hex}"
    yield open_blobs("unused", place), place
    fsspec.filesystem("memory").rm(f"/{place.removeprefix('memory://')}", recursive=True)


def test_an_object_store_is_tidied_backed_up_restored_and_erased(
    made: Path, tmp_path: Path, in_memory: tuple[Blobs, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, place = in_memory
    study = tmp_path / "study"
    run_batch(made / "manifest.csv", study, blobs=place)
    assert not (study / "blobs").exists()
    (one,) = blobs.held()
    source = tmp_path / "x.fcs"
    source.write_bytes(b"nobody knows it")
    lost = blobs.put(source)
    assert tidy(study, older_than_days=30, blobs=place, remove=True) == NOTHING
    monkeypatch.setattr(type(blobs), "age", lambda *_: 2 * DAY)
    assert tidy(study, older_than_days=30, blobs=place, remove=True).files == 1
    monkeypatch.undo()
    assert [held.sha256 for held in blobs.held()] == [one.sha256] != [lost]

    # commands refuse it; here they are calls of one process
    monkeypatch.setattr("cytorecon.cli.options.ENDS_WITH_THE_COMMAND", ())
    assert main(["db", "backup", str(study), "--out", str(tmp_path / "b.zip"), "--blobs", place]) == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as backup:
        assert f"blobs/{one.name}" in backup.namelist()
    assert main(["db", "restore", str(tmp_path / "b.zip"), "--to", str(tmp_path / "again")]) == 0
    assert [held.name for held in open_blobs(tmp_path / "again").held()] == [one.name]
    erase = ["db", "erase", str(study), "P01", "--by", "AB", "--why", "asked", "--blobs", place]
    assert main(erase) == 0
    assert list(blobs.held()) == []
    assert (
        main(["db", "restore", str(tmp_path / "b.zip"), "--to", str(tmp_path / "b"), "--files", place]) == 0
    )
    assert [held.name for held in blobs.held()] == [one.name]


def test_jobs_that_wait_come_along_in_a_backup_and_a_copy(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = tmp_path / "b.fcs"
    upload.write_bytes(tube_bytes(6))
    tube = Tube(tube="P01/d60/1", patient="P01", day=60, beads_per_tube=50_000.0, blood_volume_ul=50.0)
    with StudyStore.open(study) as store:
        JobDesk(store, study).take(upload, Request(kind="ingest", tube=tube))
    capsys.readouterr()
    assert main(["db", "backup", str(study), "--out", str(tmp_path / "b.zip")]) == 0
    assert "1 jobs that had not ended are in it" in capsys.readouterr().err
    assert main(["db", "restore", str(tmp_path / "b.zip"), "--to", str(tmp_path / "again")]) == 0
    assert "1 jobs wait for a worker of the new study." in capsys.readouterr().err
    assert main(["db", "copy", str(study), "--to", str(tmp_path / "copy")]) == 0
    for place in (tmp_path / "again", tmp_path / "copy"):
        with JobQueue(place) as queue:
            (job,) = queue.jobs()
        assert job.request.tube == tube
        assert perform(errand_of(place, job), lambda _stage: None).done
        with StudyStore.open(place) as store:
            assert store.tube_result(tube.tube).status == "done"
