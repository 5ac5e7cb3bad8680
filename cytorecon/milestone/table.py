"""The milestone table: one row per patient and rule, with a sentence a haematologist would say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import pandas as pd

from cytorecon.errors import StudyError
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.milestones import MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, Programmes, load_programmes
from cytorecon.milestone.clock import EndOfClock, EndsOfClocks
from cytorecon.milestone.crossing import Crossing, Visit, by_day, first_crossing
from cytorecon.milestone.deadline import deadline_state
from cytorecon.milestone.evidence import Value, evidence
from cytorecon.milestone.reading import Finding, caution, reading, rule_text
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Patient, Study
from cytorecon.tables import MILESTONE_COLUMNS

_DAYS_PER_YEAR: Final = 365.25

Status = Literal[
    "reached",
    "reached_before_first_visit",
    "not_reached_by_last_visit",
    "censored_by_event",
    "not_evaluable",
    "not_assessable",
    "not_applicable",
]


@dataclass(frozen=True, slots=True)
class _Case:
    """One patient on the clock of one anchor."""

    patient: Patient
    day0: int
    end: EndOfClock | None

    @property
    def age_years(self) -> float | None:
        """Age on day 0 of this clock."""
        age = self.patient.age_years
        return None if age is None else age + self.day0 / _DAYS_PER_YEAR


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

        `status` is ``reached`` (the crossing lies after `after_day` and not later than `by_day`),
        ``reached_before_first_visit`` (above at the first visit that can be judged),
        ``not_reached_by_last_visit``, ``censored_by_event`` (a second transplant, relapse, death ...
        came first; visits after that day do not count), ``not_evaluable`` (no visit could be judged),
        ``not_assessable`` (the rule asks for a programme or an age that is not known of the patient) or
        ``not_applicable`` (the rule was shown for other patients). `confirmed` is ``yes``, ``no`` or
        ``pending``, and empty where the rule asks for one visit only or nothing was reached.

        `deadline` says how it stands against `deadline_day`, the day its source asks for: ``in_time``,
        ``late``, ``unknown`` (the visits leave it open) or ``not_reached``; both are empty for a rule
        without one. `borderline_days` are the days of visits whose 95 % interval holds the threshold and
        that could turn the answer (``60;90``); `flagged_visits` are those the answer names whose value
        carries review codes (``60: gate.outlier:CD4``); `caution` says both in words.

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
    >>> study = Study(name="s", patients=(Patient(patient="P01", age_years=40.0),), tubes=())
    >>> table = pd.DataFrame({"patient": "P01", "days_after_transplant": [30, 60], "population": "B",
    ...     "measure": "cells_per_ul", "value": [5.0, 55.0], "low": [4.0, 48.0], "high": [7.0, 63.0],
    ...     "lloq": 4.0, "censored": "", "review": ""})
    >>> found = milestones(table, study).set_index("milestone")
    >>> found.loc["b_50", "reading"]
    'B first > 50/µL between day 30 and day 60.'
    >>> found.loc["b_50", "caution"]
    'Borderline: the 95 % interval holds 50/µL on day 60 (48–63).'
    """
    own = rules or load_milestone_rules()
    events = kinds or load_event_kinds()
    names, programmes = populations or load_populations(), load_programmes()
    rows: list[dict[str, Cell]] = []
    series = _values_by_series(table, own)
    for case in _cases(study, anchor, events):
        for rule in own.milestones:
            values = series.get((case.patient.patient, rule.population, rule.measure), [])
            finding = _outside(case, rule, programmes) or _finding(case, rule, values, own.first_day)
            rows.append(_row(case, rule, finding, names))
    return typed_frame(rows, MILESTONE_COLUMNS)


_SERIES: Final = ("patient", "population", "measure")
_COLUMNS: Final = ("days_after_transplant", "value", "low", "high", "lloq", "censored", "review")


def _values_by_series(table: pd.DataFrame, rules: MilestoneRules) -> dict[tuple[str, str, str], list[Value]]:
    """Return the values that rules ask for, by patient, population and measure."""
    wanted = {(rule.population, rule.measure) for rule in rules.milestones}
    named = table["population"].isin([population for population, _ in wanted])
    own = table.loc[named, [*_SERIES, *_COLUMNS]]
    pairs = zip(own["population"].tolist(), own["measure"].tolist(), strict=True)
    own = own[[pair in wanted for pair in pairs]]
    columns = [own[name].tolist() for name in own.columns]
    series: dict[tuple[str, str, str], list[Value]] = {}
    for patient, population, measure, day, *numbers, censored, review in zip(*columns, strict=True):
        value, low, high, lloq = (
            None if number is None or number != number else float(number) for number in numbers
        )
        codes = tuple(filter(None, review.split(";"))) if review else ()
        found = Value(int(day), value, low, high, lloq, censored == "left", codes)
        series.setdefault((patient, population, measure), []).append(found)
    return series


