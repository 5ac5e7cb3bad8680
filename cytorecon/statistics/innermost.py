"""Where the mass of interval-censored events can lie: innermost intervals (maximal intersections)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Flags, Numbers, Places, same_length


@dataclass(frozen=True, slots=True)
class Innermost:
    """Places of the mass, and which of them each observation may lie in.

    Parameters
    ----------
    after, by : ndarray, shape (places,)
        A place is (after, by], or the point `by` where the two are equal. The last place may be
        (last day, infinity): the event comes later than anybody was followed.
    cause : ndarray of int, shape (places,)
        From 1; 0 for the place after the end of follow-up.
    covers : ndarray of bool, shape (rows, places)
        For each distinct observation.
    weights : ndarray, shape (rows,)
        How many patients made it.
    row : ndarray of int, shape (patients,)
        The distinct observation of each patient.
    open_after : ndarray, shape (rows,)
        Last day without an event of an observation without one; infinite for the others.
    """

    after: Numbers
    by: Numbers
    cause: Places
    covers: Flags
    weights: Numbers
    row: Places
    open_after: Numbers


def innermost(after: Numbers, by: Numbers, cause: Places) -> Innermost:
    """Return the places in which a maximum-likelihood estimate can have mass.

    Parameters
    ----------
    after, by : ndarray, shape (n,)
        The event lies in (after, by]; it is exact where the two are equal, and later than `after`
        where `by` is infinite.
    cause : ndarray of int, shape (n,)
        From 1; 0 where `by` is infinite.

    Raises
    ------
    CytoreconError
        If an interval ends before it begins, or a cause is missing.

    Notes
    -----
    Per cause: from the left end of an observation to the next right end, with no other end between (Peto
    1973, Appl Stat 22:86-91; with causes Hudgens, Satten & Longini 2001, Biometrics 57:74-80). Left ends are
    open and right ends closed, so that (30, 60] and (60, 100] do not meet; a day at which an exact event lies
    is a place of its own. An observation without an event may lie in every place of every cause after it.
    """
    same_length(after=after, by=by, cause=cause)
    _check(after, by, cause)
    seen, row, weights = np.unique(
        np.column_stack([after, by, cause]), axis=0, return_inverse=True, return_counts=True
    )
    low, high, kind = seen[:, 0], seen[:, 1], seen[:, 2].astype(np.intp)
    open_ended = kind == 0
    pieces: list[tuple[Numbers, Numbers, Places]] = []
    for one in np.unique(kind[~open_ended]):
        starts, ends = _between(low, high, kind == one, open_ended)
        pieces.append((starts, ends, np.full(len(starts), one, dtype=np.intp)))
    if open_ended.any():
        last = low[open_ended].max()
        pieces.append((np.array([last]), np.array([np.inf]), np.zeros(1, dtype=np.intp)))
    starts, ends, causes = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return Innermost(
        starts,
        ends,
        causes,
        _covers(low, high, kind, starts, ends, causes),
        weights.astype(np.float64),
        np.asarray(row).reshape(-1),
        np.where(open_ended, low, np.inf),
    )


def _check(after: Numbers, by: Numbers, cause: Places) -> None:
    if (by < after).any():
        raise CytoreconError(
            "An interval ends before it begins.",
            subject="after, by",
            found=f"{int((by < after).sum())} of {len(by)}",
        )
    if ((cause == 0) != np.isinf(by)).any():
        raise CytoreconError(
            "An event has a cause and a last day; without an event there is neither.", subject="by, cause"
        )


def _between(low: Numbers, high: Numbers, own: Flags, open_ended: Flags) -> tuple[Numbers, Numbers]:
    """Return the innermost intervals of one cause."""
    exact = own & (low == high)
    # At one day: an exact event begins, then intervals end, then intervals that lie after the day begin.
    days = np.concatenate([low[exact], high[own], low[own & ~exact], low[open_ended]])
    rank = np.repeat([-1, 0, 1, 1], [exact.sum(), own.sum(), (own & ~exact).sum(), open_ended.sum()])
    order = np.lexsort((rank, days))
    days, rank = days[order], rank[order]
    place = np.flatnonzero((rank[:-1] != 0) & (rank[1:] == 0))
    return days[place], days[place + 1]


def _covers(
    low: Numbers, high: Numbers, kind: Places, starts: Numbers, ends: Numbers, causes: Places
) -> Flags:
    point = starts == ends
    after = np.where(point[None, :], starts[None, :] > low[:, None], starts[None, :] >= low[:, None])
    exact = (low == high)[:, None] & point[None, :] & (starts[None, :] == low[:, None])
    inside = (after | exact) & (ends[None, :] <= high[:, None])
    return np.asarray(inside & ((kind[:, None] == causes[None, :]) | (kind == 0)[:, None]))
