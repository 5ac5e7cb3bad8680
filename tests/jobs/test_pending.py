"""Jobs that wait come along to another place, whenever whoever brings them is killed."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from cytorecon.cli import main
from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.store import StudyStore, folder
from cytorecon.store.blobs import FolderBlobs
from tests.store.conftest import postgres_server, postgres_url
from tests.store.examples import SETTINGS, STUDY

__all__ = ["postgres_server", "postgres_url"]

ASKED = (Request(kind="report", formats=("html",)), Request(kind="export", formats=("csv",)))

#: Kills itself as soon as a function of the store has done its work, or before it does it.
KILLED = """
import importlib, os, signal, sys
module, name, when, *command = sys.argv[1:]
place = importlib.import_module(module)
work = getattr(place, name)

def killed(*arguments, **named):
    if when == "after":
        work(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(place, name, killed)
from cytorecon.cli import main
sys.exit(main(command))
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return a study that keeps a file, with two jobs that wait."""
    place = tmp_path / "study"
    StudyStore.create(place, STUDY, SETTINGS, software_version="1").close()
    source = tmp_path / "a.fcs"
    source.write_bytes(b"FCS3.1 and so on")
    FolderBlobs(place / "blobs").put(source)
    with JobQueue(place) as queue:
        for number, request in enumerate(ASKED):
            queue.submit(request, f"{number:016}")
    return place


@pytest.fixture(params=["folder", pytest.param("server", marks=pytest.mark.postgres)])
def target(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if request.param == "folder":
        return str(tmp_path / "another")
    url = make_url(str(request.getfixturevalue("postgres_url")))
    return url.render_as_string(hide_password=False)


def commands(study: Path, target: str, tmp_path: Path) -> dict[str, list[str]]:
    """Return the commands by the function that does their work."""
    backup, files = str(tmp_path / "b.zip"), str(tmp_path / "files")
    assert main(["db", "backup", str(study), "--out", backup]) == 0
    return {
        "restore_backup": ["db", "restore", backup, "--to", target, "--files", files],
        "copy_study": ["db", "copy", str(study), "--to", target, "--to-files", files],
    }


def killed(module: str, name: str, when: str, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, module, name, when, *command], check=False, timeout=300
    )
    assert done.returncode == -signal.SIGKILL


def asked_of(place: str) -> tuple[Request, ...]:
    with JobQueue(place) as queue:
        return tuple(job.request for job in queue.every_job() if job.is_unfinished)


@pytest.mark.parametrize("name", ["restore_backup", "copy_study"])
def test_killed_as_soon_as_the_study_is_there_its_jobs_wait(
    study: Path, tmp_path: Path, target: str, name: str
) -> None:
    killed("cytorecon.store.moving", name, "after", commands(study, target, tmp_path)[name])
    assert StudyStore.exists(target)
    assert asked_of(target) == ASKED


@pytest.mark.parametrize("name", ["restore_backup", "copy_study"])
def test_killed_before_the_study_is_there_the_next_try_has_each_job_once(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    target = str(tmp_path / "another")
    command = commands(study, target, tmp_path)[name]
    killed("cytorecon.store.folder", "publish", "before", command)
    assert not StudyStore.exists(target)
    capsys.readouterr()
    assert main(command) == 0
    assert "2 jobs wait for a worker of the new study." in capsys.readouterr().err
    assert asked_of(target) == ASKED


@pytest.mark.parametrize("name", ["restore_backup", "copy_study"])
def test_what_fails_leaves_nothing_behind(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target = tmp_path / "another"
    command = commands(study, str(target), tmp_path)[name][:-2]  # files within the folder

    def full(*_paths: Path) -> None:
        assert (target / "jobs.sqlite").exists()
        assert (target / "blobs").exists()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder, "publish", full)
    assert main(command) == 1
    assert not target.exists()


def test_what_was_there_before_stays_when_it_fails(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "another"
    target.mkdir()
    (target / "notes.txt").write_text("mine", encoding="utf-8")
    shutil.copytree(study / "blobs", target / "blobs")
    command = commands(study, str(target), tmp_path)["copy_study"][:-2]
    before = sorted(target.rglob("*"))

    def full(*_paths: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder, "publish", full)
    assert main(command) == 1
    assert sorted(target.rglob("*")) == before
