"""Intervals of statistics over tubes of several patients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cytorecon.counts.intervals import CONFIDENCE

Values = npt.NDArray[np.float64]


def cluster_interval(
    values: Values,
    clusters: npt.NDArray[np.object_],
    statistic: Callable[[Values], float],
    *,
    draws: int,
    seed: int,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic when whole patients are drawn again.

    Parameters
    ----------
    values : ndarray, shape (n,)
        One per result.
    clusters : ndarray of str, shape (n,)
        Patient of each result: results of one patient are not independent.
    statistic : callable
        Of drawn values.
    draws, seed : int
        Number of draws, and seed of them.

    Returns
    -------
    tuple of float
        95 % limits; NaN with fewer than two patients, which say nothing about others.

    Notes
    -----
    Cluster bootstrap, Davison & Hinkley 1997, section 3.8; percentile limits.

    Examples
    --------
    >>> patients = np.array(["a", "a", "b", "c", "d"], dtype=object)
    >>> f1 = np.array([0.9, 0.8, 1.0, 0.95, 0.7])
    >>> low, high = cluster_interval(f1, patients, np.median, draws=500, seed=1)
    >>> 0.7 <= low <= high <= 1.0
    True
    """
    names = sorted(set(clusters.tolist()))
    if len(names) < 2:
        return float("nan"), float("nan")
    members = [np.flatnonzero(clusters == name) for name in names]
    rng = np.random.default_rng(seed)
    drawn = [
        statistic(values[np.concatenate([members[k] for k in rng.integers(len(names), size=len(names))])])
        for _ in range(draws)
    ]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return float(low), float(high)
