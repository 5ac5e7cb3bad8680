"""A milestone in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cytorecon.counts.reported import measure_text
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.milestones import AtVisit, Condition, MilestoneRule, NamedCondition
from cytorecon.knowledge.review_flags import flag_in_short
from cytorecon.milestone.clock import EndOfClock
from cytorecon.milestone.crossing import Crossing
from cytorecon.milestone.deadline import Deadline
from cytorecon.milestone.evidence import Evidence, Lacking
from cytorecon.milestone.judged import Value

_SIGNS: Final = {">": ">", ">=": "≥", "<": "<"}


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
        Why the rule does not apply, or cannot be assessed; empty when it does.
    deadline : str
        How it stands against the deadline of the rule.
    evidence : Evidence
        What speaks for caution.
    """

    status: str
    crossing: Crossing
    end: EndOfClock | None
    outside: str = ""
    deadline: Deadline = ""
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def confirmed(self) -> str:
        """``yes``, ``no``, ``pending`` or empty."""
        return self.crossing.confirmed or ""


def rule_text(rule: MilestoneRule) -> str:
    """Return the rule in short.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> rule_text(load_milestone_rules().milestones[0])
    '> 50 cells/µL on 2 consecutive visits, by day 100 (all of them)'
    """
    visits = f" on {rule.confirmation} consecutive {rule.consecutive}" if rule.confirmation > 1 else ""
    both = " (all of them)" if rule.confirm_by_deadline else ""
    deadline = "" if rule.by_day is None else f", by day {rule.by_day}{both}"
    free = rule.free_of
    without = "" if free is None else f", free of {_event(free.event)} for {free.days} days"
    window = rule.at_visit
    at = "" if window is None else f", at day {window.day} ({window.from_day}–{window.to_day})"
    fall = ", after a value below it" if rule.after_fall is True else ""
    further = "".join(
        f"{_joint(rule)}{one.name} {_SIGNS[one.operator]} {one.threshold:g} {one.unit}"
        for one in (*rule.all_of, *rule.any_of)
    )
    level = f"{_SIGNS[rule.operator]} {rule.threshold:g} {rule.unit}{further}"
    return f"{level}{visits}{without}{fall}{deadline}{at}"


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
        kind = "Not assessable" if finding.status == "not_assessable" else "Not applicable"
        return f"{kind}: {finding.outside}."
    if rule.at_visit is not None:
        return _at_visit(rule, rule.at_visit, finding, name)
    if finding.crossing.by_day is None:
        return _not_reached(rule, finding, name)
    clauses = [_when(rule, finding.crossing, name), *_confirmation(rule, finding)]
    clauses += [_undecided(rule, finding, name), _before_the_fall(finding), _deadline(rule, finding)]
    return "; ".join(clause for clause in clauses if clause) + "."


def caution(rule: MilestoneRule, finding: Finding) -> str:
    """Return why the finding should be taken with caution, as one sentence; empty when nothing speaks for it.

    Parameters
    ----------
    rule : MilestoneRule
        What was asked.
    finding : Finding
        What was found.

    Examples
    --------
    >>> from cytorecon.knowledge.milestones import load_milestone_rules
    >>> from cytorecon.milestone.evidence import Span
    >>> rule = load_milestone_rules().milestones[1]
    >>> found = Evidence(borderline=(Value(60, 54.0, 46.0, 63.0),), certain=Span(30, 90))
    >>> caution(rule, Finding("reached", Crossing(30, 60), None, evidence=found))
    'Borderline: the 95 % interval holds 50/µL on day 60 (46–63); allowing for it, between day 30 and day 90.'
    """
    rests_on = finding.evidence
    if not (rests_on.borderline or rests_on.flagged or rests_on.unjudged or rests_on.fall_unseen):
        return ""
    borderline: dict[int, list[str]] = {}
    for value in finding.evidence.borderline:
        measure = rule.conditions[value.condition].measure
        borderline.setdefault(value.condition, []).append(f"day {value.day} ({_interval(value, measure)})")
    flagged = [f"day {', '.join(days)} ({what})" for days, what in _flags_by_days(finding.evidence)]
    clauses = [
        *(
            f"borderline: the 95 % interval{_of_which(rule, place)} holds "
            f"{_threshold(rule.conditions[place])} on {', '.join(days)}"
            for place, days in borderline.items()
        ),
        _unjudged(rests_on.unjudged),
        _allowing(rule, finding),
        f"no value below {_threshold(rule)} was seen before, so it may be from before the fall"
        if rests_on.fall_unseen
        else "",
        f"rests on a flagged tube: {', '.join(flagged)}" if flagged else "",
    ]
    words = "; ".join(clause for clause in clauses if clause)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _unjudged(days: Sequence[int]) -> str:
    """Return that visits between those that confirm may have been below."""
    if not days:
        return ""
    listed = ", ".join(map(str, days))
    return f"day {listed}, between the visits that confirm it, could not be judged and may have been below"


