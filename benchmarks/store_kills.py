"""``make torture``: writers of one study that are killed again and again, and how long writers wait.

    python -m benchmarks.store_kills --rounds 200 --writers 3
    python -m benchmarks.store_kills --rounds 0 --waits 3 8 --seconds 30

Each round starts the writers anew and kills all of them (SIGKILL) at a random moment. What a writer was
told to be stored it wrote into a pipe; after each round all of it must be in the history, once, the chain
must hold the head that was noted down before, and each result must be the one its last line was written
with (``cytorecon audit verify``). On SQLite that includes ``PRAGMA integrity_check``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.postgres import binaries, throwaway_server
from benchmarks.store_writers import PLOT_BYTES, write_freely, write_on
from cytorecon.store import StudyStore, verify_history
from tests.store.examples import SETTINGS, STUDY, result_of

#: A round ends at a random moment up to so many seconds after its first acknowledged result.
_LONGEST_ROUND = 0.4


@dataclass
class Rounds:
    """What came of all rounds.

    Parameters
    ----------
    rounds : int
        So many times all writers were killed.
    acknowledged : int
        Results that a writer was told to be stored; none of them was lost.
    unseen : int
        Results that were stored when the writer was killed before it was told.
    """

    rounds: int = 0
    acknowledged: int = 0
    unseen: int = 0

    def __str__(self) -> str:
        """Return what to print."""
        return (
            f"{self.rounds} rounds of kill -9: {self.acknowledged} acknowledged, 0 of them lost, 0 half; "
            f"{self.unseen} more were stored and not acknowledged; chain and database intact after each"
        )


def main() -> None:
    """Print what came of it, on SQLite and on PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_kills")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--waits", type=int, nargs="*", default=[3, 8], help="so many free-running writers")
    parser.add_argument("--seconds", type=float, default=20, help="how long they run")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for name, location in _places():
        if chosen.rounds:
            StudyStore.create(location, STUDY, SETTINGS, software_version="0.1.0").close()
            found = killed(location, chosen.rounds, writers=chosen.writers, seed=chosen.seed)
            print(f"{name}, {chosen.writers} writers: {found}", flush=True)
        elif chosen.waits:
            StudyStore.create(location, STUDY, SETTINGS, software_version="0.1.0").close()
        for writers in chosen.waits:
            print(
                f"{name}, {writers} free-running writers: {waits(location, writers, chosen.seconds)}",
                flush=True,
            )


def _places() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite", str(Path(folder) / "study")
    programs = binaries()
    if programs is None:
        print("PostgreSQL: not installed, not run")
        return
    with throwaway_server(programs, fsync=True) as server:
        yield "PostgreSQL", server.create("study")


# ------------------------------------------------------------------------------------------ kill -9


def killed(location: str, rounds: int, *, writers: int, seed: int) -> Rounds:
    """Kill all writers of the study at `location` so many times, and check after each."""
    chance, found, head = random.Random(seed), Rounds(), ""
    acknowledged: set[str] = set()
    for number in range(rounds):
        with _running(location, writers, f"r{number}") as running:
            # every writer writes before any is killed, so that all are killed at work
            acknowledged.update(receiver.recv() for _, receiver in running)
            time.sleep(chance.uniform(0, _LONGEST_ROUND))
            for process, _ in running:
                assert process.pid is not None
                os.kill(process.pid, signal.SIGKILL)
            for process, receiver in running:
                acknowledged.update(_rest(receiver))
                process.join()
                assert process.exitcode == -signal.SIGKILL, f"a writer ended by itself: {process.exitcode}"
        head = check(location, acknowledged, head)
        found.rounds += 1
    with StudyStore.open(location) as store:
        stored = sum(entry.what == "tube_saved" for entry in store.history())
    found.acknowledged, found.unseen = len(acknowledged), stored - len(acknowledged)
    assert found.unseen <= rounds * writers, found
    return found


def check(location: str, acknowledged: set[str], head: str) -> str:
    """Check that nothing acknowledged is lost or double and the history goes on; return its head."""
    verified = verify_history(location, head=head)
    with StudyStore.open(location) as store:
        saved = Counter(entry.reason for entry in store.history() if entry.what == "tube_saved")
        results = {tube.tube: tube for tube in store.result().tubes}
    lost = acknowledged - saved.keys()
    assert not lost, f"{len(lost)} acknowledged results were lost: {sorted(lost)[:5]}"
    assert set(saved.values()) == {1}, saved.most_common(3)
    for name, result in results.items():
        events = result.counts[1].events if result.status == "done" else None
        assert events is None or result == result_of(name, events=events, plot_bytes=PLOT_BYTES)
    return verified.head


@contextmanager
def _running(location: str, writers: int, name: str) -> Iterator[list[tuple[BaseProcess, Connection]]]:
    """Start writers from a process that has loaded the program and opened nothing."""
    context = _loaded_once()
    running: list[tuple[BaseProcess, Connection]] = []
    try:
        for number in range(writers):
            receiver, sender = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(
                target=write_on, args=(location, f"{name}w{number}", number, sender)
            )
            process.start()
            sender.close()
            running.append((process, receiver))
        yield running
    finally:
        for process, receiver in running:
            process.kill()
            process.join()
            receiver.close()


def _loaded_once() -> ForkServerContext:
    """Return what starts processes: `spawn` would load the program 600 times, `fork` hand on connections."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.store_writers", "sqlalchemy.dialects.sqlite", "psycopg"])
    return context


def _rest(receiver: Connection) -> Iterator[str]:
    try:
        while True:
            yield receiver.recv()
    except (EOFError, OSError):  # all that came whole before the kill was read
        return


# -------------------------------------------------------------------------------------------- waits


@dataclass(frozen=True)
class Waits:
    """How long the calls of several writers took that write as fast as they can."""

    commits: tuple[int, ...]
    longest: float
    failed: int

    def __str__(self) -> str:
        """Return what to print."""
        fewest, most = min(self.commits), max(self.commits)
        return (
            f"longest wait {self.longest:.2f} s, {self.failed} failed; {sum(self.commits)} commits, "
            f"{fewest} to {most} by each"
        )


def waits(location: str, writers: int, seconds: float) -> Waits:
    """Let writers run freely for so many seconds."""
    with _loaded_once().Pool(writers) as pool:
        found = pool.starmap(write_freely, [(location, number, seconds) for number in range(writers)])
    return Waits(
        tuple(commits for commits, _, _ in found),
        max(longest for _, longest, _ in found),
        sum(failed for _, _, failed in found),
    )


if __name__ == "__main__":
    main()
