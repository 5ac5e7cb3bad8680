"""Made cohorts whose true times are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
SCHEDULE = np.array([14, 30, 60, 100, 180, 270, 365, 450, 545, 730], dtype=np.float64)


def seen_at_visits(times: Numbers, seed: int) -> tuple[Numbers, Numbers]:
    """Return (after, by] of each time, seen at visits around the schedule, of which some are the last."""
    random = np.random.default_rng(seed)
    after, by = np.zeros(len(times)), np.full(len(times), np.inf)
    for place, time in enumerate(times):
        visits = np.unique(np.round(SCHEDULE + random.normal(0, SCHEDULE * 0.06)))[: random.integers(4, 11)]
        after[place] = visits[visits < time].max(initial=0.0)
        by[place] = visits[visits >= time].min(initial=np.inf)
    return after, by


def weibull(patients: int, seed: int) -> Numbers:
    return np.asarray(np.random.default_rng(seed).weibull(1.2, patients) * 150)