def _allowing(rule: MilestoneRule, finding: Finding) -> str:
    """Return between which days the answer lies if borderline values are taken as undecided; mostly empty."""
    crossing, found = finding.crossing, finding.evidence
    after, by = found.certain
    number = len(found.borderline) + len(found.unjudged)
    if not number or (after, by) == (crossing.after_day, crossing.by_day):
        return ""
    words = f"allowing for {'it' if number == 1 else 'them'}, "
    if after is not None and by is not None:
        return f"{words}between day {after} and day {by}"
    if by is not None:
        return f"{words}by day {by}"
    if after is None or rule.at_visit is not None:
        return f"{words}not decided"
    return f"{words}after day {after}, if at all"


def _flags_by_days(found: Evidence) -> list[tuple[tuple[str, ...], str]]:
    """Return flags in words, those of the same days together: one may touch every visit."""
    days: dict[str, dict[str, None]] = {}
    for value in found.flagged:
        for code in value.review:
            days.setdefault(flag_in_short(code), {})[str(value.day)] = None
    together: dict[tuple[str, ...], list[str]] = {}
    for flag, own in days.items():
        together.setdefault(tuple(own), []).append(flag)
    return [(own, ", ".join(flags)) for own, flags in together.items()]


def _interval(value: Value, measure: str) -> str:
    assert value.low is not None
    assert value.high is not None
    return f"{measure_text(value.low, measure)}–{measure_text(value.high, measure)}"


def _threshold(asked: Condition) -> str:
    # "200/µL" is what people say for 200 cells/µL.
    unit = asked.unit.removeprefix("cells")
    space = "" if unit.startswith("/") else " "
    return f"{asked.threshold:g}{space}{unit}"


def _level(rule: MilestoneRule) -> str:
    further = "".join(
        f"{_joint(rule)}{one.name} {_SIGNS[one.operator]} {_threshold(one)}"
        for one in (*rule.all_of, *rule.any_of)
    )
    free = rule.free_of
    without = "" if free is None else f" (free of {_event(free.event)} for {free.days} days)"
    return f"{_SIGNS[rule.operator]} {_threshold(rule)}{further}{without}"


def _joint(rule: MilestoneRule) -> str:
    return " or " if rule.any_of else " and "


def _of_which(rule: MilestoneRule, place: int) -> str:
    one = rule.conditions[place]
    return f" of {one.name}" if isinstance(one, NamedCondition) else ""


@cache
def _event(kind: str) -> str:
    return load_event_kinds().find(kind).name


def _at_visit(rule: MilestoneRule, window: AtVisit, finding: Finding, name: str) -> str:
    crossing, end = finding.crossing, finding.end
    span = f"day {window.from_day} to {window.to_day}"
    day = crossing.after_day if crossing.by_day is None else crossing.by_day
    if day is not None:
        met = "" if crossing.by_day is not None else ", not met"
        level = (
            f"{name} {_level(rule)}{met}"
            if len(rule.conditions) > 1 or not met
            else f"{name} not {_level(rule)}"
        )
        return f"{level} on day {day}, the sample of {span} closest to day {window.day}."
    undecided = f"; {_undecided(rule, finding, name)}" if crossing.undecided else ""
    if finding.status == "censored_by_event":
        assert end is not None
        return f"{end.name} on day {end.day} came before a sample of {span} that could be judged{undecided}."
    asked = f"{name} has" if len(rule.conditions) == 1 else f"{name} {_level(rule)}:"
    yet = " yet" if finding.status == "not_reached_by_last_visit" else ""
    judged = " that could be judged" if undecided or not yet else ""
    return f"{asked} no sample of {span}{judged}{yet}{undecided}."


def _when(rule: MilestoneRule, crossing: Crossing, name: str) -> str:
    if crossing.after_day is None:
        return f"{name} already {_level(rule)} at the first visit that could be judged, day {crossing.by_day}"
    return f"{name} first {_level(rule)} between day {crossing.after_day} and day {crossing.by_day}"


def _confirmation(rule: MilestoneRule, finding: Finding) -> list[str]:
    crossing = finding.crossing
    again = "" if crossing.below_again is None else f"{_below_again(rule)} on day {crossing.below_again}"
    if rule.confirmation == 1:
        return [again]
    earlier = (
        "" if crossing.unconfirmed_day is None else f"a rise on day {crossing.unconfirmed_day} did not last"
    )
    if finding.confirmed == "yes":
        return [f"confirmed on day {crossing.confirmed_day}", again, earlier]
    return ["not confirmed yet", earlier]


