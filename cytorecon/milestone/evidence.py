"""On what an answer rests: the values of the visits that decide it, and what speaks for caution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.knowledge.milestones import Condition, MilestoneRule
from cytorecon.milestone.crossing import Crossing, State, Visit, by_day
from cytorecon.milestone.deadline import crossing_of

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
    more_than : float or None
        Limit that it is known to lie above only.
    condition : int
        Which condition of the rule judges it (``rule.conditions``).
    not_free : bool
        Whether an event the rule asks to be free of lies on or before it.
    """

    day: int
    value: float | None
    low: float | None = None
    high: float | None = None
    lloq: float | None = None
    censored: bool = False
    review: tuple[str, ...] = ()
    more_than: float | None = None
    condition: int = 0
    not_free: bool = False

    def state(self, rule: MilestoneRule) -> State:
        """Return what the value says about its condition of `rule`: ``above`` meets it.

        A value below the LLOQ is below the threshold when the LLOQ, or the upper end of the exact
        interval (0 cells in 2 µL of blood are fewer than 2/µL), is no higher.
        """
        if self.not_free:
            return "below"
        asked = self._asked(rule)
        danger = asked.operator == "<"
        if self.censored:
            limits = [limit for limit in (self.lloq, self.high) if limit is not None]
            if not limits or min(limits) > asked.threshold:
                return "indeterminate"
            return "above" if danger else "below"
        if self.more_than is not None:
            if self.more_than < asked.threshold:
                return "indeterminate"
            return "below" if danger else "above"
        if self.value is None:
            return "indeterminate"
        return "above" if asked.meets(self.value) else "below"

    def _asked(self, rule: MilestoneRule) -> Condition:
        return rule if self.condition == 0 else rule.conditions[self.condition]

    def is_borderline(self, rule: MilestoneRule) -> bool:
        """Return whether the interval holds values on both sides of the threshold."""
        if self.low is None or self.high is None or self.not_free:
            return False
        asked = self._asked(rule)
        return asked.meets(self.low) != asked.meets(self.high)


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
    every = list(values)
    own = sorted((value for value in every if value.state(rule) != "indeterminate"), key=_day)
    visits = [visit for visit in judged_days(rule, every) if visit.state != "indeterminate"]
    crossing = crossing_of(rule, visits)
    answer, named = _answer(crossing), _named(visits, crossing)
    close = [value for value in own if value.is_borderline(rule)]
    turning = {
        (day, condition)
        for day, condition in {(value.day, value.condition) for value in close}
        if _answer(crossing_of(rule, judged_days(rule, every, turned=(day, condition)))) != answer
    }
    return Evidence(
        borderline=tuple(value for value in close if (value.day, value.condition) in turning),
        flagged=tuple(value for value in own if value.day in named and value.review),
    )


def judged_days(
    rule: MilestoneRule, values: Iterable[Value], *, turned: tuple[int, int] | None = None
) -> list[Visit]:
    """Return what the values say about the rule: one visit per day, in order.

    Where the rule has several conditions, those of a day are put together; one without a value that
    day cannot be judged, and decides only where the others do not.

    Parameters
    ----------
    rule : MilestoneRule
        What is asked.
    values : iterable of Value
        On one clock, as far as they count.
    turned : (int, int), optional
        Day and condition to take the other way.
    """
    by_condition: list[list[Visit]] = [[] for _ in rule.conditions]
    for value in values:
        by_condition[value.condition].append(Visit(value.day, value.state(rule)))
    answers = [by_day(visits) for visits in by_condition]
    if turned is not None:
        day, condition = turned
        answers[condition] = _turned(answers[condition], day)
    if len(answers) == 1:
        return answers[0]
    states = [{visit.day: visit.state for visit in visits} for visits in answers]
    days = sorted({day for known in states for day in known})
    deciding: State = "above" if rule.any_of else "below"
    return [Visit(day, _together([known.get(day) for known in states], deciding)) for day in days]


def _together(states: Sequence[State | None], deciding: State) -> State:
    """Return the state of a day: one that decides is enough, else all must be known."""
    if deciding in states:
        return deciding
    return "indeterminate" if {None, "indeterminate"} & set(states) else _OTHER[deciding]


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
