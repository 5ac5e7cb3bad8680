"""Exact confidence intervals for counts, proportions and ratios of counts.

All are two-sided and conservative: they cover the true value at least as often as stated.
"""

from __future__ import annotations

from typing import Final

from scipy.special import betaincinv, gammaincinv

from cytorecon.errors import CytoreconError

#: Coverage of every interval in the tables, as a fraction.
CONFIDENCE: Final = 0.95


def binomial_interval(successes: int, trials: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of a proportion.

    Parameters
    ----------
    successes, trials : int
        ``0 <= successes <= trials`` and ``trials >= 1``.
    confidence : float
        Coverage, a fraction between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit, fractions from 0 to 1.

    Raises
    ------
    CytoreconError
        If the counts are impossible.

    Notes
    -----
    Clopper & Pearson 1934, Biometrika 26:404-413, in the form of beta quantiles.

    Examples
    --------
    >>> low, high = binomial_interval(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise CytoreconError(
            "These counts have no proportion.",
            subject="binomial_interval",
            found=f"{successes} of {trials}",
            allowed="0 <= successes <= trials, trials >= 1",
        )
    tail = (1.0 - confidence) / 2.0
    failures = trials - successes
    low = 0.0 if successes == 0 else float(betaincinv(successes, failures + 1, tail))
    high = 1.0 if failures == 0 else float(betaincinv(successes + 1, failures, 1.0 - tail))
    return low, high


def poisson_interval(count: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of the mean of a Poisson count.

    Parameters
    ----------
    count : int
        Events counted, at least 0.
    confidence : float
        Coverage, a fraction between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit of the expected number of events.

    Raises
    ------
    CytoreconError
        If `count` is negative.

    Notes
    -----
    Garwood 1936, Biometrika 28:437-442, in the form of gamma quantiles.

    Examples
    --------
    >>> low, high = poisson_interval(10)
    >>> round(low, 3), round(high, 2)
    (4.795, 18.39)
    """
    if count < 0:
        raise CytoreconError(
            "A count cannot be negative.", subject="poisson_interval", found=str(count), allowed="0 or more"
        )
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return low, float(gammaincinv(count + 1, 1.0 - tail))


def poisson_ratio_interval(
    numerator: int, denominator: int, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the exact interval of the ratio of two Poisson means.

    Parameters
    ----------
    numerator, denominator : int
        The two counts; not both 0.
    confidence : float
        Coverage, a fraction between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit of mean(numerator) / mean(denominator); the upper one is infinite
        when `denominator` is 0.

    Raises
    ------
    CytoreconError
        If a count is negative or both are 0.

    Notes
    -----
    Given their sum, the numerator is binomial with p = ratio / (1 + ratio) (Przyborowski &
    Wilenski 1940, Biometrika 31:313-323); the limits of p are Clopper-Pearson's.

    Examples
    --------
    >>> low, high = poisson_ratio_interval(100, 1000)
    >>> round(low, 4), round(high, 4)
    (0.0806, 0.1228)
    """
    low, high = binomial_interval(numerator, numerator + denominator, confidence=confidence)
    return low / (1.0 - low), float("inf") if high == 1.0 else high / (1.0 - high)
