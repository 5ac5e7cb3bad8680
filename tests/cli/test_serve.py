"""``serve`` as a process: it ends with its worker, its worker with it, and what was accepted is done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cytorecon.jobs.desk import JobDesk
from cytorecon.jobs.model import Job, Request
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube
from tests.jobs.lab import make_study, tube_bytes

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
PATIENCE = 180.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("lab"))


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "study"))


def start(*words: str) -> subprocess.Popen[str]:
    # tests that a shell runs in the background ignore it, and hand that on
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        [sys.executable, "-m", "cytorecon", *words],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.fixture
def server(study: Path) -> Iterator[subprocess.Popen[str]]:
    server = start("serve", str(study), "--port", "0")
    yield server
    if server.poll() is None:
        server.kill()
    server.communicate()


def address(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        if "http://" in line:
            return line[line.index("http://") :].split(" ")[0]
    raise AssertionError("it does not serve")


def children(parent: int) -> set[int]:
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            found.add(int(folder.name))
    return found


def wait(come: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < patience
        time.sleep(0.1)


def is_running(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def hand_in(study: Path, folder: Path) -> tuple[JobDesk, Job]:
    path = folder / "upload.fcs"
    path.write_bytes(tube_bytes(6))
    desk = JobDesk(StudyStore.open(study), study)
    tube = Tube(tube="P01/d60/1", patient="P01", day=60, beads_per_tube=50_000.0, blood_volume_ul=50.0)
    return desk, desk.take(path, Request(kind="ingest", tube=tube))


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_polite_end_stop_web_and_worker(
    server: subprocess.Popen[str], by: signal.Signals
) -> None:
    with urllib.request.urlopen(address(server)) as answer:
        assert answer.status == 200
    workers = children(server.pid)
    assert len(workers) == 1
    server.send_signal(by)
    _, said = server.communicate(timeout=PATIENCE)
    assert (server.returncode, said) == (0, "")
    assert not any(map(is_running, workers))


def test_a_worker_that_is_killed_ends_the_dashboard_with_the_reason(server: subprocess.Popen[str]) -> None:
    address(server)
    (worker,) = children(server.pid)
    os.kill(worker, signal.SIGKILL)
    _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 1
    assert said == (
        "error: A worker ended, and the dashboard with it. Found: signal 9. "
        "Start it again: uploads that were accepted are analysed then.\n"
    )


def test_a_server_killed_mid_job_loses_nothing_that_was_accepted(
    server: subprocess.Popen[str], study: Path, tmp_path: Path
) -> None:
    address(server)
    (worker,) = children(server.pid)
    desk, job = hand_in(study, tmp_path)
    wait(lambda: desk.jobs()[0].state == "running")
    doing = children(worker)
    server.kill()
    wait(lambda: not any(map(is_running, {worker, *doing})))
    next_worker = start("worker", str(study), "--lease", "2", "--poll", "0.1")
    try:
        wait(lambda: not desk.jobs()[0].is_unfinished)
    finally:
        next_worker.send_signal(signal.SIGINT)
        _, said = next_worker.communicate(timeout=PATIENCE)
    assert (next_worker.returncode, said) == (0, "cytorecon worker: waiting for jobs (stop with Ctrl-C)\n")
    assert desk.jobs()[0].state == "done"
    with StudyStore.open(study) as store:
        assert store.tube_result("P01/d60/1").status == "done"
        assert len([entry for entry in store.history() if entry.tube == "P01/d60/1"]) == 1
    assert job.id == desk.jobs()[0].id
