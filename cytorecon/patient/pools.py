"""Which patients are compared with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytorecon.knowledge.patient_model import PatientModelSettings
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, load_programmes
from cytorecon.patient.observations import Observations
from cytorecon.study.model import Patient, Study

#: What stands where too few patients are comparable.
TOO_FEW = "not enough patients to pool"


@dataclass(frozen=True, slots=True)
class Pool:
    """Patients that are put together for one population.

    Parameters
    ----------
    name : str
        For people: programme, and the age group where the pool is of one.
    patients : tuple of str
        In study order.
    enough : int
        Those with two visits or more, one of them measured.
    """

    name: str
    patients: tuple[str, ...]
    enough: int


def pool_of(
    patient: Patient, study: Study, found: Mapping[str, Observations], settings: PatientModelSettings
) -> Pool | str:
    """Return with whom a patient is put together, or why with nobody.

    Parameters
    ----------
    patient : Patient
        Who is asked about.
    study : Study
        All patients.
    found : mapping of str to Observations
        By patient, of one population.
    settings : PatientModelSettings
        How many are enough.

    Notes ----- Patients of the same programme and age group; where they are too few, of the same programme
    at any age, and the pool's name says so. Programmes are never mixed.
    """
    age_groups = [_age_group(patient, settings), ""]
    largest = 0
    for age_group in dict.fromkeys(age_groups):
        own = tuple(
            other.patient
            for other in study.patients
            if other.programme == patient.programme
            and (not age_group or _age_group(other, settings) == age_group)
            and other.patient in found
        )
        enough = sum(len(found[name].days) > 1 and found[name].measured > 0 for name in own)
        largest = max(largest, enough)
        if enough >= settings.minimum_patients.value:
            return Pool(_name(patient, age_group), own, enough)
    return f"{TOO_FEW}: {largest} of {_name(patient, '')}, {settings.minimum_patients.value} are needed"


def _age_group(patient: Patient, settings: PatientModelSettings) -> str:
    if patient.age_years is None:
        return ""
    limit = settings.adult_from.value
    return f"{limit:g} years and over" if patient.age_years >= limit else f"under {limit:g} years"


def _name(patient: Patient, age_group: str) -> str:
    programme = patient.programme
    name = (
        "programme not stated" if programme == UNKNOWN_PROGRAMME else load_programmes().find(programme).name
    )
    return f"{name}, {age_group or 'any age'}"
