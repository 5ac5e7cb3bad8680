"""A function over many items, by an executor of any kind: few at a time, answers as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, cast

from threadpoolctl import threadpool_limits

from cytorecon.running import Answer, Each, Failure, Item, Lost, Run, in_turn
from cytorecon.workers.answers import Raised, Returned, Work, WorkersError
from cytorecon.workers.lane import Crew
from cytorecon.workers.limits import Limits

Reply = Returned | Raised | Failure
#: Hands a piece of work and an item to an executor.
Submit = Callable[[Work, object], "Future[Reply]"]

#: Items handed out per process: one that is worked on, and one that waits, so that none is idle.
AHEAD: Final = 2


@dataclass(frozen=True)
class Pool:
    """How the items of a run are worked on.

    Parameters
    ----------
    run : Run
        Answers in the order of the items.
    each : Each
        Items with their answers, as they come.
    """

    run: Run
    each: Each


IN_THIS_PROCESS: Final = Pool(run=map, each=in_turn)


@contextmanager
def workers(jobs: int, limits: Limits | None = None) -> Iterator[Pool]:
    """Yield a pool of `jobs` processes of this machine; none of them outlives it.

    Parameters
    ----------
    jobs : int
        Processes. A single job without limits is done in this process.
    limits : Limits, optional
        Of each item; by default those of :class:`~cytorecon.workers.limits.Limits`.
    """
    if jobs <= 1 and limits is None:
        with threadpool_limits(1):
            yield IN_THIS_PROCESS
        return
    crew = Crew(jobs, limits or Limits())
    with ThreadPoolExecutor(jobs) as executor:
        try:
            yield over(lambda work, item: executor.submit(crew.ask, work, item), lambda: jobs * AHEAD)
        finally:
            # before the executor waits for its threads, which wait for the processes
            crew.close()


def over(submit: Submit, window: Callable[[], int]) -> Pool:
    """Return a pool over an executor.

    Parameters
    ----------
    submit : callable
        Hands an item to it.
    window : callable
        Tells how many items may be handed out and not answered; memory depends on it, and not on
        the number of items.
    """

    def each(
        work: Callable[[Item], Answer], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Answer | Failure]]:
        for _, item, answer in _answers(submit, window, work, items):
            yield item, answer

    def run(work: Callable[[Item], Answer], items: Iterable[Item], /) -> Iterator[Answer | Failure]:
        early: dict[int, Answer | Failure] = {}
        turn = 0
        for place, _, answer in _answers(submit, window, work, items):
            early[place] = answer
            while turn in early:
                yield early.pop(turn)
                turn += 1

    return Pool(run=run, each=each)


def _answers(
    submit: Submit,
    window: Callable[[], int],
    work: Callable[[Item], Answer],
    items: Iterable[Item],
) -> Iterator[tuple[int, Item, Answer | Failure]]:
    """Yield place, item and answer as they come."""
    packed = Work.of(work)
    waiting: dict[Future[Reply], tuple[int, Item]] = {}
    rest = enumerate(items)
    try:
        while True:
            for place, item in islice(rest, max(0, window() - len(waiting))):
                waiting[submit(packed, item)] = (place, item)
            if not waiting:
                return
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                place, item = waiting.pop(future)
                yield place, item, cast("Answer | Failure", _value(future))
    finally:
        for future in waiting:
            future.cancel()


def _value(future: Future[Reply]) -> object:
    try:
        reply = future.result()
    except CancelledError:
        raise WorkersError(
            "The scheduler has given up what it was asked to do; it has ended, or cannot be reached.",
            subject="workers",
            hint="What is stored stays. Start the batch again: it does what is missing.",
        ) from None
    except WorkersError:
        raise
    except Exception as error:  # noqa: BLE001 - of the executor: what the work raises is caught where it is done
        return Lost(f"The machine that worked on it was lost ({type(error).__name__}).")
    if isinstance(reply, Raised):
        raise reply.error
    return reply.value if isinstance(reply, Returned) else reply
