"""A milestone in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cytorecon.knowledge.milestones import MilestoneRule
from cytorecon.milestone.crossing import Crossing

_SIGNS: Final = {">": ">", ">=": "≥"}


@dataclass(frozen=True, slots=True)
class EndOfClock:
    """The event after which visits do not count: its day on the clock, and its name for people."""

    day: int
    name: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one patient and rule.

    Parameters
    ----------
    status : str
        Status of the milestone table.
    crossing : Crossing
        Days; empty when the rule does not apply.
    end : EndOfClock or None
        The event that ended the clock.
    outside : str
        Why the rule does not apply; empty when it does.
    """

    status: str
    crossing: Crossing
    end: EndOfClock | None
    outside: str = ""

    @property
    def confirmed(self) -> str:
        """``yes``, ``no``, ``pending`` or empty; nothing stays pending after the clock has ended."""
        confirmed = self.crossing.confirmed
        if confirmed is None:
            return ""
        return "no" if confirmed == "pending" and self.end is not None else confirmed


def rule_text(rule: MilestoneRule) -> str:
    """Return the rule in short.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> rule_text(load_milestone_rules().milestones[0])
    '> 50 cells/µL on 2 consecutive visits, by day 100'
    """
    visits = f" on {rule.confirmation} consecutive visits" if rule.confirmation > 1 else ""
    deadline = "" if rule.by_day is None else f", by day {rule.by_day}"
    return f"{_SIGNS[rule.operator]} {rule.threshold:g} {rule.unit}{visits}{deadline}"


def reading(rule: MilestoneRule, finding: Finding, name: str) -> str:
    """Return the finding as one sentence.

    Parameters
    ----------
    rule : MilestoneRule
        What was asked.
    finding : Finding
        What was found.
    name : str
        Name of the population for people.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> rule = next(rule for rule in load_milestone_rules().milestones if rule.milestone == "cd4_200")
    >>> crossing = Crossing(after_day=100, by_day=182, confirmed="yes", confirmed_day=364, judged=5)
    >>> reading(rule, Finding("reached", crossing, None), "CD4 T")
    'CD4 T first > 200/µL between day 100 and day 182; confirmed on day 364.'
    """
    if finding.outside:
        return f"Not applicable: {finding.outside}."
    if finding.crossing.by_day is None:
        return _not_reached(rule, finding, name)
    clauses = [_when(rule, finding.crossing, name), *_confirmation(rule, finding)]
    clauses += [_undecided(finding.crossing), _deadline(rule, finding.crossing)]
    return "; ".join(clause for clause in clauses if clause) + "."


def _level(rule: MilestoneRule) -> str:
    # "200/µL" is what people say for 200 cells/µL.
    unit = rule.unit.removeprefix("cells")
    space = "" if unit.startswith("/") else " "
    return f"{_SIGNS[rule.operator]} {rule.threshold:g}{space}{unit}"


def _when(rule: MilestoneRule, crossing: Crossing, name: str) -> str:
    if crossing.after_day is None:
        return f"{name} already {_level(rule)} at the first visit that could be judged, day {crossing.by_day}"
    return f"{name} first {_level(rule)} between day {crossing.after_day} and day {crossing.by_day}"


def _confirmation(rule: MilestoneRule, finding: Finding) -> list[str]:
    crossing = finding.crossing
    again = "" if crossing.below_again is None else f"below again on day {crossing.below_again}"
    if rule.confirmation == 1:
        return [again]
    earlier = (
        "" if crossing.unconfirmed_day is None else f"a rise on day {crossing.unconfirmed_day} did not last"
    )
    if finding.confirmed == "yes":
        return [f"confirmed on day {crossing.confirmed_day}", again, earlier]
    if finding.confirmed == "pending":
        return ["not confirmed yet", earlier]
    if again:
        return [f"not confirmed, {again}"]
    assert finding.end is not None
    return [f"not confirmed before {finding.end.name} on day {finding.end.day}", earlier]


def _undecided(crossing: Crossing) -> str:
    days = [str(day) for day in crossing.undecided]
    if not days:
        return ""
    return f"day {', '.join(days)} could not be judged"


def _deadline(rule: MilestoneRule, crossing: Crossing) -> str:
    if rule.by_day is None or crossing.by_day is None:
        return ""
    if crossing.by_day <= rule.by_day:
        return f"within {rule.by_day} days"
    if crossing.after_day is not None and crossing.after_day >= rule.by_day:
        return f"later than day {rule.by_day}"
    return f"whether by day {rule.by_day} is not known"


def _not_reached(rule: MilestoneRule, finding: Finding, name: str) -> str:
    crossing, end = finding.crossing, finding.end
    ended = "" if end is None else f"; {end.name} on day {end.day} ended the follow-up"
    if crossing.after_day is None:
        return f"{name} could not be judged against {_level(rule)} at any visit{ended}."
    passed = ""
    if rule.by_day is not None and crossing.after_day < rule.by_day and end is None:
        passed = f"; day {rule.by_day} lies after the last visit that could be judged"
    return f"{name} not {_level(rule)} up to day {crossing.after_day}{ended}{passed}."
