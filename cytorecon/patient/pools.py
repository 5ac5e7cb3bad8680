"""Which patients are compared with each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def pools_of(
    study: Study,
    patients: Iterable[Patient],
    found: Mapping[str, Observations],
    settings: PatientModelSettings,
) -> dict[str, Pool | str]:
    """Return with whom each patient is put together, or why with nobody.

    Parameters
    ----------
    study : Study
        All patients.
    patients : iterable of Patient
        Who is asked about.
    found : mapping of str to Observations
        By patient, of one population.
    settings : PatientModelSettings
        How many are enough.

    Notes
    -----
    Patients of the same programme and age group; where they are too few, of the same programme at any age,
    and the pool's name says so. Programmes are never mixed.
    """
    pools: dict[tuple[str, str], Pool | str] = {}
    answers: dict[str, Pool | str] = {}
    for patient in patients:
        key = patient.programme, _age_group(patient, settings)
        if key not in pools:
            pools[key] = _pool(*key, study, found, settings)
        answers[patient.patient] = pools[key]
    return answers


def _pool(
    programme: str,
    age_group: str,
    study: Study,
    found: Mapping[str, Observations],
    settings: PatientModelSettings,
) -> Pool | str:
    largest, least = 0, settings.minimum_patients.value
    for wanted in dict.fromkeys((age_group, "")):
        own = tuple(
            other.patient
            for other in study.patients
            if other.programme == programme
            and (not wanted or _age_group(other, settings) == wanted)
            and other.patient in found
        )
        enough = sum(len(found[name].days) > 1 and found[name].measured > 0 for name in own)
        largest = max(largest, enough)
        if enough >= least:
            return Pool(_name(programme, wanted), own, enough)
    return f"{TOO_FEW}: {largest} of {_name(programme, '')}, {least} are needed"


def _age_group(patient: Patient, settings: PatientModelSettings) -> str:
    if patient.age_years is None:
        return ""
    limit = settings.adult_from.value
    return f"{limit:g} years and over" if patient.age_years >= limit else f"under {limit:g} years"


def _name(programme: str, age_group: str) -> str:
    known = load_programmes()
    name = "programme not stated" if programme == UNKNOWN_PROGRAMME else known.find(programme).name
    return f"{name}, {age_group or 'any age'}"
