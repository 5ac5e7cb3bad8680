"""Parts of the hand-made study, so that a test writes no more pages than it reads."""

from __future__ import annotations

from collections.abc import Callable

from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from tests.builders import study_result


def part(*patients: str, keep: Callable[[Tube], bool] = lambda tube: True) -> StudyResult:
    """Return the study of these patients only, and of their tubes those to `keep`."""
    whole = study_result()
    study = whole.study.model_copy(
        update={
            "patients": tuple(patient for patient in whole.study.patients if patient.patient in patients),
            "tubes": tuple(tube for tube in whole.study.tubes if tube.patient in patients and keep(tube)),
            "events": tuple(event for event in whole.study.events if event.patient in patients),
        }
    )
    return StudyResult(study=study, tubes=tuple(whole.tube(tube.tube) for tube in study.tubes))
