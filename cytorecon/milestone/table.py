"""The milestone table: one row per patient and rule, with a sentence a haematologist would say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from cytorecon.errors import StudyError
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.milestones import AtVisit, MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.readouts import load_readouts
from cytorecon.milestone.applies import Case, not_measured, outside
from cytorecon.milestone.at_visit import JudgedVisit, judged_visit
from cytorecon.milestone.clock import EndOfClock, EndsOfClocks
from cytorecon.milestone.crossing import Crossing
from cytorecon.milestone.deadline import Deadline, deadline_state
from cytorecon.milestone.evidence import Span, evidence, lacking
from cytorecon.milestone.judged import Judged, Value
from cytorecon.milestone.reading import Finding, caution, reading, rule_text
from cytorecon.milestone.values import Series, readout_values, values_of_rule
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Study
from cytorecon.study.readout_frame import events_by_patient
from cytorecon.tables import MILESTONE_COLUMNS

#: A rule at a visit is met at that visit or not at all.
_AT_VISIT: Final[dict[str, Deadline]] = {
    "reached": "in_time",
    "missed": "not_reached",
    "censored_by_event": "competing_event",
}

Status = Literal[
    "reached",
    "reached_before_first_visit",
    "not_reached_by_last_visit",
    "missed",
    "danger",
    "no_danger",
    "censored_by_event",
    "not_evaluable",
    "not_assessable",
    "not_applicable",
]


def milestones(
    table: pd.DataFrame,
    study: Study,
    rules: MilestoneRules | None = None,
    *,
    anchor: str | None = None,
    kinds: EventKinds | None = None,
    populations: Populations | None = None,
) -> pd.DataFrame:
    """Return when each patient reached each milestone.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``, on the patients' own clocks (not through :func:`on_clock`).
    study : Study
        For ages, programmes, anchors and the events that end a clock.
    rules : MilestoneRules, optional
        The packaged rules by default.
    anchor : str, optional
        Judge on the clock of this anchor instead of the first; patients without it have no rows.
    kinds, populations : optional
        Knowledge to use; the packaged files by default.

    Returns
    -------
    DataFrame
        Columns ``tables.MILESTONE_COLUMNS``; patients in study order, rules in file order.

        `kind` is ``milestone``, or ``danger`` where the rule warns of a low value.

        `status` is ``reached`` (the crossing lies after `after_day` and not later than `by_day`),
        ``reached_before_first_visit`` (above at the first visit that can be judged),
        ``not_reached_by_last_visit`` (not yet, as far as is known), ``missed`` (certainly not by its
        deadline, nor later so far; or not at the visit it asks for), ``danger`` and ``no_danger`` of a
        rule of this kind, ``censored_by_event`` (a competing event: a second transplant, relapse, death ...
        came first; visits after that day do not count), ``not_evaluable`` (no visit could be judged),
        ``not_assessable`` (the rule asks for a programme, an age, a graft or a readout that is not known of
        the patient, or what no tube of the patient measured) or ``not_applicable`` (the rule was shown for
        other patients). `confirmed` is ``yes``; ``pending`` while the last visits are above and too few to
        confirm it; ``no`` when a rise fell again or the clock ended before it was confirmed, which is not
        reached; and empty where the rule asks for one visit only or nothing rose.

        `certain_after_day` and `certain_by_day` are the days between which it lies whatever the counts truly
        were whose 95 % interval holds the threshold: such a visit may have been above or below, and one that
        could not be judged between those that confirm it may have been below. They are `after_day` and
        `by_day` where no such visit matters; empty where no visit settles it, as while it is ``pending``.

        `deadline` says how it stands against `deadline_day`, the day its source asks for: ``in_time``,
        ``late``, ``unknown`` (the visits leave it open), ``not_reached`` or ``competing_event`` (which ended
        the clock before that day); both are empty for a rule without one. `borderline_days` are the days of
        visits whose 95 % interval holds the threshold and that could turn the answer, alone or together
        (``60;90``); `flagged_visits` are those the answer names whose value carries review codes
        (``60: gate.outlier:CD4``); `caution` says both in words, and names visits of a confirmation that
        could not be judged, and a fall that a rule asks for and nobody saw.

    Raises
    ------
    StudyError
        If no patient has the anchor.

    Notes
    -----
    A value below the LLOQ counts as below when the LLOQ or the upper end of its exact 95 % interval is
    not above the threshold. Otherwise, as a population that is not evaluable, it counts neither as
    below nor as above: it widens the interval. Visits before day `first_day` of the rules
    are left out: they show what was there before the graft.

    Examples
    --------
    >>> from cytorecon.study.model import Patient
    >>> study = Study(name="s", patients=(Patient(patient="P01", age_years=40.0),), tubes=())
    >>> table = pd.DataFrame({"patient": "P01", "days_after_transplant": [30, 60], "population": "B",
    ...     "measure": "cells_per_ul", "value": [5.0, 55.0], "low": [4.0, 48.0], "high": [7.0, 63.0],
    ...     "lloq": 4.0, "censored": "", "review": ""})
    >>> found = milestones(table, study).set_index("milestone")
    >>> found.loc["b_50", "reading"]
    'B first > 50/µL between day 30 and day 60.'
    >>> found.loc["b_50", "caution"]
    'Borderline: the 95 % interval holds 50/µL on day 60 (48–63); allowing for it, after day 30, if at all.'
    """
    own = rules or load_milestone_rules()
    events = kinds or load_event_kinds()
    names, programmes = populations or load_populations(), load_programmes()
    rows: list[dict[str, Cell]] = []
    series = _values_by_series(table, own) | readout_values(study)
    happened = events_by_patient(study)
    with_values = set(table["patient"])
    said = [(rule, rule_text(rule), _name(rule, names)) for rule in own.milestones]
    wanted = [rule.applies_to for rule in own.milestones]
    like = [wanted.index(one) for one in wanted]
    for case in _cases(study, anchor, events):
        name = case.patient.patient
        # of rules that ask for the same patients once
        about = {place: outside(case, wanted[place], programmes) for place in set(like)}
        for (rule, text, name_of_rule), place in zip(said, like, strict=True):
            finding = about[place]
            if finding is None:
                values = values_of_rule(rule, name, series, happened.get(name, ()))
                unseen = not values and (rule.measure == "readout" or name in with_values)
                finding = not_measured(rule) if unseen else _finding(case, rule, values, own.first_day)
            rows.append(_row(case, rule, finding, text, name_of_rule))
    return typed_frame(rows, MILESTONE_COLUMNS)


_SERIES: Final = ("patient", "population", "measure")
_COLUMNS: Final = ("days_after_transplant", "value", "low", "high", "lloq", "censored", "review")


def _values_by_series(table: pd.DataFrame, rules: MilestoneRules) -> Series:
    """Return the values that rules ask for, by patient, population and measure."""
    wanted = {(one.population, one.measure) for rule in rules.milestones for one in rule.conditions}
    named = table["population"].isin([population for population, _ in wanted])
    own = table.loc[named, [*_SERIES, *_COLUMNS]]
    pairs = zip(own["population"].tolist(), own["measure"].tolist(), strict=True)
    own = own[np.array([pair in wanted for pair in pairs], dtype=np.bool_)]
    days = own["days_after_transplant"].astype(int).tolist()
    value, low, high, lloq = (_or_none(own[name]) for name in ("value", "low", "high", "lloq"))
    left = (own["censored"] == "left").tolist()
    review = [tuple(filter(None, codes.split(";"))) if codes else () for codes in own["review"].tolist()]
    series: Series = {}
    keys = zip(*(own[name].tolist() for name in _SERIES), strict=True)
    for key, *fields in zip(keys, days, value, low, high, lloq, left, review, strict=True):
        series.setdefault(key, []).append(Value(*fields))
    return series


def _or_none(numbers: pd.Series) -> list[float | None]:
    return [None if number != number else number for number in numbers.astype(float).tolist()]


def _cases(study: Study, anchor: str | None, kinds: EventKinds) -> list[Case]:
    cases = []
    ends = EndsOfClocks.of(study, kinds)
    for patient in study.patients:
        start = patient.anchors[0] if anchor is None else patient.anchor(anchor)
        if start is not None:
            end = ends.after(patient, start.day)
            cases.append(Case(patient, start.day, end))
    if not cases and anchor is not None:
        names = dict.fromkeys(item.name for patient in study.patients for item in patient.anchors)
        raise StudyError(
            f"No patient has an anchor called '{anchor}'. Allowed: {', '.join(names)}.", subject="anchor"
        )
    return cases


def _finding(case: Case, rule: MilestoneRule, values: Iterable[Value], first_day: int) -> Finding:
    last = None if case.end is None else case.end.day
    shifted = values
    if case.day0:
        shifted = (value._replace(day=value.day - case.day0) for value in values)
    started = [value for value in shifted if value.day >= first_day]
    counted = started if last is None else [value for value in started if value.day <= last]
    judged = Judged.of(rule, counted, after_fall=rule.asks_for_a_fall(case.patient.programme))
    # who has no visit before the event that ended the clock had that event, whatever was measured later
    ever_judged = (
        judged.any_judged or Judged.of(rule, started).any_judged or (last is not None and not counted)
    )
    if rule.at_visit is not None:
        return _finding_at_visit(case, rule, rule.at_visit, judged, ever_judged=ever_judged)
    crossing = judged.crossing if case.end is None else judged.crossing.ended()
    deadline = deadline_state(rule, judged.visits, crossing)
    status = _status(rule, crossing, case.end, deadline, ever_judged=ever_judged)
    if status == "censored_by_event" and rule.by_day is not None and last is not None and last <= rule.by_day:
        deadline = "competing_event"
    return Finding(
        status=status,
        crossing=crossing,
        end=case.end,
        deadline=deadline,
        evidence=evidence(judged),
    )


def _finding_at_visit(
    case: Case, rule: MilestoneRule, window: AtVisit, judged: Judged, *, ever_judged: bool
) -> Finding:
    found = judged_visit(window, judged.visits)
    status = _status_at_visit(rule, window, found, case.end, ever_judged=ever_judged)
    decides = None if found.visit is None else found.visit.day
    rests_on = evidence(Judged.of(rule, (value for value in judged.values if value.day == decides)))
    rests_on = replace(rests_on, lacking=lacking(judged))
    if rests_on.borderline:
        # met or not, at that visit and no other: nothing is certain
        rests_on = replace(rests_on, certain=Span())
    return Finding(
        status=status,
        crossing=found.crossing,
        end=case.end,
        deadline=_AT_VISIT.get(status, "unknown") if rule.kind != "danger" else "",
        evidence=rests_on,
    )


def _status(
    rule: MilestoneRule, crossing: Crossing, end: EndOfClock | None, deadline: Deadline, *, ever_judged: bool
) -> Status:
    if rule.kind == "danger" and ever_judged:
        return "danger" if crossing.by_day is not None else "no_danger"
    if crossing.by_day is not None:
        return "reached" if crossing.after_day is not None else "reached_before_first_visit"
    if not ever_judged:
        return "not_evaluable"
    if deadline == "not_reached":
        # known before anything else could happen, so it is no competing event
        return "missed"
    return "not_reached_by_last_visit" if end is None else "censored_by_event"


def _status_at_visit(
    rule: MilestoneRule, window: AtVisit, judged: JudgedVisit, end: EndOfClock | None, *, ever_judged: bool
) -> Status:
    if judged.visit is not None:
        met = judged.visit.state == "above"
        if rule.kind == "danger":
            return "danger" if met else "no_danger"
        return "reached" if met else "missed"
    if end is not None and end.day <= window.to_day:
        return "censored_by_event"
    if not ever_judged or judged.window_is_over or end is not None:
        return "not_evaluable"
    return "not_reached_by_last_visit"


def _row(case: Case, rule: MilestoneRule, finding: Finding, text: str, name: str) -> dict[str, Cell]:
    crossing = finding.crossing
    asked = rule.confirmation > 1 and crossing.confirmed is not None
    return {
        "patient": case.patient.patient,
        "milestone": rule.milestone,
        "kind": rule.kind,
        "population": rule.population,
        "rule": text,
        "threshold": rule.threshold,
        "unit": rule.unit,
        "status": finding.status,
        "after_day": crossing.after_day,
        "by_day": crossing.by_day,
        "certain_after_day": finding.evidence.certain.after_day,
        "certain_by_day": finding.evidence.certain.by_day,
        "confirmed": crossing.confirmed if asked else "",
        "confirmed_day": crossing.confirmed_day if asked else None,
        "deadline_day": rule.at_visit.day if rule.at_visit is not None else rule.by_day,
        "deadline": finding.deadline,
        "borderline_days": ";".join(dict.fromkeys(str(value.day) for value in finding.evidence.borderline)),
        "flagged_visits": "; ".join(
            f"{value.day}: {', '.join(value.review)}" for value in finding.evidence.flagged
        ),
        "reading": reading(rule, finding, name),
        "caution": caution(rule, finding),
        "source": rule.source,
    }


def _name(rule: MilestoneRule, names: Populations) -> str:
    if rule.measure == "readout":
        return load_readouts().series_name(rule.population)
    return names.display_name(rule.population)
