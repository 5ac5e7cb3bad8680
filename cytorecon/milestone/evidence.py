"""On what an answer rests: the values of the visits that decide it, and what speaks for caution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.knowledge.milestones import MilestoneRule
from cytorecon.milestone.crossing import Crossing, State, Visit, by_day, first_crossing

_OTHER: Final[dict[State, State]] = {"above": "below", "below": "above", "indeterminate": "indeterminate"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one tube, in the unit of the rule.

    Parameters
    ----------
    day : int
        Day on the clock that is judged.
    value : float or None
        None when there is none, or it is below the LLOQ.
    low, high : float or None
        Exact 95 % interval.
    lloq : float or None
        Lower limit of quantification.
    censored : bool
        Whether it is known to lie below `lloq` only.
    review : tuple of str
        Codes that say the value needs a look.
    """

    day: int
    value: float | None
    low: float | None = None
    high: float | None = None
    lloq: float | None = None
    censored: bool = False
    review: tuple[str, ...] = ()

    def state(self, rule: MilestoneRule) -> State:
        """Return what the value says about the threshold of `rule`.

        A value below the LLOQ is below the threshold when the LLOQ, or the upper end of the exact
        interval (0 cells in 2 µL of blood are fewer than 2/µL), is no higher.
        """
        if self.censored:
            limits = [limit for limit in (self.lloq, self.high) if limit is not None]
            return "below" if limits and min(limits) <= rule.threshold else "indeterminate"
        if self.value is None:
            return "indeterminate"
        return "above" if rule.meets(self.value) else "below"

    def is_borderline(self, rule: MilestoneRule) -> bool:
        """Return whether the interval holds values on both sides of the threshold."""
        if self.low is None or self.high is None:
            return False
        return rule.meets(self.low) != rule.meets(self.high)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for caution about one answer.

    Parameters
    ----------
    borderline : tuple of Value
        Values whose interval holds the threshold, of visits that could turn the answer, by day.
    flagged : tuple of Value
        Values that carry review codes, of visits that the answer names, by day.
    """

    borderline: tuple[Value, ...] = ()
    flagged: tuple[Value, ...] = ()


def evidence(rule: MilestoneRule, values: Iterable[Value]) -> Evidence:
    """Return which of the values that decide an answer are borderline, and which are flagged.

    A borderline visit decides when the answer would be another one had it been judged the other way: be
    it the last one below, the first one above, one that confirms it, one before, or, where the threshold
    was not reached, any. A flag does not say how wrong a value may be, so only the visits that the answer
    names count: the last one below, the first one above and those that confirm it.

    Parameters
    ----------
    rule : MilestoneRule
        What is asked.
    values : iterable of Value
        Of one patient, on one clock, as far as they count.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> rule = load_milestone_rules().milestones[1]  # at least 50/µL
    >>> course = [Value(30, 20.0, 15.0, 26.0), Value(60, 54.0, 46.0, 63.0), Value(90, 52.0, 44.0, 61.0)]
    >>> [value.day for value in evidence(rule, course).borderline]
    [60]
    """
    own = sorted((value for value in values if value.state(rule) != "indeterminate"), key=_day)
    visits = by_day(Visit(value.day, value.state(rule)) for value in own)
    crossing = first_crossing(visits, confirmation=rule.confirmation)
    answer, named = _answer(crossing), _named(visits, crossing)
    close = [value for value in own if value.is_borderline(rule)]
    turning = {
        day
        for day in {value.day for value in close}
        if _answer(first_crossing(_turned(visits, day), confirmation=rule.confirmation)) != answer
    }
    return Evidence(
        borderline=tuple(value for value in close if value.day in turning),
        flagged=tuple(value for value in own if value.day in named and value.review),
    )


def _day(value: Value) -> int:
    return value.day


def _turned(visits: Sequence[Visit], day: int) -> list[Visit]:
    return [Visit(visit.day, _OTHER[visit.state]) if visit.day == day else visit for visit in visits]


def _named(visits: Sequence[Visit], crossing: Crossing) -> set[int | None]:
    """Return the days of the last visit below, the first above, and those that confirm it."""
    last = crossing.confirmed_day or crossing.by_day
    if crossing.by_day is None or last is None:
        return {crossing.after_day}
    return {crossing.after_day, *(visit.day for visit in visits if crossing.by_day <= visit.day <= last)}


def _answer(crossing: Crossing) -> tuple[object, ...]:
    return crossing.after_day, crossing.by_day, crossing.confirmed, crossing.confirmed_day