def _undecided(rule: MilestoneRule, finding: Finding, name: str) -> str:
    days = finding.crossing.undecided
    if not days:
        return ""
    why: dict[str, list[str]] = {}
    known = {lack.day: lack for lack in finding.evidence.lacking}
    for day in days:
        why.setdefault(_why(rule, known[day], name) if day in known else "", []).append(str(day))
    return "; ".join(
        f"day {', '.join(own)} could not be judged{f' ({words})' if words else ''}"
        for words, own in why.items()
    )


def _why(rule: MilestoneRule, lack: Lacking, name: str) -> str:
    """Return which conditions kept a day from being judged."""
    names = [one.name if isinstance(one, NamedCondition) else name for one in rule.conditions]
    without = " and ".join(names[place] for place in lack.without_value)
    unjudged = " and ".join(names[place] for place in lack.unjudged)
    return ", ".join(
        [
            *([f"no value of {without}"] if without else []),
            *([f"{unjudged} could not be compared"] if unjudged else []),
        ]
    )


def _before_the_fall(finding: Finding) -> str:
    day = finding.evidence.before_fall
    return "" if day is None else f"above up to day {day}, before the fall, which does not count"


def _deadline(rule: MilestoneRule, finding: Finding) -> str:
    day, by_day = rule.by_day, finding.crossing.by_day
    assert by_day is not None
    if not finding.deadline:
        return ""
    if finding.deadline == "in_time":
        return f"{'all of them ' if rule.confirm_by_deadline else ''}within {day} days"
    if finding.deadline == "late":
        return f"later than day {day}"
    assert day is not None
    if finding.confirmed == "yes" and finding.crossing.confirmed_day is not None:
        last = finding.crossing.confirmed_day if rule.confirm_by_deadline else by_day
        if last <= day:
            return (
                f"whether on consecutive visits by day {day} is not known: "
                "one between them could not be judged"
            )
    confirmed = "confirmed " if by_day <= day else ""
    return f"whether {confirmed}by day {day} is not known"


def _not_reached(rule: MilestoneRule, finding: Finding, name: str) -> str:
    crossing, end = finding.crossing, finding.end
    ended = "" if end is None else f"; {end.name} on day {end.day} ended the follow-up"
    if crossing.confirmed == "no":
        return _not_confirmed(rule, finding, name)
    if crossing.after_day is None:
        lacks = {_why(rule, lack, name) for lack in finding.evidence.lacking}
        words = f" ({lacks.pop()})" if len(lacks) == 1 else ""
        return f"{name} could not be judged against {_level(rule)} at any visit{words}{ended}."
    passed = ""
    if rule.by_day is not None and crossing.after_day < rule.by_day and end is None:
        passed = f"; day {rule.by_day} lies after the last visit that could be judged"
    elif rule.by_day is not None and finding.deadline == "unknown" and crossing.after_day >= rule.by_day:
        why = "not every day was measured" if rule.consecutive == "days" else "a visit could not be judged"
        passed = f"; whether by day {rule.by_day} is not known, as {why}"
    asked = f"{name} not {_level(rule)}"
    if len(rule.conditions) > 1:
        asked = f"{name} {_level(rule)}: not met"
    old = _before_the_fall(finding)
    return f"{asked} up to day {crossing.after_day}{f'; {old}' if old else ''}{ended}{passed}."


def _not_confirmed(rule: MilestoneRule, finding: Finding, name: str) -> str:
    """Return that a rise was seen, and why it is no milestone."""
    crossing, end = finding.crossing, finding.end
    rise = f"day {crossing.unconfirmed_day}"
    before = "" if end is None else f" before {end.name} on day {end.day}"
    if crossing.after_day is None:
        first = f"{name} already {_level(rule)} at the first visit that could be judged, {rise}"
        return f"{first}; not confirmed{before}."
    again, ended = f", {_below_again(rule)} on day {crossing.below_again}", ""
    if crossing.below_again is None:
        again = before
    elif end is not None:
        ended = f"; {end.name} on day {end.day} ended the follow-up"
    asked = f"{_level(rule)} on {rule.confirmation} consecutive {rule.consecutive}"
    late = {
        "not_reached": f"; not by day {rule.by_day}",
        "unknown": f"; whether confirmed by day {rule.by_day} is not known",
    }.get(finding.deadline, "")
    up_to = f"up to day {crossing.after_day}"
    old = _before_the_fall(finding)
    rose = f"a rise on {rise} was not confirmed{again}"
    return f"{name} not {asked} {up_to}; {rose}{f'; {old}' if old else ''}{late}{ended}."


def _below_again(rule: MilestoneRule) -> str:
    return "no longer so" if rule.kind == "danger" or rule.free_of is not None else "below again"
