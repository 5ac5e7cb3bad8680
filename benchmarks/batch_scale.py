"""What a batch costs: CPU seconds, memory of parent and workers, bytes of the store, and going on.

    python -m benchmarks.batch_scale --tubes 100 1000 --jobs 1 2

Each batch runs in a process of its own. CPU seconds hardly depend on who else uses the machine; wall-clock
seconds do. With P seconds of the parent and W of the workers, N idle processors need no less than
max(P, (P + W) / N) seconds: that bound is printed as the speed-up that the division of work allows.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.batch_faults import made
from cytorecon.jobs import run_batch

_KB = 1024


@dataclass(frozen=True)
class Cost:
    """Of one batch: seconds, and peak megabytes (2^20 bytes)."""

    wall: float
    parent_cpu: float
    workers_cpu: float
    parent_mb: float
    worker_mb: float


def main() -> None:
    """Print one line per batch."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_scale")
    parser.add_argument("--tubes", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--events", type=int, default=2000, help="events per tube")
    parser.add_argument(
        "--no-keep-files", action="store_true", help="what keeping files costs is the difference"
    )
    parser.add_argument("--one", nargs=3, metavar=("SHEET", "STUDY", "JOBS"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    keep = not chosen.no_keep_files
    if chosen.one:
        sheet, study, jobs = chosen.one
        print(*vars(measured(Path(sheet), Path(study), int(jobs), keep_files=keep)).values())
        return
    head = ("tubes", "jobs", "wall s", "parent CPU", "workers CPU", "parent MB", "worker MB", "speed-up")
    print(*(f"{word:>11}" for word in head))
    with tempfile.TemporaryDirectory() as folder:
        for tubes in chosen.tubes:
            sheet = made(Path(folder) / f"c{tubes}", tubes, chosen.events)
            for jobs in chosen.jobs:
                study = Path(folder) / f"s{tubes}_{jobs}"
                _print(tubes, jobs, in_a_process(sheet, study, jobs, keep_files=keep))
            study = Path(folder) / f"s{tubes}_{chosen.jobs[0]}"
            _print(tubes, "again", in_a_process(sheet, study, 1, keep_files=keep))
            whole_kb, pictures_kb = (size / tubes / _KB for size in bytes_of(study))
            kept_kb = sum(file.stat().st_size for file in study.glob("blobs/??/*")) / tubes / _KB
            print(
                f"store: {whole_kb:.1f} KB per tube, of which pictures {pictures_kb:.1f} KB; "
                f"kept files {kept_kb:.1f} KB"
            )


def _print(tubes: int, jobs: int | str, cost: Cost) -> None:
    spent = cost.parent_cpu + cost.workers_cpu
    bound = spent / max(cost.parent_cpu, spent / jobs) if isinstance(jobs, int) and jobs > 1 else 1.0
    cells = (f"{cost.wall:.1f}", f"{cost.parent_cpu:.1f}", f"{cost.workers_cpu:.1f}")
    memory = (f"{cost.parent_mb:.0f}", f"{cost.worker_mb:.0f}", f"{bound:.2f}")
    print(*(f"{word:>11}" for word in (tubes, jobs, *cells, *memory)), flush=True)


def in_a_process(sheet: Path, study: Path, jobs: int, *, keep_files: bool) -> Cost:
    """Measure one batch in a fresh process."""
    words = [sys.executable, "-m", "benchmarks.batch_scale", "--one", str(sheet), str(study), str(jobs)]
    if not keep_files:
        words.append("--no-keep-files")
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        words, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}
    )
    return Cost(*(float(word) for word in done.stdout.split()))


def measured(sheet: Path, study: Path, jobs: int, *, keep_files: bool) -> Cost:
    """Run one batch in this process and say what it cost."""
    started = time.monotonic()
    result = run_batch(sheet, study, keep_files=keep_files, jobs=jobs)
    assert all(outcome.status == "done" for outcome in result.tubes)
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Cost(
        wall=time.monotonic() - started,
        parent_cpu=own.ru_utime + own.ru_stime,
        workers_cpu=workers.ru_utime + workers.ru_stime,
        parent_mb=own.ru_maxrss / _KB,
        worker_mb=workers.ru_maxrss / _KB,
    )


def bytes_of(study: Path) -> tuple[int, int]:
    """Return the bytes of the database file, and those of the pictures of gates in it."""
    with closing(sqlite3.connect(study / "study.sqlite")) as database:
        (pictures,) = database.execute("SELECT SUM(LENGTH(plots)) FROM results").fetchone()
    return (study / "study.sqlite").stat().st_size, int(pictures)


if __name__ == "__main__":
    main()
