"""Was a milestone reached by the day its source asks for? Often the visits cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cytorecon.knowledge.milestones import MilestoneRule
from cytorecon.milestone.crossing import Crossing, Visit

#: Empty for a rule without a deadline.
Deadline = Literal["in_time", "late", "unknown", "not_reached", ""]


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
        for that, lies within the deadline, and the confirmation is complete. ``late``: met, but still
        below at a visit on or after the deadline. ``not_reached``: not met (or not confirmed), and below
        at the visits around the deadline. ``unknown``: the visits leave it open.

    Notes
    -----
    Nothing is interpolated. Between two visits that are both below, the count is taken to have been
    below, as everywhere in the table.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> from cytorecon.milestone.crossing import first_crossing
    >>> rule = load_milestone_rules().milestones[0]  # twice within 100 days
    >>> visits = [Visit(30, "below"), Visit(60, "above"), Visit(120, "above")]
    >>> deadline_state(rule, visits, first_crossing(visits, confirmation=2))
    'unknown'
    """
    if rule.by_day is None:
        return ""
    if crossing.confirmed == "yes":
        last = crossing.confirmed_day if rule.confirm_by_deadline else crossing.by_day
        if last is not None and last <= rule.by_day:
            return "in_time"
    if crossing.by_day is not None and crossing.confirmed != "no":
        return "late" if crossing.after_day is not None and crossing.after_day >= rule.by_day else "unknown"
    return "not_reached" if _below_around(visits, rule.by_day) else "unknown"


def _below_around(visits: Sequence[Visit], day: int) -> bool:
    """Return whether the visits next to `day`, on both sides or on it, are below."""
    judged = [visit for visit in visits if visit.state != "indeterminate"]
    later = [visit.state for visit in judged if visit.day >= day][:1]
    earlier = [visit.state for visit in judged if visit.day <= day][-1:]
    return later == ["below"] and earlier != ["above"]
