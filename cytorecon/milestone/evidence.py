"""On what an answer rests: the values of the visits that decide it, and what speaks for caution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cytorecon.knowledge.milestones import Condition, MilestoneRule
from cytorecon.milestone.crossing import Crossing, State, Visit, by_day
from cytorecon.milestone.deadline import crossing_of

_OTHER: Final[dict[State, State]] = {"above": "below", "below": "above", "indeterminate": "indeterminate"}


class Span(NamedTuple):
    """After which day and by which a threshold was met; None where no visit says so."""

    after_day: int | None = None
    by_day: int | None = None


_NOTHING_CERTAIN: Final = Span()


class Value(NamedTuple):
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
    certain : Span
        Between which days the answer lies, whatever the borderline values truly were.
    """

    borderline: tuple[Value, ...] = ()
    flagged: tuple[Value, ...] = ()
    certain: Span = _NOTHING_CERTAIN


@dataclass(frozen=True, slots=True)
class Judged:
    """What the values of one patient say about a rule: worked out once, and asked several times.

    Parameters
    ----------
    rule : MilestoneRule
        What is asked.
    values : tuple of Value
        On one clock, as far as they count.
    states : tuple of State
        What each value says about its condition.
    close : tuple of bool
        Whether it could be judged although its interval holds the threshold.
    visits : list of Visit
        One per day, in order. Where the rule has several conditions, those of a day are put together; one
        without a value that day cannot be judged, and decides only where the others do not.
    crossing : Crossing
        The first crossing, with the confirmation that the rule asks for.
    """

    rule: MilestoneRule
    values: tuple[Value, ...]
    states: tuple[State, ...]
    close: tuple[bool, ...]
    visits: list[Visit]
    crossing: Crossing

    @classmethod
    def of(cls, rule: MilestoneRule, values: Iterable[Value]) -> Judged:
        """Return what `values` say about `rule`."""
        own = tuple(values)
        states = tuple([value.state(rule) for value in own])
        pairs = zip(own, states, strict=True)
        close = tuple([state != "indeterminate" and value.is_borderline(rule) for value, state in pairs])
        visits = _visits(rule, own, states)
        return cls(rule, own, states, close, visits, crossing_of(rule, visits))

    @property
    def any_judged(self) -> bool:
        """Whether there is a visit that could be judged."""
        return any(visit.state != "indeterminate" for visit in self.visits)

    def borderline(self) -> list[Value]:
        """Return the values that could be judged although their interval holds the threshold, by day."""
        pairs = zip(self.values, self.close, strict=True)
        return sorted((value for value, close in pairs if close), key=_day)

    def turned(self, day: int, condition: int) -> tuple[State, ...]:
        """Return the states had one condition been judged the other way on a day."""
        pairs = zip(self.values, self.states, strict=True)
        return tuple(
            _OTHER[state] if (value.day, value.condition) == (day, condition) else state
            for value, state in pairs
        )

    def taken(self, borderline: State) -> tuple[State, ...]:
        """Return the states had every borderline value been `borderline`."""
        pairs = zip(self.states, self.close, strict=True)
        return tuple(borderline if close else state for state, close in pairs)

    def crossings(self, others: Iterable[tuple[State, ...]]) -> Mapping[tuple[State, ...], Crossing]:
        """Return the first crossing for other states of the values; few of them differ."""
        found = {self.states: self.crossing}
        for states in others:
            if states not in found:
                found[states] = crossing_of(self.rule, _visits(self.rule, self.values, states))
        return found


