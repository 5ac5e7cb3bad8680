"""What the processes of :mod:`benchmarks.store_kills` do: a module of its own, loaded before they start."""

from __future__ import annotations

import sys
import time
from multiprocessing.connection import Connection

from cytorecon.store import StudyStore
from tests.store.examples import TUBES, result_of

PLOT_BYTES = 20_000


def write_on(location: str, name: str, first: int, sender: Connection) -> None:
    """Save results without end; say the name of each once it is stored."""
    with StudyStore.open(location) as store:
        number = first
        while True:
            tube = TUBES[number % len(TUBES)]
            told = f"{name}n{number}"
            store.save_tube(tube, result_of(tube.tube, events=number, plot_bytes=PLOT_BYTES), reason=told)
            sender.send(told)
            number += 1


def write_freely(location: str, number: int, seconds: float) -> tuple[int, float, int]:
    """Write as fast as can be; return how many commits, the longest call in s, and how many failed."""
    commits, longest, failed = 0, 0.0, 0
    with StudyStore.open(location) as store:
        end = time.monotonic() + seconds
        while (started := time.monotonic()) < end:
            tube = TUBES[(number + commits) % len(TUBES)]
            try:
                store.save_tube(tube, result_of(tube.tube, events=commits, plot_bytes=PLOT_BYTES))
                commits += 1
            except Exception as error:  # noqa: BLE001 - counted, whatever it is
                failed += 1
                print(error, file=sys.stderr)
            longest = max(longest, time.monotonic() - started)
    return commits, longest, failed
