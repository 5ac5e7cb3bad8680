"""Work for worker processes: well-behaved, slow, greedy and deadly."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def doubled(item: int) -> int:
    return 2 * item


def slowest_first(item: int) -> int:
    time.sleep(0.3 if item == 0 else 0.0)
    return item


def killed_at_zero(item: int) -> int:
    if item == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def killed_once(item: Path) -> str:
    """End this process the first time, as a system without memory does."""
    if not item.exists():
        item.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def hangs_at_zero(item: int) -> int:
    """Hang as a library of C does: no exception of Python can stop it."""
    if item == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM})
        time.sleep(600)
    return 2 * item


def greedy(megabytes: int) -> str:
    import numpy as np

    try:
        return str(np.ones(megabytes * 125_000).size)
    except MemoryError:
        return "not enough memory"


def failing(item: int) -> int:
    raise KeyError(f"no {item}")


def printing(item: int) -> int:
    print("a library that prints")  # noqa: T201 - that is what it does
    os.write(1, b"and one that writes\n")
    return item


def process(_item: int) -> int:
    time.sleep(0.05)
    return os.getpid()
