"""Landmark analysis: who is alive and at risk on a day, grouped by what was known on that day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.statistics.checked import Flags, Numbers, Places, numbers, same_length
from cytorecon.statistics.competing import aalen_johansen


@dataclass(frozen=True, slots=True)
class Landmark:
    """Those who are at risk at the landmark, on a clock that starts there.

    Parameters
    ----------
    at_risk : ndarray of bool, shape (n,)
        Who was followed beyond the landmark without the event.
    days : ndarray, shape (at risk,)
        From the landmark to the event or the end of follow-up.
    events : ndarray of bool, shape (at risk,)
        Whether the event happened.
    groups : ndarray of int, shape (at risk,)
        Group on the day of the landmark.
    """

    at_risk: Flags
    days: Numbers
    events: Flags
    groups: Places


def at_landmark(
    days: npt.ArrayLike, events: npt.ArrayLike, groups: npt.ArrayLike, *, landmark: float
) -> Landmark:
    """Return who is at risk at the landmark, with days counted from it.

    Parameters
    ----------
    days : array-like, shape (n,)
        Day of the event, or of the end of follow-up.
    events : array-like of bool, shape (n,)
        Whether it was the event.
    groups : array-like of int, shape (n,)
        Group by what was known on the day of the landmark, not later.
    landmark : float
        The day.

    Returns
    -------
    Landmark

    Notes
    -----
    Who reaches a milestone has lived to reach it; comparing those who ever reached it with those who never
    did counts that time as an effect. Here groups are made on one day, of those who live to see it (Anderson,
    Cain & Gelber 1983, J Clin Oncol 1:710-719).

    Examples
    --------
    >>> at_landmark([50, 150, 300], [True, True, False], [0, 0, 1], landmark=100).days
    array([ 50., 200.])
    """
    times, happened = numbers(days, name="days"), np.asarray(events, dtype=np.bool_)
    own = np.asarray(groups, dtype=np.intp)
    same_length(days=times, events=happened, groups=own)
    at_risk = times > landmark
    return Landmark(at_risk, times[at_risk] - landmark, happened[at_risk], own[at_risk])


def survival_at(
    days: npt.ArrayLike, events: npt.ArrayLike, horizon: float
) -> tuple[float, float, float] | None:
    """Return survival at `horizon` with its 95 % interval; None when nobody was followed that long.

    Notes
    -----
    Kaplan-Meier with the log(-log) interval. Where everybody followed to the horizon survives there is no
    variance; the limits are those of an exact binomial share of those followed that long.

    Examples
    --------
    >>> survival_at([50, 200, 300, 300], [True, False, False, False], 250)[0]
    0.75
    """
    times, happened = numbers(days, name="days"), np.asarray(events, dtype=np.bool_)
    same_length(days=times, events=happened)
    followed = int((times >= horizon).sum())
    died = int((happened & (times <= horizon)).sum())
    if not followed and died < len(times):
        return None
    if not died:
        return 1.0, float(0.025 ** (1 / followed)), 1.0
    if not followed:
        return 0.0, 0.0, float(1 - 0.025 ** (1 / len(times)))
    curve = aalen_johansen(times, happened.astype(np.intp))[1]
    low, high = curve.interval_at(horizon)
    return 1 - curve.at(horizon), 1 - high, 1 - low