def evidence(judged: Judged) -> Evidence:
    """Return which of the values that decide an answer are borderline, and which are flagged.

    A borderline visit decides when the answer would be another one had it been judged the other way: be
    it the last one below, the first one above, one that confirms it, one before, or, where the threshold
    was not reached, any. A flag does not say how wrong a value may be, so only the visits that the answer
    names count: the last one below, the first one above and those that confirm it.

    Parameters
    ----------
    judged : Judged
        What the values say.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> rule = load_milestone_rules().milestones[1]  # at least 50/µL
    >>> course = [Value(30, 20.0, 15.0, 26.0), Value(60, 54.0, 46.0, 63.0), Value(90, 65.0, 56.0, 75.0)]
    >>> found = evidence(Judged.of(rule, course))
    >>> [value.day for value in found.borderline], found.certain
    ([60], Span(after_day=30, by_day=90))
    """
    if not any(judged.close):
        answer = Span(judged.crossing.after_day, judged.crossing.by_day)
        return Evidence(flagged=_flagged(judged), certain=answer)
    close = judged.borderline()
    turns = {place: judged.turned(*place) for place in {(value.day, value.condition) for value in close}}
    above, below = judged.taken("above"), judged.taken("below")
    crossings = judged.crossings([*turns.values(), above, below])
    answer_now = _answer(judged.crossing)
    turning = {place for place, states in turns.items() if _answer(crossings[states]) != answer_now}
    return Evidence(
        borderline=tuple(value for value in close if (value.day, value.condition) in turning),
        flagged=_flagged(judged),
        certain=_certain(judged.crossing, earliest=crossings[above], latest=crossings[below]),
    )


def _flagged(judged: Judged) -> tuple[Value, ...]:
    """Return the values with review codes, of the visits that the answer names, by day."""
    marked = [
        value
        for value, state in zip(judged.values, judged.states, strict=True)
        if value.review and state != "indeterminate"
    ]
    if not marked:
        return ()
    visits = [visit for visit in judged.visits if visit.state != "indeterminate"]
    named = _named(visits, judged.crossing)
    return tuple(sorted((value for value in marked if value.day in named), key=_day))


def _certain(crossing: Crossing, *, earliest: Crossing, latest: Crossing) -> Span:
    """Return between which days the answer lies, whatever the borderline values truly were.

    A value whose interval holds the threshold may have been on either side of it. More visits above bring a
    milestone forward, so two answers stand for all: every borderline value above (`earliest`), and every one
    below (`latest`). The span holds both, and the answer itself.
    """
    every = (crossing, earliest, latest)
    after, by = [one.after_day for one in every], [one.by_day for one in every]
    unconfirmed = latest.confirmed == "no" and crossing.confirmed != "no"
    return Span(
        after_day=None if None in after else min(day for day in after if day is not None),
        by_day=None if None in by or unconfirmed else max(day for day in by if day is not None),
    )


def _visits(rule: MilestoneRule, values: Sequence[Value], states: Sequence[State]) -> list[Visit]:
    """Return one visit per day, in order: the conditions of a day put together."""
    if rule.is_plain:
        pairs = zip(values, states, strict=True)
        return by_day([Visit(value.day, state) for value, state in pairs])
    answers: list[list[Visit]] = [[] for _ in rule.conditions]
    for value, state in zip(values, states, strict=True):
        answers[value.condition].append(Visit(value.day, state))
    known = [{visit.day: visit.state for visit in by_day(visits)} for visits in answers]
    days = sorted({day for states_of in known for day in states_of})
    deciding: State = "above" if rule.any_of else "below"
    return [Visit(day, _state_of_day([own.get(day) for own in known], deciding)) for day in days]


def _state_of_day(states: Sequence[State | None], deciding: State) -> State:
    """Return the state of a day: one that decides is enough, else all must be known."""
    if deciding in states:
        return deciding
    return "indeterminate" if {None, "indeterminate"} & set(states) else _OTHER[deciding]


def _day(value: Value) -> int:
    return value.day


def _named(visits: Sequence[Visit], crossing: Crossing) -> set[int | None]:
    """Return the days of the last visit below, the first above, and those that confirm it."""
    last = crossing.confirmed_day or crossing.by_day
    if crossing.by_day is None or last is None:
        return {crossing.after_day}
    return {crossing.after_day, *(visit.day for visit in visits if crossing.by_day <= visit.day <= last)}


def _answer(crossing: Crossing) -> tuple[object, ...]:
    return crossing.after_day, crossing.by_day, crossing.confirmed, crossing.confirmed_day
