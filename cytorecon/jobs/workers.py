"""Several processes for one batch, none of which outlives it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.process import parent_process

from threadpoolctl import threadpool_limits

from cytorecon.pipeline.learn import Answer, Item, Run


@contextmanager
def workers(jobs: int) -> Iterator[Run]:
    """Yield a ``map`` over `jobs` processes, or the built-in one for a single job."""
    if jobs <= 1:
        with threadpool_limits(1):
            yield map
        return
    # spawn, not fork: threads of numerical libraries do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin) as executor:

        def run(work: Callable[[Item], Answer], items: Iterable[Item], /) -> Iterable[Answer]:
            return executor.map(work, items)

        yield run


def _begin() -> None:
    # The workers are the parallelism: no threads of numerical libraries in each of them.
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent is gone, however it went.

    A worker waits for work at a pipe that it holds both ends of, so without this it would wait for
    ever. The parent's end of the pipe waited at here is closed by the system, on every platform.
    """
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
