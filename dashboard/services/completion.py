"""Fill in what is not known about a patient; what is known stays, be it from a sheet or an upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, load_programmes
from cytorecon.study.model import Patient
from cytorecon.study.people import first_anchor
from cytorecon.study.rows import Vocabulary
from dashboard.services.hints import error_in_browser
from dashboard.services.study import StudyService
from dashboard.services.typed_numbers import read_typed
from dashboard.services.upload_checks import SEXES, check_age

#: What a sheet may say of CMV antibodies; the first is what nobody stated.
SEROLOGIES: Final = ("unknown", "negative", "positive")


@dataclass(frozen=True, slots=True)
class Completion:
    """What came of it: an error at the field of the age, or one for the whole form; empty when stored."""

    age_problem: str = ""
    problem: str = ""

    @property
    def stored(self) -> bool:
        """Whether something was stored."""
        return not self.age_problem and not self.problem


def unknown_facts(patient: Patient) -> frozenset[str]:
    """Return which of ``age``, ``sex``, ``programme`` and ``cmv`` are not known.

    Examples
    --------
    >>> sorted(unknown_facts(Patient(patient="P01", age_years=4.0)))
    ['cmv', 'programme', 'sex']
    """
    unknown = {
        "age": patient.age_years is None,
        "sex": patient.sex == SEXES[0],
        "programme": patient.programme == UNKNOWN_PROGRAMME,
        "cmv": patient.cmv == SEROLOGIES[0],
    }
    return frozenset(name for name, missing in unknown.items() if missing)


def complete(
    service: StudyService, name: str, *, age: object, sex: str, programme: str, cmv: str = ""
) -> Completion:
    """Store what was filled in about a patient, as far as it was not known.

    Parameters
    ----------
    service : StudyService
        The study.
    name : str
        The patient's pseudonym.
    age : object
        Age on day 0 in years, as typed.
    sex, programme, cmv : str
        As chosen; empty when not known.
    """
    if name not in service.snapshot().patients:
        return Completion(problem=f"There is no patient {name} in this study.")
    unknown = unknown_facts(service.snapshot().study.patient(name))
    typed = read_typed({"age_years": age if "age" in unknown else None})
    years = typed.values["age_years"]
    problem = "".join(message for _, message in typed.problems) or check_age(years)
    if problem:
        return Completion(age_problem=problem)
    lists = ((sex, SEXES), (programme, load_programmes().names), (cmv, SEROLOGIES))
    if any(word and word not in allowed for word, allowed in lists):
        return Completion(problem="Choose from the lists.")
    if years is None and not (sex or programme or cmv):
        return Completion(problem="Fill in what is known.")
    known = Patient.model_validate(
        {
            "patient": name,
            "age_years": years,
            "sex": sex or SEXES[0],
            "programme": programme or UNKNOWN_PROGRAMME,
            "cmv": cmv or SEROLOGIES[0],
            "anchors": (first_anchor(programme or UNKNOWN_PROGRAMME, Vocabulary.load(None)),),
        }
    )
    try:
        service.store.complete_patient(known)
    except CytoreconError as error:
        return Completion(problem=error_in_browser(error))
    return Completion()
