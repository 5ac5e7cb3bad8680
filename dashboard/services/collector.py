"""Python's search for values that hold each other in a circle: not through a whole study again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_out_of_the_search() -> Iterator[None]:
    """Make values that the search for circles does not look at, neither now nor later.

    A study is a tree of millions of values. Without this the search went through all of them ten times while
    10,000 tubes were read, for nearly half of the time, and through all of them at times later on. They are
    freed as before when nobody holds them. For what a server reads once, at its start: whatever is there then
    is left out for good.

    Examples
    --------
    >>> with left_out_of_the_search():
    ...     gc.isenabled()
    False
    >>> gc.isenabled(), gc.get_freeze_count() > 0
    (True, True)
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_on:
            gc.enable()
