"""Real worker processes on a real database: killed, stopped, cancelled; every job is done, and once."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cytorecon.jobs.model import Job, Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.worker import Pace
from cytorecon.study.model import Tube
from tests.store.conftest import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

QUICK = Path(__file__).with_name("quick_job.py")
NURSERY = "tests.jobs.nursery"
ROOT = Path(__file__).parents[2]
#: Long enough for a busy machine; a test that waits this long has failed.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="workers are forked")


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    """Give a process that starts workers."""
    nursery = subprocess.Popen(
        [sys.executable, "-m", NURSERY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert nursery.stdout is not None
    assert nursery.stdout.readline() == "ready\n"
    yield nursery
    nursery.kill()
    nursery.communicate()


class Site:
    """A queue, workers that can be killed, and the log of what was done."""

    def __init__(
        self,
        nursery: subprocess.Popen[str],
        location: str,
        log: Path,
        *,
        lease: float = 2.0,
        wall_clock: int = 60,
    ) -> None:
        self.queue = JobQueue(location)
        self.workers: list[int] = []
        self._log, self._nursery = log, nursery
        command = [sys.executable, str(QUICK), str(log)]
        how = {"study": location, "lease": lease, "wall_clock": wall_clock, "command": command}
        self._how = json.dumps(how)

    def start(self) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{self._how}\n")
        self._nursery.stdin.flush()
        self.workers.append(int(self._nursery.stdout.readline()))
        return self.workers[-1]

    def end(self, worker: int, how: signal.Signals = signal.SIGKILL) -> None:
        os.kill(worker, how)
        self.workers.remove(worker)

    def submit(self, number: int, behaviour: str) -> Job:
        tube = Tube(tube=f"P01/d{number}/1", patient="P01", day=number)
        asked = Request(kind="ingest", tube=tube, file_sha256=f"{number:064x}", remarks=(behaviour,))
        return self.queue.submit(asked, f"{number:016x}")

    def states(self) -> Counter[str]:
        return Counter(job.state for job in self.queue.jobs())

    def wait(self, come: Callable[[], bool]) -> None:
        patience = time.monotonic() + PATIENCE
        while not come():
            assert time.monotonic() < patience, (self.queue.jobs(), self.log("began"), self.log("ended"))
            time.sleep(0.05)

    def wait_for(self, job: Job, state: str) -> Job:
        self.wait(lambda: self.queue.job(job.id).state == state)
        return self.queue.job(job.id)

    def log(self, what: str) -> Counter[str]:
        if not self._log.exists():
            return Counter()
        with closing(sqlite3.connect(self._log, timeout=60)) as database:
            try:
                rows = database.execute("SELECT key FROM log WHERE what = ?", (what,)).fetchall()
            except sqlite3.OperationalError:  # the first job is about to make the table
                return Counter()
        return Counter(key for (key,) in rows)

    def close(self) -> None:
        for worker in tuple(self.workers):
            self.end(worker)
        self.queue.close()


#: Makes a site at a place of its own, with what is different.
Made = Callable[..., Site]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        (tmp_path / "study").mkdir()
        return str(tmp_path / "study")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def make(nursery: subprocess.Popen[str], location: str, tmp_path: Path) -> Iterator[Made]:
    sites: list[Site] = []

    def make(**how: float) -> Site:
        sites.append(Site(nursery, location, tmp_path / "log.sqlite", **how))  # type: ignore[arg-type]
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def site(make: Made) -> Site:
    return make()


def test_a_killed_worker_s_job_is_done_once_by_the_next(site: Site) -> None:
    first = site.start()
    job = site.submit(1, "sleeps 600")
    site.wait_for(job, "running")
    site.wait(lambda: site.log("began") == {f"{1:016x}": 1})
    waiting = site.submit(2, "sleeps 0")
    site.end(first)
    second = site.start()
    # the first attempt has gone with its worker: the second sleeps as long, so it is seen and then stopped
    site.wait(lambda: site.log("began")[f"{1:016x}"] == 2)
    assert site.log("ended")[f"{1:016x}"] == 0
    assert site.queue.job(job.id).state == "running"
    site.queue.cancel(job.id)
    assert site.wait_for(waiting, "done").message == "sleeps"
    assert site.log("ended") == {f"{2:016x}": 1}
    assert site.states() == {"cancelled": 1, "done": 1}
    site.end(second)


def test_a_stopped_worker_hands_its_job_on_at_once(make: Made) -> None:
    """Its lease would last an hour."""
    site = make(lease=3600.0)
    first = site.start()
    job = site.submit(1, "sleeps 2")
    site.wait(lambda: site.log("began") == {f"{1:016x}": 1})
    site.end(first, signal.SIGTERM)
    site.start()
    site.wait_for(job, "done")
    assert site.log("began") == {f"{1:016x}": 2}
    assert site.log("ended") == {f"{1:016x}": 1}


def test_three_workers_and_thirty_jobs_through_kills(site: Site) -> None:
    chance = random.Random(5)
    jobs = [site.submit(number, f"sleeps {chance.uniform(0, 0.5):.2f}") for number in range(30)]
    for _ in range(3):
        site.start()
    kills = 0
    while site.states()["done"] < len(jobs) and kills < 8:
        time.sleep(chance.uniform(0.2, 1.0))
        site.end(chance.choice(site.workers))
        site.start()
        kills += 1
    site.wait(lambda: site.states() == {"done": 30})
    ended = site.log("ended")
    assert set(ended) == {f"{number:016x}" for number in range(30)}
    # one that ended is done again only when its worker was killed before it could say so
    assert ended.total() - len(jobs) <= kills
    assert kills >= 3


def test_what_comes_of_a_job_is_told(site: Site) -> None:
    site.start()
    failed, died = site.submit(1, "fails"), site.submit(2, "dies")
    assert site.wait_for(failed, "failed").message == "fails"
    assert site.wait_for(died, "failed").message == (
        "The process that did it ended with code 3; it may have needed more memory than there is."
    )
    again = site.queue.retry(failed.id)
    site.wait_for(again, "failed")
    assert site.log("ended") == {f"{1:016x}": 2}


def test_a_job_that_takes_too_long_is_ended_with_the_reason(make: Made) -> None:
    site = make(wall_clock=1)
    site.start()
    late, next_one = site.submit(1, "sleeps 600"), site.submit(2, "sleeps 0")
    assert site.wait_for(late, "failed").message == "It takes longer than 1 s."
    site.wait_for(next_one, "done")


def test_a_running_job_says_how_far_it_is_and_is_stopped_when_cancelled(site: Site) -> None:
    site.start()
    job, next_one = site.submit(1, "sleeps 600"), site.submit(2, "sleeps 0")
    site.wait(lambda: site.queue.job(job.id).stage == "sleeping")
    assert site.queue.job(next_one.id).state == "queued"
    site.queue.cancel(job.id)
    site.wait_for(next_one, "done")
    assert site.queue.job(job.id).state == "cancelled"
    assert site.log("ended") == {f"{2:016x}": 1}


def test_a_lost_worker_is_noticed_within_a_minute() -> None:
    pace = Pace()
    assert pace.lease + 2 * pace.beat + pace.poll < 60
