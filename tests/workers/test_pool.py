"""Processes of a batch: as many as asked for, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from cytorecon.workers import workers

ROOT = Path(__file__).parents[2]
BATCH = """
import sys
from tests.workers.test_pool import held
from cytorecon.workers import Limits, workers

if __name__ == "__main__":
    with workers(2, Limits(preload="")) as pool:
        for pid in pool.run(held, range(2)):
            print(pid, flush=True)
        sys.stdin.read()
"""


def held(_item: int) -> int:
    """Return the worker's process, slowly enough that the other worker gets a tube, too."""
    time.sleep(1)
    return os.getpid()


def most_threads(_item: int) -> int:
    import numpy as np

    np.linalg.inv(np.eye(3))
    return max((int(pool["num_threads"]) for pool in threadpool_info()), default=1)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and is no zombie that nobody has buried yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(") ")[2][:1] not in "ZX"


def gone(pids: Iterable[int], *, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(map(is_running, pids)):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_workers_end_when_their_batch_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed_batch.py"
    script.write_text(BATCH, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as batch:
        assert batch.stdout is not None
        pids = {int(batch.stdout.readline()) for _ in range(2)}
        assert all(map(is_running, pids))
        assert batch.pid not in pids
        batch.send_signal(signal.SIGKILL)
        batch.wait()
        assert gone(pids)


@pytest.mark.parametrize("jobs", [1, 2])
def test_numerical_libraries_start_no_threads_of_their_own(jobs: int) -> None:
    with workers(jobs) as pool:
        assert list(pool.run(most_threads, range(2))) == [1, 1]


def test_one_job_needs_no_process() -> None:
    with workers(1) as pool:
        assert pool.run is map
