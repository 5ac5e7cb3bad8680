"""Intervals of an interval-censored distribution by the likelihood ratio."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
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
#: A limit is looked for between the estimate and so many times the way to where it is thought to lie.
_BEYOND: Final = 1.15
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
    low = _limit(_problem(places, fitted, certain, day), allowed, upper=False)
    return low, _limit(_problem(places, fitted, possible, day), allowed, upper=True)


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
        if fitted.masses[inside].sum() >= share:
            return False
        return _loss(_problem(places, fitted, inside, day), share) > allowed

    def too_late(day: float) -> bool:
        inside = own & (places.by <= day)
        if fitted.masses[inside].sum() <= share:
            return False
        return _loss(_problem(places, fitted, inside, day), share) > allowed

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


@dataclass(frozen=True, slots=True)
class _Problem:
    """The same likelihood in fewer places: those that no observation tells apart are one."""

    covers: Flags
    weights: Numbers
    start: Numbers
    inside: Flags
    log_likelihood: float


def _problem(places: Innermost, fitted: Masses, inside: Flags, day: float) -> _Problem:
    r"""Return the problem of giving `inside` a probability.

    Observations that lie in one place each tell places apart only by how many there are: of places that are
    alike to all others the masses are as their numbers, so that :math:`\sum_j w_j \log p_j` is :math:`W \log
    q` and a constant.
    """
    covers, masses = places.covers, fitted.masses
    if not inside.any() or inside.all():
        # Mass may also lie where nobody was seen to have it: in those whose follow-up ended before.
        unseen = (places.open_after < day) if not inside.any() else np.zeros(len(covers), dtype=np.bool_)
        covers, masses = np.column_stack([covers, unseen]), np.append(masses, 0.0)
        inside = np.append(inside, not inside.any())
    single = covers.sum(axis=1) == 1
    patterns = np.vstack([covers[~single], inside]).T
    packed = np.ascontiguousarray(np.packbits(patterns, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    alike, group = patterns[first], np.asarray(group).reshape(-1)
    in_one = np.bincount(
        group[covers[single].argmax(axis=1)], weights=places.weights[single], minlength=len(alike)
    )
    counted = np.flatnonzero(in_one)
    own = np.concatenate([alike[:, :-1].T, np.eye(len(alike), dtype=np.bool_)[counted]])
    weights = np.concatenate([places.weights[~single], in_one[counted]])
    start = np.asarray(np.bincount(group, weights=masses, minlength=len(alike)), dtype=np.float64)
    best = float(weights @ np.log(own.astype(np.float64) @ start))
    return _Problem(own, weights, start, alike[:, -1], best)


def _limit(problem: _Problem, allowed: float, *, upper: bool) -> float:
    """Return the probability at which the likelihood has fallen by `allowed`."""
    best = min(max(float(problem.start[problem.inside].sum()), 0.0), 1.0)
    end = 1.0 if upper else 0.0
    if best == end:
        return end

    @cache
    def beyond(share: float) -> float:
        # nothing is lost where nothing is asked
        loss = 0.0 if share == best else _loss(problem, share)
        return float(np.sqrt(loss) - np.sqrt(allowed))

    # The root of the loss is nearly a straight line: a little beyond where it would pass is a bracket.
    total = float(problem.weights.sum())
    reach = max(float(np.sqrt(2.0 * allowed * best * (1.0 - best) / total)), 1.0 / total)
    inner, share = best, best
    while share != end:
        share = min(best + _BEYOND * reach, end) if upper else max(best - _BEYOND * reach, end)
        lost = beyond(share)
        if lost > 0:
            return float(brentq(beyond, inner, share, xtol=_PRECISION))
        root = float(np.sqrt(allowed))
        inner, reach = share, abs(share - best) * root / max(lost + root, root / _BEYOND)
    return end


def _loss(problem: _Problem, share: float) -> float:
    """Return by how much the log-likelihood falls when `inside` has to have the probability `share`."""
    held = fit_masses(
        problem.covers,
        problem.weights,
        blocks=problem.inside.astype(np.intp),
        shares=np.array([1.0 - share, share]),
        start=problem.start,
        gap=_ROUGH,
    )
    return float(np.clip(problem.log_likelihood - held.log_likelihood, 0.0, _NEVER))
