"""Do groups reach an event at different times, when it is only seen at visits: a log-rank test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Numbers, numbers, same_length
from cytorecon.statistics.innermost import innermost
from cytorecon.statistics.npmle import fit_masses
from cytorecon.statistics.ranks import SMALL_GROUP, RankTest


def logrank_scores(after: npt.ArrayLike, by: npt.ArrayLike) -> Numbers:
    r"""Return the log-rank score of each interval-censored time.

    Parameters
    ----------
    after, by : array-like, shape (n,)
        As in :func:`cytorecon.statistics.turnbull.turnbull`.

    Notes
    -----
    :math:`c_i = \frac{S(L) \log \tilde S(L) - S(R) \log \tilde S(R)}{S(L) - S(R)}` with S the Turnbull
    estimate of all and :math:`-\log \tilde S(t) = \sum_{t_j \le t} p_j / S(t_{j-1})` (Sun 1996, Stat Med
    15:1387-1395, in the form of Fay & Shaw 2010, J Stat Softw 36(2)). Early events have high scores; the
    scores add up to 0. With exact and right-censored days they are those of the usual log-rank test.
    """
    low, high = numbers(after, name="after"), numbers(by, name="by", infinite=True)
    places = innermost(low, high, np.where(np.isinf(high), 0, 1).astype(np.intp))
    masses = fit_masses(places.covers, places.weights).masses
    order = np.argsort(places.by, kind="stable")
    own = masses[order]
    left = 1.0 - np.concatenate([[0.0], np.cumsum(own)])
    left[left < 1e-12] = 0.0
    hazard = np.divide(own, left[:-1], out=np.zeros_like(own), where=left[:-1] > 0)
    product = left * -np.concatenate([[0.0], np.cumsum(hazard)])
    covers = places.covers[:, order]
    first = covers.argmax(axis=1)
    last = covers.shape[1] - covers[:, ::-1].argmax(axis=1)
    scores = (product[first] - product[last]) / (left[first] - left[last])
    return np.asarray(scores[places.row], dtype=np.float64)


def interval_logrank(
    after: npt.ArrayLike,
    by: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    seed: int,
    permutations: int = 9999,
) -> RankTest:
    """Test whether groups reach an event at the same times.

    Parameters
    ----------
    after, by : array-like, shape (n,)
        As in :func:`cytorecon.statistics.turnbull.turnbull`.
    groups : array-like of int, shape (n,)
        Group of each patient.
    seed : int
        For permutations.
    permutations : int
        How many, where a group is smaller than 10.

    Returns
    -------
    RankTest

    Raises
    ------
    CytoreconError
        If there is one group only.

    Notes
    -----
    The permutation form of the test with :func:`logrank_scores`. It assumes that visits do not depend on the
    group.
    """
    own = np.asarray(groups, dtype=np.intp)
    scores = logrank_scores(after, by)
    same_length(after=scores, groups=own)
    _, place, sizes = np.unique(own, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise CytoreconError("A comparison needs two groups.", subject="groups", found=str(len(sizes)))
    centred = scores - scores.mean()
    spread = float((centred**2).sum())
    factor = (len(centred) - 1) / spread if spread else 0.0
    statistic = float((np.bincount(place, weights=centred) ** 2 / sizes).sum() * factor)
    if sizes.min() >= SMALL_GROUP:
        return RankTest(statistic, float(chi2.sf(statistic, len(sizes) - 1)), len(sizes), 0)
    drawn = np.random.default_rng(seed).permuted(np.tile(centred, (permutations, 1)), axis=1)
    indicator = np.equal.outer(place, np.arange(len(sizes))).astype(np.float64)
    found = ((drawn @ indicator) ** 2 / sizes).sum(axis=1) * factor
    extreme = int((found >= statistic * (1 - 1e-9)).sum())
    return RankTest(statistic, (extreme + 1) / (permutations + 1), len(sizes), permutations)
