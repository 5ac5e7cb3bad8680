"""Writers that are killed, and several programs on one study."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.store_kills import killed, waits
from cytorecon.store import StudyStore, verify_history
from tests.store.examples import result_of

ROOT = Path(__file__).parents[2]


@contextmanager
def writer(location: str, times: int, first: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Run a writing program; it is gone after the block."""
    command = [sys.executable, "-m", "tests.store.writer", location, str(times), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def marks(store: StudyStore) -> dict[str, int]:
    """Return tube -> number of the result that is stored for it."""
    found = {}
    for tube in store.result().tubes:
        if tube.status == "done":
            number = tube.counts[1].events
            assert number is not None
            # Every byte of the result is of one and the same version.
            assert tube == result_of(tube.tube, events=number, plot_bytes=50_000)
            found[tube.tube] = number
    return found


def test_reading_goes_on_while_another_program_writes(store: StudyStore, location: str) -> None:
    seen = [1]
    with writer(location, -1) as process:
        while len(set(seen)) < 15:
            assert process.poll() is None, "the writer stopped"
            seen.append(store.revision())
            found = marks(store)
            assert len(store.result(plots=False).tubes) == 3
            # One moment: the latest numbers of three tubes written in turn follow each other.
            if len(found) == 3:
                assert max(found.values()) - min(found.values()) == 2
    assert seen == sorted(seen)


def test_two_writing_programs_and_this_one_lose_nothing(store: StudyStore, location: str) -> None:
    with writer(location, 40) as one, writer(location, 40, first=1000) as two:
        assert one.stdout is not None
        one.stdout.readline()
        for number in range(40):
            store.set_settings(f'"{number}"')
        assert (one.wait(), two.wait()) == (0, 0)
    assert verify_history(location).lines == 121
    history = store.history()
    assert [entry.revision for entry in history] == list(range(1, 122))
    assert sum(entry.what == "tube_saved" for entry in history) == 80
    assert store.revision() == 121
    assert store.settings() == '"39"'


def test_three_writers_killed_ten_times_lose_nothing(store: StudyStore, location: str) -> None:
    """``make torture`` does it 200 times (docs/reliability.md, F4)."""
    found = killed(location, 10, writers=3, seed=1)
    assert found.rounds == 10
    assert found.acknowledged >= 30
    assert store.revision() == 1 + found.acknowledged + found.unseen


def test_of_writers_that_never_rest_all_have_their_turn(store: StudyStore, location: str) -> None:
    found = waits(location, 4, 2.0)
    assert (found.failed, len(found.commits)) == (0, 4)
    assert min(found.commits) > 0
    assert store.revision() == 1 + sum(found.commits)


def test_a_program_that_opens_a_study_twice_keeps_its_hold_on_it(store: StudyStore, location: str) -> None:
    """Closing any descriptor of a file drops all locks of the process on it (POSIX), also those of SQLite."""
    for first in (0, 3, 6):
        with StudyStore.open(location) as again:
            again.revision()
        with writer(location, 3, first=first) as other:
            assert other.wait() == 0
        assert sorted(marks(store).values()) == [first, first + 1, first + 2]
        store.set_settings(f'"{first}"')
    verify_history(location)
