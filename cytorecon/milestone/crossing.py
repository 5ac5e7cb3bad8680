"""When was a threshold first met, when only visits are known: an interval between two visits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import lt
from typing import Literal, NamedTuple

State = Literal["above", "below", "indeterminate"]
Confirmation = Literal["yes", "no", "pending"]


class Visit(NamedTuple):
    """What one value says about a threshold.

    Parameters
    ----------
    day : int
        Day on the clock.
    state : {"above", "below", "indeterminate"}
        ``above`` meets the rule (which a rule with ``<`` does below its threshold). ``indeterminate``
        is a value that could be either: below an
        LLOQ that is higher than the threshold, or not evaluable.
    """

    day: int
    state: State


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first crossing of a threshold.

    Parameters
    ----------
    after_day : int or None
        Last day known to be below before the crossing (or, when there is no crossing, last day
        known to be below at all). None when no such day is known.
    by_day : int or None
        First day known to be above; None when there is no crossing. The crossing lies after
        `after_day` and not later than `by_day`.
    confirmed : {"yes", "no", "pending"} or None
        Whether the visits asked for in a row met the threshold; ``pending`` while the last visits
        are above and too few to tell; ``no`` when every rise fell again before, which is no
        crossing; None when nothing rose.
    confirmed_day : int or None
        Day of the visit that confirmed it.
    below_again : int or None
        First day below after the crossing, or, without one, after the first rise.
    unconfirmed_day : int or None
        First day of the first rise that fell again before it was confirmed.
    undecided : tuple of int
        Days between `after_day` and `by_day` that could not be judged and widen the interval.
    judged : int
        Number of days that could be judged.
    """

    after_day: int | None = None
    by_day: int | None = None
    confirmed: Confirmation | None = None
    confirmed_day: int | None = None
    below_again: int | None = None
    unconfirmed_day: int | None = None
    undecided: tuple[int, ...] = ()
    judged: int = 0

    def ended(self) -> Crossing:
        """Return what is known once no visit can confirm it any more: a pending rise is no crossing."""
        if self.confirmed != "pending":
            return self
        return replace(self, by_day=None, confirmed="no", unconfirmed_day=self.by_day, undecided=())


def first_crossing(
    visits: Iterable[Visit], *, confirmation: int = 1, consecutive_days: bool = False
) -> Crossing:
    """Return when the threshold was first met.

    Parameters
    ----------
    visits : iterable of Visit
        In any order. Several of one day count as one: what can be judged decides, and a
        contradiction makes the day indeterminate.
    confirmation : int
        Visits in a row (of those that can be judged) that must be above. The crossing is the first
        of them. When no rise has been confirmed yet, it is the rise that still lasts at the last
        visit (``pending``); a rise that fell again is none (``no``).
    consecutive_days : bool
        Whether those visits must lie on consecutive days.

    Returns
    -------
    Crossing

    Notes
    -----
    Nothing is interpolated: the threshold was met somewhere in (`after_day`, `by_day`]. When the
    count crossed once and stayed, a further visit can only narrow that interval. A higher threshold
    never gives an earlier `by_day`.

    Examples
    --------
    >>> found = first_crossing([Visit(30, "below"), Visit(60, "indeterminate"), Visit(100, "above")])
    >>> found.after_day, found.by_day, found.undecided
    (30, 100, (60,))
    """
    days = by_day(visits)
    judged = [visit for visit in days if visit.state != "indeterminate"]
    rises = [
        place
        for place, visit in enumerate(judged)
        if visit.state == "above" and (place == 0 or judged[place - 1].state == "below")
    ]
    if not rises:
        return Crossing(after_day=judged[-1].day if judged else None, judged=len(judged))
    start, confirmed = _chosen(judged, rises, confirmation, consecutive_days=consecutive_days)
    if confirmed == "no":
        return Crossing(
            after_day=judged[-1].day,
            confirmed="no",
            below_again=next(visit.day for visit in judged[start:] if visit.state == "below"),
            unconfirmed_day=judged[start].day,
            judged=len(judged),
        )
    after = next((visit.day for visit in reversed(judged[:start]) if visit.state == "below"), None)
    by = judged[start].day
    later_below = next((visit.day for visit in judged[start:] if visit.state == "below"), None)
    return Crossing(
        after_day=after,
        by_day=by,
        confirmed=confirmed,
        confirmed_day=judged[start + confirmation - 1].day if confirmed == "yes" else None,
        below_again=later_below,
        unconfirmed_day=judged[rises[0]].day if after is not None and judged[rises[0]].day < after else None,
        undecided=tuple(
            visit.day
            for visit in days
            if visit.state == "indeterminate" and (after is None or visit.day > after) and visit.day < by
        ),
        judged=len(judged),
    )


def since_the_fall(visits: Sequence[Visit], no_fall: Collection[int] = ()) -> Sequence[Visit]:
    """Return the visits from the first one below on; all of them when none is.

    Parameters
    ----------
    visits : sequence of Visit
        One per day, in order.
    no_fall : collection of int
        Days that count as below for another reason than their value.

    Examples
    --------
    >>> since_the_fall([Visit(1, "above"), Visit(8, "below"), Visit(20, "above")])
    [Visit(day=8, state='below'), Visit(day=20, state='above')]
    """
    falls = (visit.day for visit in visits if visit.state == "below" and visit.day not in no_fall)
    fall = next(falls, None)
    return visits if fall is None else [visit for visit in visits if visit.day >= fall]


def by_day(visits: Iterable[Visit]) -> list[Visit]:
    """Return one visit per day, in order: what can be judged decides, a contradiction cannot be judged.

    Parameters
    ----------
    visits : iterable of Visit
        In any order.

    Examples
    --------
    >>> by_day([Visit(60, "above"), Visit(30, "below"), Visit(60, "indeterminate")])
    [Visit(day=30, state='below'), Visit(day=60, state='above')]
    """
    given = list(visits)
    days = [visit.day for visit in given]
    # One visit a day, in order, is what most patients have.
    if all(map(lt, days, days[1:])):
        return given
    states: dict[int, set[State]] = {}
    for visit in given:
        states.setdefault(visit.day, set()).add(visit.state)
    merged = []
    for day in sorted(states):
        judged = states[day] - {"indeterminate"}
        merged.append(Visit(day, judged.pop() if len(judged) == 1 else "indeterminate"))
    return merged


def _chosen(
    judged: Sequence[Visit], rises: Sequence[int], confirmation: int, *, consecutive_days: bool
) -> tuple[int, Confirmation]:
    """Return the place of the first visit of the rise that counts, and whether it is confirmed.

    When all rises fell again, it is that of the first.
    """
    ends = [*rises[1:], len(judged)]
    lengths = [
        next((place for place in range(start, end) if judged[place].state == "below"), end) - start
        for start, end in zip(rises, ends, strict=True)
    ]
    for rise, length in zip(rises, lengths, strict=True):
        for start in range(rise, rise + length - confirmation + 1):
            apart = judged[start + confirmation - 1].day - judged[start].day
            if not consecutive_days or apart == confirmation - 1:
                return start, "yes"
    if judged[-1].state == "above":
        return rises[-1], "pending"
    return rises[0], "no"
