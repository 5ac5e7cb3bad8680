"""A pool over Dask: a cluster in this process's hands, and one started by hand as a laboratory would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")

from distributed import LocalCluster

from cytorecon.errors import CytoreconError
from cytorecon.jobs import run_batch
from cytorecon.running import Lost
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.study import csv_text, tidy_counts
from cytorecon.workers import Limits
from cytorecon.workers import cluster as cluster_module
from cytorecon.workers.cluster import cluster
from tests.workers import pieces
from tests.workers.test_pool import gone

ROOT = Path(__file__).parents[2]
PLENTY = Limits(seconds=120, preload="")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small simulated cohort."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=2, visits=2, events=3000, seed=11), folder)
    return folder


@pytest.fixture(scope="module")
def local() -> Iterator[str]:
    """Return the address of a cluster of two workers on this machine."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as made:
        yield made.scheduler_address


class ByHand:
    """A scheduler and two workers, started as the manual says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.address = self._start("scheduler", words, r"Scheduler at:\s+(tcp://\S+)")
        self.workers = [self.add(number) for number in range(2)]

    def add(self, number: int) -> subprocess.Popen[bytes]:
        words = ["worker", self.address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
        words += ["--local-directory", str(self._folder)]
        self._start(f"worker{number}", words, "Registered to")
        return self._started[-1]

    def _start(self, name: str, words: list[str], said: str) -> str:
        log = self._folder / f"{name}.log"
        with log.open("wb") as stream:
            self._started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *words],
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                    start_new_session=True,
                )
            )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            found = re.search(said, log.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found.group(found.lastindex or 0)
            time.sleep(0.1)
        raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))

    def close(self) -> None:
        for process in reversed(self._started):
            self.kill(process)

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """Kill a process with all that it has started, as a machine that loses power."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    made = ByHand(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


def test_a_cluster_gives_the_same_numbers(local: str, cohort: Path, tmp_path: Path) -> None:
    here = run_batch(cohort / "manifest.csv", tmp_path / "here")
    with cluster(local, PLENTY) as pool:
        there = run_batch(cohort / "manifest.csv", tmp_path / "there", pool=pool)
    assert csv_text(tidy_counts(there)) == csv_text(tidy_counts(here))
    assert there == here


def test_limits_and_retries_hold_on_a_cluster(local: str, tmp_path: Path) -> None:
    with cluster(local, Limits(seconds=3, preload="")) as pool:
        lost, *others = pool.run(pieces.killed_at_zero, range(6))
        assert isinstance(lost, Lost)
        assert others == [2, 4, 6, 8, 10]
        hung, *others = pool.run(pieces.hangs_at_zero, range(4))
        assert isinstance(hung, Lost)
        assert hung.reason.startswith("It took longer than 3 s")
        assert others == [2, 4, 6]
        assert list(pool.run(pieces.killed_once, [tmp_path / "a", tmp_path / "b"])) == ["done", "done"]


def test_processes_of_a_batch_that_is_over_end(local: str) -> None:
    with cluster(local, PLENTY) as pool:
        pids = set(pool.run(pieces.process, range(6)))
    assert gone(pid for pid in pids if isinstance(pid, int))


def test_another_version_on_a_worker_stops_the_run(local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "__version__", "0.0.1")
    with cluster(local, PLENTY) as pool, pytest.raises(CytoreconError) as caught:
        list(pool.run(pieces.doubled, range(2)))
    assert str(caught.value).startswith("workers: A worker has another version of cytorecon. Found: ")


def test_a_cluster_started_by_hand_loses_a_worker_and_no_tube(
    by_hand: ByHand, cohort: Path, tmp_path: Path
) -> None:
    here = run_batch(cohort / "manifest.csv", tmp_path / "here")
    killed = False

    def kill_one(stage: str, _done: int, _total: int) -> None:
        nonlocal killed
        if stage == "learning from the batch" and not killed:
            killed = True
            by_hand.kill(by_hand.workers[0])

    with cluster(by_hand.address, PLENTY) as pool:
        there = run_batch(cohort / "manifest.csv", tmp_path / "there", pool=pool, progress=kill_one)
    assert killed
    assert there == here


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    nobody = "tcp://127.0.0.1:1"
    with pytest.raises(CytoreconError) as caught, cluster(nobody, patience_seconds=1):
        pass
    assert str(caught.value) == (
        "tcp://127.0.0.1:1, --scheduler: The scheduler cannot be reached. Found: OSError. "
        "Start it with `dask scheduler`; the address is the one that it prints."
    )
