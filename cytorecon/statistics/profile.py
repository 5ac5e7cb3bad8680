"""Intervals of an interval-censored distribution by the likelihood ratio."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from cytorecon.statistics.checked import Flags, Numbers
from cytorecon.statistics.innermost import Innermost
from cytorecon.statistics.npmle import Masses, fit_masses

#: Coverage of intervals, as a fraction.
CONFIDENCE: Final = 0.95
#: A limit is known to this much: a hundredth of a percentage point.
_PRECISION: Final = 1e-4
#: A fall of the log-likelihood is asked for to this much per observation.
_ROUGH: Final = 1e-7
#: So many days further out are tried where a limit is looked for.
_LOOK_ON: Final = 10
#: In place of an infinite fall of the log-likelihood: far beyond any limit.
_NEVER: Final = 1e6


def probability_interval(
    places: Innermost, fitted: Masses, day: float, *, cause: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    r"""Return the interval of the probability that the event of `cause` has happened by `day`.

    Parameters
    ----------
    places, fitted
        The estimate.
    day : float
        The day.
    cause : int
        From 1.
    confidence : float
        Coverage, a fraction.

    Returns
    -------
    tuple of float
        Limits of the probability, from 0 to 1.

    Notes
    -----
    All :math:`\theta` with :math:`2 (\ell(\hat p) - \max_{F(t) = \theta} \ell(p)) \le \chi^2_{1}`. Where
    visits follow a schedule of finitely many days this is the usual limit; where they may be on any day the
    limit distribution has smaller quantiles (2.29 in place of 3.84 at 95 %: Banerjee & Wellner 2001, Ann Stat
    29:1699-1731), so the interval covers at least as often as stated. The bootstrap does not (Sen & Xu 2015).
    Where `day` lies inside an innermost interval, its mass may be before or after the day: the lower limit
    counts it after, the upper before.
    """
    allowed = float(chi2.ppf(confidence, 1)) / 2
    certain = (places.cause == cause) & (places.by <= day)
    possible = (places.cause == cause) & ((places.by <= day) | (places.after < day))
    low = _limit(places, fitted, certain, allowed, day, upper=False)
    return low, _limit(places, fitted, possible, allowed, day, upper=True)


def quantile_interval(
    places: Innermost, fitted: Masses, share: float, *, cause: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the interval of the day on which the probability passes `share`.

    Returns
    -------
    tuple of float
        Days that the likelihood ratio leaves possible; the upper one is infinite where the probability
        may stay below `share`.

    Notes
    -----
    All days are kept whose own test does not exclude them, and those between: a day is often less certain
    than an earlier one, because fewer visits were near it.
    """
    allowed = float(chi2.ppf(confidence, 1)) / 2
    own = (places.cause == cause) & np.isfinite(places.by)
    days = np.unique(np.concatenate([[0.0], places.after[own], places.by[own]]))

    def too_early(day: float) -> bool:
        inside = own & ((places.by <= day) | (places.after < day))
        return fitted.masses[inside].sum() < share and _loss(places, fitted, inside, share, day) > allowed

    def too_late(day: float) -> bool:
        inside = own & (places.by <= day)
        return fitted.masses[inside].sum() > share and _loss(places, fitted, inside, share, day) > allowed

    # Between two of these days nothing changes: too early up to the end of a gap, too late from its
    # beginning.
    low = _outermost(
        bisect_left(days, True, key=lambda day: not too_early(day)) - 1, days, too_early, step=-1
    )
    high = _outermost(bisect_left(days, True, key=too_late), days, too_late, step=1)
    return float(days[max(low, 0)]), float(days[high]) if high < len(days) else np.inf


def _outermost(place: int, days: Numbers, excluded: Callable[[float], bool], *, step: int) -> int:
    """Return the place beyond which no day is left: days further out than halving finds may be open."""
    looked = place
    while 0 <= looked < len(days) and abs(looked - place) < _LOOK_ON:
        if not excluded(float(days[looked])):
            place = looked + step
        looked += step
    return place


def _limit(
    places: Innermost, fitted: Masses, inside: Flags, allowed: float, day: float, *, upper: bool
) -> float:
    """Return the probability of `inside` at which the likelihood has fallen by `allowed`."""
    best = min(max(float(fitted.masses[inside].sum()), 0.0), 1.0)
    end = 1.0 if upper else 0.0
    if best == end:
        return end

    def beyond(share: float) -> float:
        return float(np.sqrt(_loss(places, fitted, inside, share, day)) - np.sqrt(allowed))

    if beyond(end) <= 0:
        return end
    return float(brentq(beyond, best, end, xtol=_PRECISION))


def _loss(places: Innermost, fitted: Masses, inside: Flags, share: float, day: float) -> float:
    """Return by how much the log-likelihood falls when `inside` has to have the probability `share`."""
    covers, blocks, start = places.covers, inside.astype(np.intp), fitted.masses
    if not inside.any() or inside.all():
        # Mass may also lie where nobody was seen to have it: in those whose follow-up ended before.
        unseen = (places.open_after < day) if not inside.any() else np.zeros(len(covers), dtype=np.bool_)
        covers = np.column_stack([covers, unseen])
        blocks, start = np.append(blocks, 0 if inside.all() else 1), np.append(start, 0.0)
    shares = np.array([1.0 - share, share])
    held = fit_masses(covers, places.weights, blocks=blocks, shares=shares, start=start, gap=_ROUGH)
    return float(np.clip(fitted.log_likelihood - held.log_likelihood, 0.0, _NEVER))
