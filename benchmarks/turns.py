"""Measuring pieces of work in turns, so that whatever else the machine does falls on all of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median


def cpu_seconds(work: Mapping[str, Callable[[], object]], *, turns: int = 5) -> dict[str, float]:
    """Return the median CPU seconds of each piece of work over interleaved turns."""
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(turns + 1):
        for name, call in work.items():
            gc.collect()
            start = time.process_time()
            call()
            spent[name].append(time.process_time() - start)
    # The first turn warms caches up.
    return {name: median(times[1:]) for name, times in spent.items()}
