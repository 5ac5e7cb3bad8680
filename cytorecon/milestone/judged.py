"""What the values of one patient say about a rule, visit by visit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cytorecon.knowledge.milestones import Condition, MilestoneRule
from cytorecon.milestone.crossing import Crossing, State, Visit, by_day, since_the_fall
from cytorecon.milestone.deadline import crossing_of

_OTHER: Final[dict[State, State]] = {"above": "below", "below": "above", "indeterminate": "indeterminate"}
#: Day and condition of a value.
Place = tuple[int, int]


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

    def is_a_fall(self, rule: MilestoneRule) -> bool:
        """Return whether the value itself is below, not an event that makes it count as such."""
        return not self.not_free or self._replace(not_free=False).state(rule) == "below"

    def is_borderline(self, rule: MilestoneRule) -> bool:
        """Return whether the interval holds values on both sides of the threshold."""
        if self.low is None or self.high is None or self.not_free:
            return False
        asked = self._asked(rule)
        return asked.meets(self.low) != asked.meets(self.high)


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
    visits : sequence of Visit
        One per day, in order. Where the rule has several conditions, those of a day are put together; one
        without a value that day cannot be judged, and decides only where the others do not. Those before
        the fall are left out where the rule asks for one and it was seen.
    crossing : Crossing
        The first crossing, with the confirmation that the rule asks for.
    after_fall : bool
        Whether it counts only after a value below the threshold was seen.
    """

    rule: MilestoneRule
    values: tuple[Value, ...]
    states: tuple[State, ...]
    close: tuple[bool, ...]
    visits: Sequence[Visit]
    crossing: Crossing
    after_fall: bool = False
    _crossings: dict[tuple[State, ...], Crossing] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, rule: MilestoneRule, values: Iterable[Value], *, after_fall: bool = False) -> Judged:
        """Return what `values` say about `rule`."""
        own = tuple(values)
        states = tuple([value.state(rule) for value in own])
        pairs = zip(own, states, strict=True)
        close = tuple([state != "indeterminate" and value.is_borderline(rule) for value, state in pairs])
        visits = _counted(rule, own, states, after_fall=after_fall)
        return cls(rule, own, states, close, visits, crossing_of(rule, visits), after_fall)

    @property
    def any_judged(self) -> bool:
        """Whether there is a visit that could be judged."""
        return any(visit.state != "indeterminate" for visit in self.visits)

    @property
    def before_fall(self) -> int | None:
        """Last day above before the fall, which does not count; None when there is none."""
        if not self.after_fall or not self.visits:
            return None
        fall = self.visits[0].day
        every = _visits(self.rule, self.values, self.states)
        return max(
            (visit.day for visit in every if visit.state == "above" and visit.day < fall), default=None
        )

    def borderline(self) -> list[Value]:
        """Return the values that could be judged although their interval holds the threshold, by day."""
        pairs = zip(self.values, self.close, strict=True)
        return sorted((value for value, close in pairs if close), key=by_value_day)

    def turned(self, day: int, condition: int) -> tuple[State, ...]:
        """Return the states had one condition been judged the other way on a day."""
        pairs = zip(self.values, self.states, strict=True)
        return tuple(
            _OTHER[state] if (value.day, value.condition) == (day, condition) else state
            for value, state in pairs
        )

    def taken(self, borderline: State, places: Collection[Place]) -> tuple[State, ...]:
        """Return the states had every borderline value at `places` been `borderline`."""
        return tuple(
            borderline if close and (value.day, value.condition) in places else state
            for value, state, close in zip(self.values, self.states, self.close, strict=True)
        )

    def visits_of(self, states: tuple[State, ...]) -> Sequence[Visit]:
        """Return the visits for other states of the values."""
        if states == self.states:
            return self.visits
        return _counted(self.rule, self.values, states, after_fall=self.after_fall)

    def crossings(self, others: Iterable[tuple[State, ...]]) -> Mapping[tuple[State, ...], Crossing]:
        """Return the first crossing for other states of the values; few of them differ."""
        found = self._crossings
        found[self.states] = self.crossing
        for states in others:
            if states not in found:
                found[states] = crossing_of(self.rule, self.visits_of(states))
        return found

    def gaps(self, states: tuple[State, ...], crossing: Crossing) -> tuple[int, ...]:
        """Return the days that could not be judged between the visits that confirm a crossing."""
        first, last = crossing.by_day, crossing.confirmed_day
        if first is None or last is None or first == last:
            return ()
        visits = self.visits_of(states)
        return tuple(v.day for v in visits if v.state == "indeterminate" and first < v.day < last)


def _counted(
    rule: MilestoneRule, values: Sequence[Value], states: Sequence[State], *, after_fall: bool
) -> Sequence[Visit]:
    """Return the visits that count: from the fall on where the rule asks for it."""
    visits = _visits(rule, values, states)
    if not after_fall:
        return visits
    return since_the_fall(visits, {value.day for value in values if not value.is_a_fall(rule)})


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


def by_value_day(value: Value) -> int:
    """Return a sort key: the day of the value."""
    return value.day
