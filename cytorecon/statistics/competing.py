"""Cumulative incidence where one of several events comes first: on known days, or between visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Numbers, numbers, same_length
from cytorecon.statistics.incidence import Incidence, incidence
from cytorecon.statistics.innermost import Innermost, innermost
from cytorecon.statistics.npmle import Masses, fit_masses
from cytorecon.statistics.profile import CONFIDENCE, probability_interval


@dataclass(frozen=True, slots=True)
class CauseCurve:
    """Cumulative incidence of one cause, a step function.

    Parameters
    ----------
    days : ndarray, shape (steps,)
        Days on which any event happened.
    incidence, variance : ndarray, shape (steps,)
        From that day on.
    """

    days: Numbers
    incidence: Numbers
    variance: Numbers

    def at(self, day: float) -> float:
        """Return the incidence on `day`."""
        place = int(np.searchsorted(self.days, day, side="right"))
        return float(self.incidence[place - 1]) if place else 0.0

    def interval_at(self, day: float, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return the interval on `day`, by the log(-log) transformation; (0, 1) before the first event."""
        place = int(np.searchsorted(self.days, day, side="right"))
        if not place or not 0 < self.incidence[place - 1] < 1:
            return 0.0, 1.0
        return log_log_interval(
            float(self.incidence[place - 1]), float(self.variance[place - 1]), confidence=confidence
        )


def log_log_interval(share: float, variance: float, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    r"""Return the interval of a share by the log(-log) transformation.

    Notes
    -----
    :math:`F^{\exp(\pm z \, \mathrm{SE} / (F \log F))}` (Kalbfleisch & Prentice 1980, p. 15): always between 0
    and 1.

    Examples
    --------
    >>> low, high = log_log_interval(0.3, 0.01)
    >>> round(low, 3), round(high, 3)
    (0.126, 0.497)
    """
    width = float(norm.ppf((1 + confidence) / 2)) * np.sqrt(variance) / abs(share * np.log(share))
    return float(share ** np.exp(width)), float(share ** np.exp(-width))


def aalen_johansen(days: npt.ArrayLike, causes: npt.ArrayLike) -> Mapping[int, CauseCurve]:
    r"""Return the cumulative incidence of each cause from exact and right-censored days.

    Parameters
    ----------
    days : array-like, shape (n,)
        Day of the first event, or of the end of follow-up.
    causes : array-like of int, shape (n,)
        From 1; 0 when followed to `days` without an event. Who is censored on the day of an event was at
        risk.

    Returns
    -------
    mapping of int to CauseCurve

    Raises
    ------
    CytoreconError
        If a day is missing or a cause is below 0.

    Notes
    -----
    :math:`F_k(t) = \sum_{t_i \le t} S(t_{i-1}) d_{ki} / n_i` (Aalen & Johansen 1978, Scand J Stat 5:141-150),
    with the delta-method variance of Marubini & Valsecchi 1995, p. 341: :math:`\sum (F(t) - F(t_i))^2
    \frac{d_i}{n_i (n_i - d_i)} + \sum S(t_{i-1})^2 \frac{d_{ki} (n_i - d_{ki})}{n_i^3} - 2 \sum (F(t) -
    F(t_i)) S(t_{i-1}) \frac{d_{ki}}{n_i^2}`. With one cause it is 1 - Kaplan-Meier. It assumes that who is
    censored runs the same risk as who is not.

    Examples
    --------
    >>> curves = aalen_johansen([5, 10, 20, 30], [1, 2, 1, 0])
    >>> curves[1].incidence, curves[2].at(15)
    (array([0.25, 0.25, 0.5 ]), 0.25)
    """
    times, kinds = numbers(days, name="days"), np.asarray(causes, dtype=np.intp)
    same_length(days=times, causes=kinds)
    if (kinds < 0).any():
        raise CytoreconError("A cause is a number from 1, or 0 for none.", subject="causes")
    steps = np.unique(times[kinds > 0])
    at_risk = np.array([(times >= step).sum() for step in steps], dtype=np.float64)
    of_cause = {
        int(kind): np.array([((times == step) & (kinds == kind)).sum() for step in steps], dtype=np.float64)
        for kind in np.unique(kinds[kinds > 0])
    }
    any_cause = np.sum(list(of_cause.values()), axis=0) if of_cause else np.zeros(0)
    before = np.concatenate([[1.0], np.cumprod(1 - any_cause / at_risk)])[:-1] if len(steps) else at_risk
    return {
        kind: _cause_curve(steps, own, any_cause, at_risk, before) for kind, own in sorted(of_cause.items())
    }


def _cause_curve(
    days: Numbers, own: Numbers, any_cause: Numbers, at_risk: Numbers, before: Numbers
) -> CauseCurve:
    share = np.cumsum(before * own / at_risk)
    alive = at_risk - any_cause
    # Where nobody is left the factor is 0 times infinity, and its limit is 0.
    first = np.divide(any_cause, at_risk * alive, out=np.zeros_like(share), where=alive > 0)
    third = before * own / at_risk**2
    squares = share**2 * np.cumsum(first) - 2 * share * np.cumsum(first * share) + np.cumsum(first * share**2)
    second = np.cumsum(before**2 * own * (at_risk - own) / at_risk**3)
    variance = squares + second - 2 * (share * np.cumsum(third) - np.cumsum(third * share))
    return CauseCurve(days, share, np.maximum(variance, 0.0))


@dataclass(frozen=True, slots=True)
class CompetingFit:
    """Cumulative incidences of events that are only known to lie in intervals.

    Parameters
    ----------
    places : Innermost
        Where the mass can lie.
    fitted : Masses
        The estimate.
    """

    places: Innermost
    fitted: Masses

    def curve(self, cause: int) -> Incidence:
        """Return the curve of one cause; empty when nobody had it."""
        return incidence(self.places, self.fitted.masses, cause=cause)

    def interval_at(self, day: float, cause: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return the interval on `day` by the likelihood ratio."""
        return probability_interval(self.places, self.fitted, day, cause=cause, confidence=confidence)


def interval_censored_incidence(
    after: npt.ArrayLike, by: npt.ArrayLike, causes: npt.ArrayLike
) -> CompetingFit:
    r"""Return the cumulative incidence of each cause from interval-censored days.

    Parameters
    ----------
    after, by : array-like, shape (n,)
        The first event lies in (after, by]; its day is known where the two are equal (death); `by` is
        infinite where no event is known up to `after`.
    causes : array-like of int, shape (n,)
        From 1; 0 where `by` is infinite.

    Returns
    -------
    CompetingFit

    Notes
    -----
    Nonparametric maximum likelihood of :math:`\prod_i (F_{k_i}(R_i) - F_{k_i}(L_i)) \prod_c (1 - \sum_k
    F_k(L_c))` (Hudgens, Satten & Longini 2001, Biometrics 57:74-80), the mass of each cause on its own
    innermost intervals. It assumes that the first event and its cause are known of everybody who had one.
    With exact and right-censored days only it is the Aalen-Johansen estimate; with one cause the Turnbull
    estimate.

    Examples
    --------
    >>> fit = interval_censored_incidence([0, 30, 50, 60], [30, 60, 50, np.inf], [1, 1, 2, 0])
    >>> fit.curve(1).at(60), round(fit.curve(2).at(60), 3)
    (0.5, 0.25)
    """
    low, high = numbers(after, name="after"), numbers(by, name="by", infinite=True)
    kinds = np.asarray(causes, dtype=np.intp)
    same_length(after=low, by=high, causes=kinds)
    places = innermost(low, high, kinds)
    return CompetingFit(places, fit_masses(places.covers, places.weights))
