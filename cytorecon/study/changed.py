"""Of whom a study says anything else than it said before, and the part of a study that some patients are."""

from __future__ import annotations

from collections.abc import Collection

from cytorecon.results import TubeResult
from cytorecon.study.model import ClinicalEvent, Patient, Readout, Tube
from cytorecon.study.result import StudyResult

_Said = tuple[list[Patient], list[Tube], list[TubeResult], list[ClinicalEvent], list[Readout]]


def changed_patients(before: StudyResult, now: StudyResult) -> frozenset[str]:
    """Return the patients of a study of whom not all is as it was; new ones are among them.

    Parameters
    ----------
    before, now : StudyResult
        The same study at two times, each with one result per tube.

    Notes
    -----
    Looked at is all that a study knows of a patient: facts, tubes, results with their marks, events and
    readouts, and the order of each. What a table says of a patient may depend on nothing else of the study,
    or it cannot be taken over by this.

    Examples
    --------
    >>> from cytorecon.study.model import Study
    >>> people = (Patient(patient="P01"), Patient(patient="P02"))
    >>> older = (people[0], Patient(patient="P02", age_years=40.0))
    >>> changed_patients(*(StudyResult(study=Study(name="s", patients=each, tubes=()), tubes=())
    ...                    for each in (people, older)))
    frozenset({'P02'})
    """
    earlier = _by_patient(before)
    return frozenset(patient for patient, said in _by_patient(now).items() if earlier.get(patient) != said)


def part_of(result: StudyResult, patients: Collection[str]) -> StudyResult:
    """Return what a study says of some patients."""
    study = result.study
    pairs = [pair for pair in zip(study.tubes, result.tubes, strict=True) if pair[0].patient in patients]
    own = study.model_copy(
        update={
            "patients": tuple(one for one in study.patients if one.patient in patients),
            "tubes": tuple(tube for tube, _ in pairs),
            "events": tuple(one for one in study.events if one.patient in patients),
            "readouts": tuple(one for one in study.readouts if one.patient in patients),
        }
    )
    return result.model_copy(update={"study": own, "tubes": tuple(outcome for _, outcome in pairs)})


def _by_patient(result: StudyResult) -> dict[str, _Said]:
    study = result.study
    found: dict[str, _Said] = {one.patient: ([one], [], [], [], []) for one in study.patients}
    for tube, outcome in zip(study.tubes, result.tubes, strict=True):
        found[tube.patient][1].append(tube)
        found[tube.patient][2].append(outcome)
    for event in study.events:
        found[event.patient][3].append(event)
    for readout in study.readouts:
        found[readout.patient][4].append(readout)
    return found
