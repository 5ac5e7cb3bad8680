"""On what an answer rests: the values of the visits that decide it, and what speaks for caution."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cytorecon.milestone.crossing import Crossing, State, Visit
from cytorecon.milestone.deadline import completed, crossing_of
from cytorecon.milestone.judged import Judged, Place, Value, by_value_day


class Span(NamedTuple):
    """After which day and by which a threshold was met; None where no visit says so."""

    after_day: int | None = None
    by_day: int | None = None


_NOTHING_CERTAIN: Final = Span()


class Lacking(NamedTuple):
    """A day that could not be judged: which conditions have no value on it, and which could not be judged."""

    day: int
    without_value: tuple[int, ...]
    unjudged: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for caution about one answer.

    Parameters
    ----------
    borderline : tuple of Value
        Values whose interval holds the threshold, of visits that could turn the answer, alone or
        together, by day.
    flagged : tuple of Value
        Values that carry review codes, of visits that the answer names, by day.
    certain : Span
        Between which days the answer lies, whatever the borderline values truly were, and the visits that
        could not be judged between those that confirm it. Until it is confirmed no day settles it.
    unjudged : tuple of int
        Days of such visits.
    fall_unseen : bool
        Whether the rule asks for a value below the threshold first, and none was seen.
    before_fall : int or None
        Last day above that does not count, as it lies before the fall.
    lacking : tuple of Lacking
        Of a rule with several conditions: why days could not be judged.
    """

    borderline: tuple[Value, ...] = ()
    flagged: tuple[Value, ...] = ()
    certain: Span = _NOTHING_CERTAIN
    unjudged: tuple[int, ...] = ()
    fall_unseen: bool = False
    before_fall: int | None = None
    lacking: tuple[Lacking, ...] = ()


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
    gaps = judged.gaps(judged.states, judged.crossing)
    places = {(value.day, value.condition) for value in judged.borderline()}
    turning: Collection[Place] = ()
    certain = _certain(judged, places) if places or gaps else _span([judged.crossing])
    if places:
        below = judged.taken("below", places)
        gaps = tuple(sorted({*gaps, *judged.gaps(below, judged.crossings([below])[below])}))
        turning = _deciding(judged, places, certain)
    close = [value for value in judged.borderline() if (value.day, value.condition) in turning]
    return Evidence(
        borderline=tuple(close),
        flagged=_flagged(judged),
        certain=certain,
        unjudged=gaps,
        fall_unseen=judged.after_fall and judged.crossing.by_day is not None and not _saw_the_fall(judged),
        before_fall=judged.before_fall,
        lacking=lacking(judged),
    )


def _deciding(judged: Judged, places: Collection[Place], certain: Span) -> set[Place]:
    """Return the borderline places that turn the answer alone, and those that do so together only."""
    turns = {place: judged.turned(*place) for place in places}
    crossings = judged.crossings(turns.values())
    now = _answer(judged.crossing)
    alone = {place for place, states in turns.items() if _answer(crossings[states]) != now}
    if len(alone) == len(places) or _certain(judged, alone) == certain:
        return alone
    together = set(places)
    for place in sorted(together - alone):
        if _certain(judged, together - {place}) == certain:
            together.remove(place)
    return together


def _saw_the_fall(judged: Judged) -> bool:
    pairs = zip(judged.values, judged.states, strict=True)
    return any(state == "below" and value.is_a_fall(judged.rule) for value, state in pairs)


def lacking(judged: Judged) -> tuple[Lacking, ...]:
    """Return why days could not be judged, of a rule with several conditions; empty for others.

    Parameters
    ----------
    judged : Judged
        What the values say.
    """
    rule = judged.rule
    if len(rule.conditions) == 1:
        return ()
    found = []
    days = {visit.day for visit in judged.visits if visit.state == "indeterminate"}
    states: dict[Place, set[State]] = {}
    for value, state in zip(judged.values, judged.states, strict=True):
        states.setdefault((value.day, value.condition), set()).add(state)
    for day in sorted(days):
        known = [states.get((day, place)) for place in range(len(rule.conditions))]
        none = tuple(place for place, own in enumerate(known) if own is None)
        # two tubes of a day that disagree cannot be judged either
        unjudged = (
            own is not None and own - {"indeterminate"} not in ({"above"}, {"below"}) for own in known
        )
        found.append(Lacking(day, none, tuple(place for place, one in enumerate(unjudged) if one)))
    return tuple(found)


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
    return tuple(sorted((value for value in marked if value.day in named), key=by_value_day))


def _certain(judged: Judged, places: Collection[Place]) -> Span:
    """Return between which days the answer lies, whatever the borderline values at `places` truly were.

    A value whose interval holds the threshold may have been on either side of it. More visits above bring a
    milestone forward, so two answers stand for all: every borderline value above, and every one below, as
    every visit that could not be judged may have been between two that confirm. The span holds both, and the
    answer itself. Where a rule counts after a fall only, a value above may also hide the fall: the answers
    with one value turned are held, too.
    """
    below = judged.taken("below", places)
    states = [judged.states, judged.taken("above", places), below]
    if judged.after_fall:
        states += [judged.turned(*place) for place in places]
    known = judged.crossings(states)
    every = [known[one] for one in states]
    visits = judged.visits_of(below) if judged.rule.confirmation > 1 else ()
    if any(visit.state == "indeterminate" for visit in visits):
        every.append(crossing_of(judged.rule, completed(visits, "below")))
    return _span(every)


def _span(every: Sequence[Crossing]) -> Span:
    """Return the days that hold all crossings; what is not confirmed is settled by no day."""
    after = [one.after_day for one in every]
    by = [one.by_day if one.confirmed == "yes" else None for one in every]
    return Span(
        after_day=None if None in after else min(day for day in after if day is not None),
        by_day=None if None in by else max(day for day in by if day is not None),
    )


def _named(visits: Sequence[Visit], crossing: Crossing) -> set[int | None]:
    """Return the days of the last visit below, the first above, and those that confirm it or do not."""
    last = crossing.confirmed_day or crossing.by_day
    if crossing.confirmed == "no":
        return {crossing.after_day, crossing.unconfirmed_day, crossing.below_again}
    if crossing.by_day is None or last is None:
        return {crossing.after_day}
    return {crossing.after_day, *(visit.day for visit in visits if crossing.by_day <= visit.day <= last)}


def _answer(crossing: Crossing) -> tuple[object, ...]:
    return crossing.after_day, crossing.by_day, crossing.confirmed, crossing.confirmed_day
