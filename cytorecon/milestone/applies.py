"""Whether a rule was shown for a patient, and whether that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.knowledge.grafts import load_grafts
from cytorecon.knowledge.milestones import AppliesTo, MilestoneRule
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, Programmes
from cytorecon.knowledge.readouts import load_readouts
from cytorecon.milestone.clock import EndOfClock
from cytorecon.milestone.crossing import Crossing
from cytorecon.milestone.reading import Finding
from cytorecon.study.model import Patient

_DAYS_PER_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class Case:
    """One patient on the clock of one anchor."""

    patient: Patient
    day0: int
    end: EndOfClock | None

    @property
    def age_years(self) -> float | None:
        """Age on day 0 of this clock."""
        age = self.patient.age_years
        return None if age is None else age + self.day0 / _DAYS_PER_YEAR


def outside(case: Case, wanted: AppliesTo, programmes: Programmes) -> Finding | None:
    """Return why rules were not shown for this patient or cannot be assessed; None when they apply.

    Parameters
    ----------
    case : Case
        The patient on a clock.
    wanted : AppliesTo
        For whom they were shown.
    programmes : Programmes
        For names.
    """
    about = (
        _about_programme(case, wanted.programmes, programmes),
        _about_age(case, wanted),
        _about_graft(case, wanted.grafts),
    )
    # what is known to exclude the patient comes before what is not known
    for place, status in ((0, "not_applicable"), (1, "not_assessable")):
        reason = "; ".join(reasons[place] for reasons in about if reasons[place])
        if reason:
            return Finding(status=status, crossing=Crossing(), end=None, outside=reason)
    return None


def _about_programme(case: Case, wanted: Sequence[str], programmes: Programmes) -> tuple[str, str]:
    """Return why the programme excludes the patient, and what is not known about it."""
    own = case.patient.programme
    if not wanted or own in wanted:
        return "", ""
    names = " or ".join(programmes.find(programme).name for programme in wanted)
    if own == UNKNOWN_PROGRAMME:
        return "", f"programme unknown, the rule is for {names}"
    return f"the rule is for {names}, the patient's programme is {programmes.find(own).name}", ""


def _about_age(case: Case, wanted: AppliesTo) -> tuple[str, str]:
    """Return why the age excludes the patient, and what is not known about it."""
    age = case.age_years
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


def _about_graft(case: Case, wanted: Sequence[str]) -> tuple[str, str]:
    """Return why the graft excludes the patient, and what is not known about it."""
    text = case.patient.graft
    if not wanted:
        return "", ""
    grafts = load_grafts()
    if grafts.said_by(text) & set(wanted):
        return "", ""
    names = " or ".join(grafts.display_name(graft) for graft in wanted)
    if not text:
        return "", f"graft unknown, the rule is for {names}"
    return f"the rule is for grafts of the kind {names}, the patient's is not said to be one", ""


def not_measured(rule: MilestoneRule) -> Finding:
    """Return that the rule cannot be assessed, because nobody measured what it asks for."""
    known = load_readouts()
    names = [known.series_name(one.population) for one in rule.conditions if one.measure == "readout"]
    reason = "no tube of the patient was stained for it, or none could be analysed"
    if names:
        reason = f"no {' and '.join(names)} given in the sheet of readouts"
    return Finding(status="not_assessable", crossing=Crossing(), end=None, outside=reason)
