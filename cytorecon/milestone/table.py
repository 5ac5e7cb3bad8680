"""The milestone table: one row per patient and rule, with a sentence a haematologist would say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from cytorecon.errors import StudyError
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.milestones import MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.milestone.crossing import Crossing, State, Visit, first_crossing
from cytorecon.milestone.reading import EndOfClock, Finding, reading, rule_text
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
        came first; visits after that day do not count), ``not_evaluable`` (no visit could be judged)
        or ``not_applicable`` (the rule was shown for other patients). `confirmed` is ``yes``, ``no`` or
        ``pending``, and empty where the rule asks for one visit only or nothing was reached.

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
    ...     "measure": "cells_per_ul", "value": [5.0, 80.0], "high": [7.0, 90.0], "lloq": 4.0,
    ...     "censored": ""})
    >>> found = milestones(table, study).set_index("milestone")
    >>> found.loc["b_50", "reading"]
    'B first > 50/µL between day 30 and day 60.'
    """
    own = rules or load_milestone_rules()
    events = kinds or load_event_kinds()
    names = populations or load_populations()
    rows: list[dict[str, Cell]] = []
    visits = _visits_by_series(table)
    for case in _cases(study, anchor, events):
        for rule in own.milestones:
            values = visits.get((case.patient.patient, rule.population, rule.measure), [])
            finding = _finding(case, rule, values, own.first_day)
            rows.append(_row(case, rule, finding, names))
    return typed_frame(rows, MILESTONE_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Value:
    day: int
    value: float | None
    high: float | None
    lloq: float | None
    censored: bool


def _visits_by_series(table: pd.DataFrame) -> dict[tuple[str, str, str], list[_Value]]:
    columns = [
        "patient",
        "population",
        "measure",
        "days_after_transplant",
        "value",
        "high",
        "lloq",
        "censored",
    ]
    series: dict[tuple[str, str, str], list[_Value]] = {}
    for patient, population, measure, day, value, high, lloq, censored in table[columns].itertuples(
        index=False
    ):
        found = _Value(
            day=int(day),
            value=None if pd.isna(value) else float(value),
            high=None if pd.isna(high) else float(high),
            lloq=None if pd.isna(lloq) else float(lloq),
            censored=censored == "left",
        )
        series.setdefault((patient, population, measure), []).append(found)
    return series


def _cases(study: Study, anchor: str | None, kinds: EventKinds) -> list[_Case]:
    cases = []
    for patient in study.patients:
        start = patient.anchors[0] if anchor is None else patient.anchor(anchor)
        if start is not None:
            cases.append(_Case(patient, start.day, _end_of_clock(study, patient, start.day, kinds)))
    if not cases and anchor is not None:
        names = dict.fromkeys(item.name for patient in study.patients for item in patient.anchors)
        raise StudyError(
            f"No patient has an anchor called '{anchor}'. Allowed: {', '.join(names)}.", subject="anchor"
        )
    return cases


def _end_of_clock(study: Study, patient: Patient, day0: int, kinds: EventKinds) -> EndOfClock | None:
    """Return the first event after day 0 that ends the clock: day on that clock, and its name."""
    happened = [
        (event.start_day, event.kind) for event in study.events if event.patient == patient.patient
    ] + [(anchor.day, anchor.kind) for anchor in patient.anchors]
    ending = [(day, kind) for day, kind in happened if kind in kinds.ending_kinds and day > day0]
    if not ending:
        return None
    day, kind = min(ending)
    return EndOfClock(day=day - day0, name=kinds.find(kind).name)


def _finding(case: _Case, rule: MilestoneRule, values: Iterable[_Value], first_day: int) -> Finding:
    outside = _outside(case, rule)
    if outside:
        return Finding(status="not_applicable", crossing=Crossing(), end=None, outside=outside)
    last = None if case.end is None else case.end.day
    visits = [Visit(value.day - case.day0, _state(value, rule)) for value in values]
    started = [visit for visit in visits if visit.day >= first_day]
    crossing = first_crossing(
        (visit for visit in started if last is None or visit.day <= last), confirmation=rule.confirmation
    )
    ever_judged = any(visit.state != "indeterminate" for visit in started)
    return Finding(status=_status(crossing, case.end, ever_judged), crossing=crossing, end=case.end)


def _state(value: _Value, rule: MilestoneRule) -> State:
    if value.censored:
        # Known only as below the LLOQ: not at the threshold when the LLOQ, or the upper end of the exact
        # interval (0 cells in 2 µL of blood are fewer than 2/µL), is no higher.
        known = [limit for limit in (value.lloq, value.high) if limit is not None]
        return "below" if known and min(known) <= rule.threshold else "indeterminate"
    if value.value is None:
        return "indeterminate"
    return "above" if rule.meets(value.value) else "below"


def _status(crossing: Crossing, end: EndOfClock | None, ever_judged: bool) -> Status:
    if crossing.by_day is not None:
        return "reached" if crossing.after_day is not None else "reached_before_first_visit"
    if not ever_judged:
        return "not_evaluable"
    return "not_reached_by_last_visit" if end is None else "censored_by_event"


def _outside(case: _Case, rule: MilestoneRule) -> str:
    """Return why the rule was not shown for this patient; empty when it may be applied."""
    wanted = rule.applies_to
    programme = case.patient.programme
    if wanted.programmes and programme not in (*wanted.programmes, "unknown"):
        return f"the rule is for {', '.join(wanted.programmes)}, the patient's programme is {programme}"
    if wanted.age_from is None and wanted.age_below is None:
        return ""
    limits = [
        f"from {wanted.age_from:g} years" if wanted.age_from else "",
        f"below {wanted.age_below:g} years" if wanted.age_below is not None else "",
    ]
    ages = " and ".join(limit for limit in limits if limit)
    age = case.age_years
    if age is None:
        return f"the rule is for ages {ages}, the patient's age is not known"
    if age < (wanted.age_from or 0.0) or (wanted.age_below is not None and age >= wanted.age_below):
        return f"the rule is for ages {ages}, the patient was {age:.1f}"
    return ""


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
        "reading": reading(rule, finding, names.display_name(rule.population)),
        "source": rule.source,
    }
