"""When an event happens that is only seen at visits: the distribution between them (Turnbull)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Numbers, Places, numbers, same_length
from cytorecon.statistics.incidence import Incidence, incidence
from cytorecon.statistics.innermost import Innermost, innermost
from cytorecon.statistics.npmle import Masses, fit_masses
from cytorecon.statistics.profile import CONFIDENCE, probability_interval, quantile_interval

_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Turnbull:
    """The distribution of an interval-censored time.

    Parameters
    ----------
    curve : Incidence
        The probability that it has happened, by day.
    places : Innermost
        Where the mass can lie.
    fitted : Masses
        The estimate.
    patients : int
        How many.
    """

    curve: Incidence
    places: Innermost
    fitted: Masses
    patients: int

    @property
    def log_likelihood(self) -> float:
        """At the maximum."""
        return self.fitted.log_likelihood

    @property
    def gap(self) -> float:
        """How far at most the maximum lies above :attr:`log_likelihood`."""
        return self.fitted.gap

    @property
    def median(self) -> tuple[float, float] | None:
        """(after, by]: the interval in which the median lies; None when half have not been reached."""
        return self.curve.quantile(_HALF)

    def interval_at(self, day: float, *, confidence: float = CONFIDENCE) -> Interval:
        """Return the interval of the probability that it has happened by `day`."""
        return Interval(*probability_interval(self.places, self.fitted, day, cause=1, confidence=confidence))

    def median_interval(self, *, confidence: float = CONFIDENCE) -> Interval:
        """Return the interval of the median day: all days whose probability may be a half."""
        return Interval(*quantile_interval(self.places, self.fitted, _HALF, cause=1, confidence=confidence))


@dataclass(frozen=True, slots=True)
class Interval:
    """Lower and upper limit; the upper one may be infinite."""

    low: float
    high: float


def turnbull(after: npt.ArrayLike, by: npt.ArrayLike) -> Turnbull:
    r"""Return the nonparametric maximum-likelihood distribution of interval-censored times.

    Parameters
    ----------
    after, by : array-like, shape (n,)
        Days. Each event lies in (after, by]. Equal: the day is known. `after` 0: it was there at the first
        visit (left-censored). `by` infinite: not yet at `after` (right-censored).

    Returns
    -------
    Turnbull

    Raises
    ------
    CytoreconError
        If a day is missing or below 0, an interval ends before it begins, or nobody is given.

    Notes
    -----
    Maximises :math:`\prod_i (F(R_i) - F(L_i))` (Turnbull 1976, JRSS B 38:290-295). The mass lies in innermost
    intervals (:mod:`cytorecon.statistics.innermost`); how it is spread inside one is not known, and nothing
    is interpolated. With exact and right-censored days only it is the Kaplan-Meier estimate. It assumes that
    the visits do not depend on when the event happens.

    Examples
    --------
    >>> found = turnbull([0, 30, 30, 60], [30, 60, 100, np.inf])
    >>> found.curve.by, found.curve.masses.round(3)
    (array([ 30.,  60., 100.]), array([0.25 , 0.375, 0.375]))
    >>> found.median
    (30.0, 60.0)
    """
    low, high, cause = _checked(after, by)
    places = innermost(low, high, cause)
    found = fit_masses(places.covers, places.weights)
    curve = incidence(places, found.masses, cause=1)
    return Turnbull(curve, places, found, len(low))


def turnbull_intervals(
    after: npt.ArrayLike, by: npt.ArrayLike, days: Sequence[float], *, confidence: float = CONFIDENCE
) -> list[Interval]:
    """Return intervals of the probability that the event has happened by each of `days`.

    Parameters
    ----------
    after, by : array-like
        As in :func:`turnbull`.
    days : sequence of float
        Days.
    confidence : float
        Coverage, a fraction.

    Returns
    -------
    list of Interval
        By the likelihood ratio (:func:`cytorecon.statistics.profile.probability_interval`).

    Examples
    --------
    >>> found = turnbull_intervals([0, 30, 30, 60], [30, 60, 100, np.inf], [60])
    >>> round(found[0].low, 2), round(found[0].high, 2)
    (0.14, 0.97)
    """
    fitted = turnbull(after, by)
    return [fitted.interval_at(day, confidence=confidence) for day in days]


def turnbull_median_interval(
    after: npt.ArrayLike, by: npt.ArrayLike, *, confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of the median day: all days whose probability may be a half.

    Examples
    --------
    >>> turnbull_median_interval([0, 30, 30, 60], [30, 60, 100, np.inf])
    Interval(low=0.0, high=inf)
    """
    return turnbull(after, by).median_interval(confidence=confidence)


def _checked(after: npt.ArrayLike, by: npt.ArrayLike) -> tuple[Numbers, Numbers, Places]:
    low, high = numbers(after, name="after"), numbers(by, name="by", infinite=True)
    same_length(after=low, by=high)
    if (low < 0).any():
        raise CytoreconError(
            "A day lies before the clock starts.",
            subject="after",
            found=f"{low.min():g}",
            allowed="0 or later",
        )
    return low, high, np.where(np.isinf(high), 0, 1).astype(np.intp)
