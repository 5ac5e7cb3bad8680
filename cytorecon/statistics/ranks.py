"""Compare groups of values of which some lie below a limit, by what is certain of each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, norm

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Flags, Numbers, Places, numbers, same_length
from cytorecon.statistics.profile import CONFIDENCE

#: With a smaller group than this the p-value is of permutations, not of the limit distribution.
SMALL_GROUP = 10


@dataclass(frozen=True, slots=True)
class RankTest:
    """Result of a rank test.

    Parameters
    ----------
    statistic : float
        Chi-square of `groups` - 1 degrees of freedom.
    p_value : float
        Two-sided.
    groups : int
        How many.
    permutations : int
        Permutations drawn; 0 when `p_value` is of the limit distribution.
    """

    statistic: float
    p_value: float
    groups: int
    permutations: int


@dataclass(frozen=True, slots=True)
class Superiority:
    """How often a value of the first group is the larger one of a pair, ties counted as halves.

    Parameters
    ----------
    share, low, high : float
        0.5 where the groups do not differ; with 95 % interval.
    """

    share: float
    low: float
    high: float


def gehan_scores(values: npt.ArrayLike, below: npt.ArrayLike) -> Numbers:
    """Return, for each value, how many are surely smaller less how many are surely larger.

    Parameters
    ----------
    values : array-like, shape (n,)
        Measured values; the limit of one that lies below it.
    below : array-like of bool, shape (n,)
        Whether it lies below `values`.

    Notes
    -----
    Gehan 1965, Biometrika 52:203-223, for values below a limit. A pair of which the order is not known is a
    tie, so limits that differ between tubes bias nothing; without limits these are twice the ranks, centred.

    Examples
    --------
    >>> gehan_scores([12, 5, 20, 30], [True, False, False, False])
    array([-2., -2.,  1.,  3.])
    """
    own, hidden = numbers(values, name="values"), np.asarray(below, dtype=np.bool_)
    same_length(values=own, below=hidden)
    return _lead(own, hidden, own, hidden)


def _lead(own: Numbers, hidden: Flags, others: Numbers, others_hidden: Flags) -> Numbers:
    """Return, for each of `own`, how many `others` are surely smaller less how many are surely larger."""
    measured, limits = np.sort(others[~others_hidden]), np.sort(others[others_hidden])
    smaller = np.searchsorted(measured, own, side="left") + np.searchsorted(limits, own, side="right")
    larger = len(measured) - np.searchsorted(measured, own, side="right")
    larger_than_limit = len(measured) - np.searchsorted(measured, own, side="left")
    return np.where(hidden, -larger_than_limit, smaller - larger).astype(np.float64)


def rank_test(
    values: npt.ArrayLike,
    below: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    seed: int,
    permutations: int = 9999,
) -> RankTest:
    r"""Test whether groups have the same distribution.

    Parameters
    ----------
    values, below : array-like, shape (n,)
        As in :func:`gehan_scores`.
    groups : array-like of int, shape (n,)
        Group of each value.
    seed : int
        For permutations.
    permutations : int
        How many, where a group is smaller than 10.

    Raises
    ------
    CytoreconError
        If there is one group only.

    Notes
    -----
    :math:`\chi^2 = \frac{N - 1}{\sum_i s_i^2} \sum_g n_g \bar s_g^2`, the permutation form, which holds
    whatever the censoring as long as limits do not depend on the group. Without limits it is Kruskal-Wallis
    with ties (two groups: Mann-Whitney without correction for continuity).

    Examples
    --------
    >>> found = rank_test([1, 2, 3, 4, 5, 6], [False] * 6, [0, 0, 0, 1, 1, 1], seed=1)
    >>> round(found.statistic, 3), found.permutations
    (3.857, 9999)
    """
    own = np.asarray(groups, dtype=np.intp)
    scores = gehan_scores(values, below)
    same_length(values=scores, groups=own)
    _, place, sizes = np.unique(own, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise CytoreconError("A comparison needs two groups.", subject="groups", found=str(len(sizes)))
    statistic = _chi_square(scores, place, sizes)
    if sizes.min() >= SMALL_GROUP:
        return RankTest(statistic, float(chi2.sf(statistic, len(sizes) - 1)), len(sizes), 0)
    random = np.random.default_rng(seed)
    drawn = random.permuted(np.tile(scores, (permutations, 1)), axis=1)
    indicator = np.equal.outer(place, np.arange(len(sizes))).astype(np.float64)
    found = ((drawn @ indicator) ** 2 / sizes).sum(axis=1) * _factor(scores)
    extreme = int((found >= statistic * (1 - 1e-9)).sum())
    return RankTest(statistic, (extreme + 1) / (permutations + 1), len(sizes), permutations)


def _factor(scores: Numbers) -> float:
    spread = float((scores**2).sum())
    return (len(scores) - 1) / spread if spread else 0.0


def _chi_square(scores: Numbers, place: Places, sizes: Places) -> float:
    sums = np.bincount(place, weights=scores)
    return float((sums**2 / sizes).sum() * _factor(scores))


def superiority(
    first: npt.ArrayLike,
    first_below: npt.ArrayLike,
    second: npt.ArrayLike,
    second_below: npt.ArrayLike,
    *,
    confidence: float = CONFIDENCE,
) -> Superiority:
    r"""Return how often a value of the first group exceeds one of the second.

    Parameters
    ----------
    first, second : array-like
        Values, or the limits of those below one.
    first_below, second_below : array-like of bool
        Whether they lie below it.
    confidence : float
        Coverage, a fraction.

    Notes
    -----
    :math:`A = P(X > Y) + \frac12 P(\text{tie})` (Vargha & Delaney 2000, J Educ Behav Stat 25:101-132), the
    interval by structural components on the logit scale (DeLong, DeLong & Clarke-Pearson 1988, Biometrics
    44:837-845). Where A is 1 (or 0) there is no variance; the limit is the share at which n independent
    pairs, n the smaller group, would all be so with probability :math:`\alpha`: :math:`\alpha^{1/n}`.

    Examples
    --------
    >>> superiority([5, 6, 7], [False] * 3, [1, 2, 6], [False] * 3).share
    0.833...
    """
    x, x_below = numbers(first, name="first"), np.asarray(first_below, dtype=np.bool_)
    y, y_below = numbers(second, name="second"), np.asarray(second_below, dtype=np.bool_)
    # A pair counts 1 where x is surely larger, 0 where y is, else a half.
    won = (_lead(x, x_below, y, y_below) + len(y)) / 2
    of_x, of_y = won / len(y), (len(x) - _lead(y, y_below, x, x_below)) / 2 / len(x)
    share = float(won.sum() / (len(x) * len(y)))
    smaller = min(len(x), len(y))
    if share in (0.0, 1.0) or smaller < 2:
        reach = float((1 - confidence) ** (1 / smaller)) if share in (0.0, 1.0) else 0.0
        return Superiority(share, reach if share == 1 else 0.0, 1 - reach if share == 0 else 1.0)
    variance = of_x.var(ddof=1) / len(x) + of_y.var(ddof=1) / len(y)
    logit, width = np.log(share / (1 - share)), np.sqrt(variance) / (share * (1 - share))
    ends = logit + float(norm.ppf((1 + confidence) / 2)) * width * np.array([-1.0, 1.0])
    low, high = 1 / (1 + np.exp(-ends))
    return Superiority(share, float(low), float(high))
