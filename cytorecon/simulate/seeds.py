"""Independent random streams from one seed, so that one draw more here changes nothing there."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random stream is for. Numbers are part of every simulated file: never renumber."""

    PATIENT = 0
    DAYS = 1
    VISIT_NOISE = 2
    DRIFT = 3
    LOTS = 4
    VISIT = 5
    TUBE = 6
    BEAD_LOT = 7
    COURSES = 8


def seed_numbers(seed: int, stream: Stream, *index: int) -> tuple[int, ...]:
    """Return the numbers that stand for element `index` (patient, visit) of a stream."""
    return (seed, int(stream), *index)


def generator(seed: int, stream: Stream, *index: int) -> np.random.Generator:
    """Return the random generator of element `index` of a stream.

    Parameters
    ----------
    seed : int
        0 or more.
    stream : Stream
        What it is for.
    index : int
        Patient, visit … counted from 0.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed_numbers(seed, stream, *index))))
