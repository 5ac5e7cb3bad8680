"""The values that a rule judges: of the trajectory table, and readouts from outside of the cytometer."""

from __future__ import annotations

from collections.abc import Sequence

from cytorecon.knowledge.milestones import MilestoneRule
from cytorecon.knowledge.readouts import series_of
from cytorecon.milestone.judged import Value
from cytorecon.study.model import ClinicalEvent, Study
from cytorecon.study.readout_frame import days_with, is_within

#: Patient, population or series of readouts, and measure -> values on the patient's own clock.
Series = dict[tuple[str, str, str], list[Value]]


def readout_values(study: Study) -> Series:
    """Return the readouts of a study as values, by patient and series.

    Examples
    --------
    >>> from cytorecon.study.model import Patient, Readout
    >>> anc = Readout(patient="P01", day=14, readout="anc", value=510, unit="cells/µL")
    >>> study = Study(name="s", patients=(Patient(patient="P01"),), tubes=(), readouts=(anc,))
    >>> readout_values(study)[("P01", "anc", "readout")][0].value
    510.0
    """
    series: Series = {}
    for item in study.readouts:
        value = Value(
            item.day,
            item.value,
            lloq=item.less_than,
            censored=item.less_than is not None,
            more_than=item.more_than,
        )
        name = series_of(item.readout, item.lineage)
        series.setdefault((item.patient, name, "readout"), []).append(value)
    return series


def values_of_rule(
    rule: MilestoneRule, patient: str, series: Series, events: Sequence[ClinicalEvent]
) -> list[Value]:
    """Return the values of one patient that a rule judges, each with the condition that judges it.

    Parameters
    ----------
    rule : MilestoneRule
        What is asked.
    patient : str
        Pseudonym.
    series : dict
        Values by patient, population or series of readouts, and measure.
    events : sequence of ClinicalEvent
        Of this patient, or of all.
    """
    found = [
        value if place == 0 else value._replace(condition=place)
        for place, asked in enumerate(rule.conditions)
        for value in series.get((patient, asked.population, asked.measure), ())
    ]
    if rule.free_of is None:
        return found
    spans = days_with(events, patient, rule.free_of.event)
    days = rule.free_of.days
    return [value._replace(not_free=is_within(value.day, spans, days)) for value in found]
