"""A worker process that dies, hangs or takes too much costs its own item at most."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cytorecon.running import Lost
from cytorecon.workers import Limits, Pool, lane, workers
from cytorecon.workers.answers import Work, WorkersError
from cytorecon.workers.lane import Lane
from tests.workers import pieces

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

PLENTY = Limits(seconds=120, preload="")


@pytest.fixture(scope="module")
def two() -> Iterator[Pool]:
    """Return a pool of two processes, for work that ends none of them."""
    with workers(2, PLENTY) as pool:
        yield pool


def test_answers_come_in_order_or_as_they_come(two: Pool) -> None:
    assert list(two.run(pieces.slowest_first, range(9))) == list(range(9))
    as_they_come = list(two.each(pieces.slowest_first, range(9)))
    assert sorted(as_they_come) == [(item, item) for item in range(9)]
    assert as_they_come[0] != (0, 0)


def test_an_item_that_kills_twice_is_lost_alone() -> None:
    with workers(2, PLENTY) as pool:
        first, *others = pool.run(pieces.killed_at_zero, range(12))
    assert first == Lost(
        "The process that worked on it was ended 2 times (signal 9). "
        "The computer may have too little memory for so many tubes at a time."
    )
    assert others == [2 * item for item in range(1, 12)]


def test_an_item_whose_process_is_killed_once_is_done(tmp_path: Path) -> None:
    with workers(1, PLENTY) as pool:
        assert list(pool.run(pieces.killed_once, [tmp_path / "a"])) == ["done"]


def test_an_item_that_hangs_is_stopped_and_not_tried_again() -> None:
    with workers(2, Limits(seconds=2, preload="")) as pool:
        started = time.monotonic()
        first, *others = pool.run(pieces.hangs_at_zero, range(6))
    assert first == Lost(
        "It took longer than 2 s and was stopped. If it is large, allow more with --tube-seconds."
    )
    assert others == [2, 4, 6, 8, 10]
    assert time.monotonic() - started < 590


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="a limit that only Linux keeps")
def test_an_item_that_takes_too_much_memory_is_told_so() -> None:
    with workers(1, Limits(seconds=120, memory_mb=200, preload="numpy")) as pool:
        assert list(pool.run(pieces.greedy, [50, 1000, 50])) == ["6250000", "not enough memory", "6250000"]


def test_what_the_work_raises_is_raised_here(two: Pool) -> None:
    with pytest.raises(KeyError) as caught:
        list(two.run(pieces.failing, [7]))
    assert str(caught.value) == "'no 7'"


def test_what_a_library_prints_spoils_no_answer(two: Pool) -> None:
    assert list(two.run(pieces.printing, range(3))) == [0, 1, 2]


def test_a_process_is_kept_from_item_to_item(two: Pool) -> None:
    assert len({*two.run(pieces.process, range(20)), *two.run(pieces.process, range(5))}) <= 2


def test_few_items_are_handed_out_at_a_time(two: Pool) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    answers = iter(two.each(pieces.doubled, items()))
    next(answers)
    assert len(taken) == 4
    assert len(list(answers)) == 999


def test_a_lane_without_work_ends_its_process() -> None:
    resting = Lane(PLENTY, idle_seconds=0.2)
    work = Work.of(pieces.process)
    first = resting.ask(work, 1)
    end = time.monotonic() + 60
    while resting._child is not None and time.monotonic() < end:
        time.sleep(0.05)
    assert resting._child is None
    assert resting.ask(work, 1) != first
    resting.close()
    assert resting.ask(work, 1) == Lost("The run was stopped.")


def test_a_program_that_cannot_start_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "_PROGRAM", "raise SystemExit(3)")
    with workers(2, PLENTY) as pool, pytest.raises(WorkersError) as caught:
        list(pool.run(pieces.doubled, range(3)))
    assert str(caught.value) == (
        "workers: A worker process ended before it had loaded the program. Found: exit code 3. "
        "What it said stands above; is there enough memory for so many processes?"
    )
