"""Add one tube to a stored study."""

from __future__ import annotations

from pathlib import Path

from cytorecon.pipeline import AnalysisSettings, analyze_addition
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Patient, Tube


def add_tube(store: StudyStore, path: Path, tube: Tube) -> TubeResult:
    """Analyse a file with the study's frozen scales and priors, and store the result.

    Parameters
    ----------
    store : StudyStore
        Study it is added to.
    path : Path
        FCS file; nothing of it but the result is kept.
    tube : Tube
        What is known about it. A patient the study does not know is added, without age.

    Returns
    -------
    TubeResult
        A failed one is returned and not stored: nothing of it is worth keeping.
    """
    settings = AnalysisSettings.from_json(store.settings())
    addition = analyze_addition(path, tube, settings)
    if addition.result.status == "failed":
        return addition.result
    if addition.settings != settings:
        store.set_settings(addition.settings.model_dump_json(), reason=f"new batch with tube {tube.tube}")
    if tube.patient not in {patient.patient for patient in store.study().patients}:
        store.save_patient(Patient(patient=tube.patient))
    store.save_tube(tube, addition.result)
    return addition.result
