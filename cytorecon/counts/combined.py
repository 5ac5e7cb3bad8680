"""Intervals of counts whose gates, volumes and blood counts are uncertain, too.

The errors of counting are exact and lopsided, those of gates and volumes are known as a standard deviation
of the logarithm. They are joined by the method of variance estimates recovery (MOVER; Zou & Donner 2008,
Stat Med 27:1693-1702) on the logarithmic scale, where the concentration is a sum:

    ln limit = ln estimate -/+ sqrt((ln estimate - ln exact limit)^2 + (z x spread)^2)

Without other errors it is the exact limit. Of no events the logarithm does not exist: the exact limit stands.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from cytorecon.counts.intervals import CONFIDENCE, binomial_interval


def widened(
    estimate: float, low: float, high: float, spread: float, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return an interval with another error on top.

    Parameters
    ----------
    estimate : float
        What was counted, in any unit.
    low, high : float
        Its exact limits for `confidence`.
    spread : float
        Standard deviation of the natural logarithm of the other error.
    confidence : float
        Coverage, a fraction between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit, in the same unit. At an estimate of 0 those given.

    Examples
    --------
    >>> low, high = widened(100.0, 81.4, 121.6, 0.1)
    >>> round(low, 1), round(high, 1)
    (75.2, 132.0)
    >>> widened(0.0, 0.0, 3.69, 0.1)
    (0.0, 3.69)
    """
    if spread == 0 or estimate == 0:
        return low, high
    reach = deviations(confidence) * spread
    lower = estimate * math.exp(-math.hypot(math.log(estimate / low), reach)) if low > 0 else 0.0
    return lower, estimate * math.exp(math.hypot(math.log(high / estimate), reach))


def deviations(confidence: float) -> float:
    """Return how many standard deviations to either side hold this share of a normal distribution.

    Examples
    --------
    >>> round(deviations(0.95), 2)
    1.96
    """
    return float(ndtri((1.0 + confidence) / 2.0))


def share_interval(
    part: int, whole: int, *, spread: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the interval of a share of which a gate may cut off more or less.

    Parameters
    ----------
    part, whole : int
        Events.
    spread : float
        Standard deviation of the natural logarithm of the share by its gates.
    confidence : float
        Coverage, a fraction between 0 and 1.

    Returns
    -------
    tuple of float
        Fractions from 0 to 1.

    Examples
    --------
    >>> low, high = share_interval(50, 1000, spread=0.1)
    >>> round(low, 3), round(high, 3)
    (0.036, 0.07)
    """
    exact = binomial_interval(part, whole, confidence=confidence)
    low, high = widened(part / whole, *exact, spread, confidence=confidence)
    return low, min(high, 1.0)
