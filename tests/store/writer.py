"""A program of its own that writes one study, to be killed: ``python -m tests.store.writer``.

It saves results of the example's tubes in turn and prints the revision after each: what was
printed must still be there after the kill.
"""

from __future__ import annotations

import sys

from cytorecon.store import StudyStore
from tests.store.examples import TUBES, result_of


def main(location: str, times: int, first: int) -> None:
    """Save `times` results (without end when negative), marked `first`, `first` + 1, …"""
    with StudyStore.open(location) as store:
        number = first
        while times < 0 or number < first + times:
            tube = TUBES[number % len(TUBES)]
            store.save_tube(tube, result_of(tube.tube, events=number, plot_bytes=50_000))
            print(number, flush=True)  # noqa: T201
            number += 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
