"""Was a milestone reached by the day its source asks for? Often the visits cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from cytorecon.knowledge.milestones import MilestoneRule
from cytorecon.milestone.crossing import Crossing, State, Visit, first_crossing

#: Empty for a rule without a deadline; ``competing_event`` is for the table to say, visits cannot.
Deadline = Literal["in_time", "late", "unknown", "not_reached", "competing_event", ""]


def deadline_state(rule: MilestoneRule, visits: Sequence[Visit], crossing: Crossing) -> Deadline:
    """Return how a milestone stands against its deadline.

    Parameters
    ----------
    rule : MilestoneRule
        With its deadline.
    visits : sequence of Visit
        One per day, in order (:func:`cytorecon.milestone.crossing.by_day`).
    crossing : Crossing
        What :func:`cytorecon.milestone.crossing.first_crossing` says about them.

    Returns
    -------
    {"in_time", "late", "unknown", "not_reached", ""}
        ``in_time``: the first visit that met it, or the last one of its confirmation where the rule asks
        for that, lies within the deadline, and the confirmation is complete. ``not_reached``: below at the
        visits next to the deadline (the last before, the first after), and not met in time. ``late``: so
        too, and met later. ``unknown``: the visits leave it open.

    Notes
    -----
    A visit that could not be judged may have been above or below. An answer other than ``unknown`` is the
    one that every such completion of the visits gives. More visits above can only bring a milestone
    forward, so two completions stand for all: none of them above, and all of them above.

    Sources count consecutive measures, so a visit that could not be judged between two above leaves open
    whether they are consecutive.

    Nothing is interpolated. Between two visits that are both below, the count is taken to have been
    below, as everywhere in the table.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> rule = load_milestone_rules().milestones[0]  # twice within 100 days
    >>> visits = [Visit(30, "below"), Visit(60, "above"), Visit(120, "above")]
    >>> deadline_state(rule, visits, first_crossing(visits, confirmation=2))
    'unknown'
    >>> visits = [Visit(30, "above"), Visit(60, "indeterminate"), Visit(90, "above")]
    >>> deadline_state(rule, visits, first_crossing(visits, confirmation=2))
    'unknown'
    """
    if rule.by_day is None:
        return ""
    if _in_time(rule, rule.by_day, completed(visits, "below")):
        return "in_time"
    most = completed(every_day(visits, rule), "above")
    around = completed(visits, "above")
    if _in_time(rule, rule.by_day, most) or not _below_around(around, rule.by_day):
        return "unknown"
    return "not_reached" if crossing.by_day is None else "late"


def crossing_of(rule: MilestoneRule, visits: Iterable[Visit]) -> Crossing:
    """Return the first crossing, with the confirmation that the rule asks for."""
    days = rule.consecutive == "days"
    return first_crossing(visits, confirmation=rule.confirmation, consecutive_days=days)


def every_day(visits: Sequence[Visit], rule: MilestoneRule) -> Sequence[Visit]:
    """Return the visits, with days in between that nobody measured where the rule asks for days in a row."""
    if rule.consecutive != "days" or not visits:
        return visits
    known = {visit.day: visit for visit in visits}
    last = max(visits[-1].day, rule.by_day or 0)
    return [known.get(day, Visit(day, "indeterminate")) for day in range(visits[0].day, last + 1)]


def completed(visits: Sequence[Visit], unjudged: State) -> list[Visit]:
    """Return the visits with those that could not be judged taken as `unjudged`.

    Examples
    --------
    >>> completed([Visit(30, "below"), Visit(60, "indeterminate")], "above")
    [Visit(day=30, state='below'), Visit(day=60, state='above')]
    """
    return [Visit(visit.day, unjudged) if visit.state == "indeterminate" else visit for visit in visits]


def _in_time(rule: MilestoneRule, by_day: int, judged: Sequence[Visit]) -> bool:
    crossing = crossing_of(rule, judged)
    last = crossing.confirmed_day if rule.confirm_by_deadline else crossing.by_day
    return crossing.confirmed == "yes" and last is not None and last <= by_day


def _below_around(judged: Sequence[Visit], day: int) -> bool:
    """Return whether the visits next to `day`, on both sides or on it, are below."""
    later = [visit.state for visit in judged if visit.day >= day][:1]
    earlier = [visit.state for visit in judged if visit.day <= day][-1:]
    return later == ["below"] and earlier != ["above"]
