"""``make torture``: a batch that is killed again and again, and one with corrupt files among good ones.

python -m benchmarks.batch_faults --tubes 1000 --kills 50 --good 200 --corrupt 40
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cytorecon.errors import CytoreconError
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import StudyStore, verify_history
from cytorecon.study import csv_text, tidy_counts

VISITS = 10
SOME_FAILED = 2


def main() -> None:
    """Print what came of both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_faults")
    parser.add_argument("--tubes", type=int, default=1000, help="tubes of the batch that is killed")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--good", type=int, default=200, help="good files of the second batch")
    parser.add_argument("--corrupt", type=int, default=40, help="corrupt files among them")
    parser.add_argument("--events", type=int, default=1500, help="events per tube")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if chosen.kills:
            cohort = made(place / "cohort", chosen.tubes, chosen.events)
            print(killed(cohort, place, chosen.kills, jobs=chosen.jobs, seed=chosen.seed))
        if chosen.corrupt:
            cohort = made(place / "mixed", chosen.good + chosen.corrupt, chosen.events)
            print(corrupted(cohort, place / "mixed_study", chosen.corrupt, jobs=chosen.jobs))


def made(folder: Path, tubes: int, events: int) -> Path:
    """Write a simulated cohort of about so many tubes, and return its sample sheet."""
    visits = min(VISITS, tubes)
    write_cohort(simulate_cohort(patients=tubes // visits, visits=visits, events=events, seed=3), folder)
    return folder / "manifest.csv"


# ------------------------------------------------------------------------------------------ kill -9


@dataclass
class Killed:
    """What came of a batch that was killed.

    Parameters
    ----------
    kills : list of int
        Tubes stored when it was killed; -1 where there was no study yet.
    finished : int
        Studies that were brought to their end, each equal to that of the unbroken run.
    """

    kills: list[int]
    finished: int = 0

    def __str__(self) -> str:
        """Return what to print."""
        return (
            f"killed {len(self.kills)} times, with so many tubes stored: {sorted(self.kills)}; "
            f"{self.finished} studies finished, each byte-equal to the unbroken run, each tube stored once"
        )


def killed(manifest: Path, place: Path, kills: int, *, jobs: int, seed: int) -> Killed:
    """Kill a batch at random points, resume it, and compare with one that was not killed.

    One kill in fifteen comes at a random time before the first result is stored, while the batch learns; the
    others come at a random moment after random numbers of stored tubes, in rising order, so that one pass
    meets them all.
    """
    first = _seconds_to_first_result(manifest, place / "unbroken", jobs)
    whole = table(place / "unbroken")
    chance, found, study = random.Random(seed), Killed([]), place / "study0"
    early = [-1] * (kills // 15)
    tubes = len(manifest.read_text(encoding="utf-8").splitlines()) - 1
    for point in (*early, *sorted(chance.sample(range(tubes), kills - len(early)))):
        moment = chance.uniform(0, first if point < 0 else 1)
        while not run_until(manifest, study, jobs, _Moment(study, point, moment)):
            check_equal(study, whole)
            found.finished += 1
            study = place / f"study{found.finished}"
        found.kills.append(stored(study))
    finish(manifest, study, jobs)
    check_equal(study, whole)
    found.finished += 1
    return found


@dataclass
class _Moment:
    """Tells when so many seconds have passed after so many tubes were stored; from the start with -1."""

    study: Path
    tubes: int
    seconds: float
    end: float | None = None

    def __call__(self) -> bool:
        if self.end is None and (self.tubes < 0 or _counted(self.study) >= self.tubes):
            self.end = time.monotonic() + self.seconds
        return self.end is not None and time.monotonic() >= self.end


def _seconds_to_first_result(manifest: Path, study: Path, jobs: int) -> float:
    """Run a batch to its end; return how long it took to store its first result."""
    started, seen = time.monotonic(), [0.0]

    def look() -> bool:
        if not seen[0] and _counted(study) > 0:
            seen[0] = time.monotonic() - started
        return False

    assert not run_until(manifest, study, jobs, look)
    return seen[0]


def _counted(study: Path) -> int:
    """Return how many results there are, without more work than that; -1 where there is no study yet."""
    if not (study / "study.sqlite").exists():
        return -1
    with closing(sqlite3.connect(f"{(study / 'study.sqlite').as_uri()}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM results").fetchone()[0])


def check_equal(study: Path, whole: str) -> None:
    """Check that a resumed study is that of the unbroken run, and no tube was analysed twice."""
    assert table(study) == whole, "the resumed study differs from the unbroken run"
    verify_history(study)
    with StudyStore.open(study) as store:
        times = Counter(entry.tube for entry in store.history() if entry.what == "tube_saved")
    assert set(times.values()) == {1}, f"stored more than once: {times.most_common(3)}"


def run_until(manifest: Path, study: Path, jobs: int, stop: Callable[[], bool]) -> bool:
    """Run a batch and kill it when `stop` says so; return whether it was killed before its end."""
    with batch(manifest, study, jobs) as process:
        while process.poll() is None:
            if stop():
                process.send_signal(signal.SIGKILL)
                return process.wait() == -signal.SIGKILL
            time.sleep(0.1)
    assert process.returncode == 0, process.returncode
    return False


def finish(manifest: Path, study: Path, jobs: int) -> None:
    """Run a batch to its end."""
    assert not run_until(manifest, study, jobs, lambda: False)


@contextmanager
def batch(manifest: Path, study: Path, jobs: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start ``cytorecon batch --resume``."""
    words = [sys.executable, "-m", "cytorecon", "batch", str(manifest), "--out", str(study), "--json"]
    words += ["--jobs", str(jobs), "--resume"]
    root = str(Path(__file__).parents[1])
    with subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": root},
    ) as process:
        yield process


def table(study: Path) -> str:
    """Return the table of results as ``cytorecon counts`` writes it."""
    with StudyStore.open(study) as store:
        return csv_text(tidy_counts(store.result(plots=False)))


def stored(study: Path) -> int:
    """Return how many tubes have a result; -1 where there is no study yet."""
    try:
        with StudyStore.open(study) as store:
            return len(store.done())
    except CytoreconError:
        return -1


# ------------------------------------------------------------------------------------ corrupt files


def _nothing(_content: bytes) -> bytes:
    return b""


def _words(_content: bytes) -> bytes:
    return b"sample,population\nP01,CD3\n"


def _half(content: bytes) -> bytes:
    return content[: len(content) * 6 // 10]


def _header_only(content: bytes) -> bytes:
    return content[:40]


def _picture(content: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + content[8:]


def _no_offsets(content: bytes) -> bytes:
    return content[:10] + b"########" * 4 + content[42:]


def _no_cd3(content: bytes) -> bytes:
    return content.replace(b"CD3 FITC", b"CD2 FITC")


def _zeros(content: bytes) -> bytes:
    return bytes(len(content))


CORRUPTIONS = (_nothing, _words, _half, _header_only, _picture, _no_offsets, _no_cd3, _zeros)


@dataclass(frozen=True)
class Corrupted:
    """What came of a batch with corrupt files."""

    exit_code: int
    done: int
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """Return what to print."""
        lines = "".join(f"\n  {reason}" for reason in sorted({reason[:150] for reason in self.reasons}))
        return f"{self.done} good, {len(self.reasons)} named reasons, exit code {self.exit_code}{lines}"


def corrupted(manifest: Path, study: Path, corrupt: int, *, jobs: int) -> Corrupted:
    """Corrupt so many of the files, each in one of several ways, and run the batch."""
    files = sorted((manifest.parent / "fcs").iterdir())
    chosen = random.Random(2).sample(files, corrupt)
    for number, file in enumerate(chosen):
        file.write_bytes(CORRUPTIONS[number % len(CORRUPTIONS)](file.read_bytes()))
    with batch(manifest, study, jobs) as process:
        code = process.wait()
    with StudyStore.open(study) as store:
        tubes = store.result(plots=False).tubes
    reasons = tuple(outcome.error for outcome in tubes if outcome.status == "failed")
    found = Corrupted(code, sum(outcome.status == "done" for outcome in tubes), reasons)
    assert code == SOME_FAILED, found
    assert (found.done, len(reasons)) == (len(files) - corrupt, corrupt), found
    assert all(reason.startswith("Manifest row ") for reason in reasons), found
    assert not any("Internal error" in reason or file.name in reason for reason in reasons for file in files)
    return found


if __name__ == "__main__":
    main()