def _cases(study: Study, anchor: str | None, kinds: EventKinds) -> list[_Case]:
    cases = []
    ends = EndsOfClocks.of(study, kinds)
    for patient in study.patients:
        start = patient.anchors[0] if anchor is None else patient.anchor(anchor)
        if start is not None:
            end = ends.after(patient, start.day)
            cases.append(_Case(patient, start.day, end))
    if not cases and anchor is not None:
        names = dict.fromkeys(item.name for patient in study.patients for item in patient.anchors)
        raise StudyError(
            f"No patient has an anchor called '{anchor}'. Allowed: {', '.join(names)}.", subject="anchor"
        )
    return cases


def _finding(case: _Case, rule: MilestoneRule, values: Iterable[Value], first_day: int) -> Finding:
    last = None if case.end is None else case.end.day
    shifted = values
    if case.day0:
        shifted = (replace(value, day=value.day - case.day0) for value in values)
    started = [value for value in shifted if value.day >= first_day]
    counted = [value for value in started if last is None or value.day <= last]
    visits = by_day(Visit(value.day, value.state(rule)) for value in counted)
    crossing = first_crossing(visits, confirmation=rule.confirmation)
    ever_judged = any(value.state(rule) != "indeterminate" for value in started)
    return Finding(
        status=_status(crossing, case.end, ever_judged),
        crossing=crossing,
        end=case.end,
        deadline=deadline_state(rule, visits, crossing),
        evidence=evidence(rule, counted),
    )


def _status(crossing: Crossing, end: EndOfClock | None, ever_judged: bool) -> Status:
    if crossing.by_day is not None:
        return "reached" if crossing.after_day is not None else "reached_before_first_visit"
    if not ever_judged:
        return "not_evaluable"
    return "not_reached_by_last_visit" if end is None else "censored_by_event"


def _outside(case: _Case, rule: MilestoneRule, programmes: Programmes) -> Finding | None:
    """Return why the rule was not shown for this patient or cannot be assessed; None when it applies."""
    programme, age = _about_programme(case, rule, programmes), _about_age(case, rule)
    # what is known to exclude the patient comes before what is not known
    for reasons, status in (
        ((programme[0], age[0]), "not_applicable"),
        ((programme[1], age[1]), "not_assessable"),
    ):
        reason = "; ".join(filter(None, reasons))
        if reason:
            return Finding(status=status, crossing=Crossing(), end=None, outside=reason)
    return None


def _about_programme(case: _Case, rule: MilestoneRule, programmes: Programmes) -> tuple[str, str]:
    """Return why the programme excludes the patient, and what is not known about it."""
    wanted, own = rule.applies_to.programmes, case.patient.programme
    if not wanted or own in wanted:
        return "", ""
    names = " or ".join(programmes.find(programme).name for programme in wanted)
    if own == UNKNOWN_PROGRAMME:
        return "", f"programme unknown, the rule is for {names}"
    return f"the rule is for {names}, the patient's programme is {programmes.find(own).name}", ""


def _about_age(case: _Case, rule: MilestoneRule) -> tuple[str, str]:
    """Return why the age excludes the patient, and what is not known about it."""
    wanted, age = rule.applies_to, case.age_years
    if wanted.age_from is None and wanted.age_below is None:
        return "", ""
    limits = [
        f"from {wanted.age_from:g} years" if wanted.age_from else "",
        f"below {wanted.age_below:g} years" if wanted.age_below is not None else "",
    ]
    ages = " and ".join(limit for limit in limits if limit)
    if age is None:
        return "", f"age unknown, the rule is for ages {ages}"
    if age < (wanted.age_from or 0.0) or (wanted.age_below is not None and age >= wanted.age_below):
        return f"the rule is for ages {ages}, the patient was {age:.1f}", ""
    return "", ""


def _row(case: _Case, rule: MilestoneRule, finding: Finding, names: Populations) -> dict[str, Cell]:
    crossing = finding.crossing
    asked = rule.confirmation > 1 and crossing.confirmed is not None
    return {
        "patient": case.patient.patient,
        "milestone": rule.milestone,
        "population": rule.population,
        "rule": rule_text(rule),
        "threshold": rule.threshold,
        "unit": rule.unit,
        "status": finding.status,
        "after_day": crossing.after_day,
        "by_day": crossing.by_day,
        "confirmed": finding.confirmed if asked else "",
        "confirmed_day": crossing.confirmed_day if asked else None,
        "deadline_day": rule.by_day,
        "deadline": finding.deadline,
        "borderline_days": ";".join(dict.fromkeys(str(value.day) for value in finding.evidence.borderline)),
        "flagged_visits": "; ".join(
            f"{value.day}: {', '.join(value.review)}" for value in finding.evidence.flagged
        ),
        "reading": reading(rule, finding, names.display_name(rule.population)),
        "caution": caution(rule, finding),
        "source": rule.source,
    }
