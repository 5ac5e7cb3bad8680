"""Add one tube to a stored study."""

from __future__ import annotations

from pathlib import Path

from cytorecon.errors import CytoreconError
from cytorecon.intake import Cleaned, receive
from cytorecon.jobs.settings import save_settings
from cytorecon.pipeline import Addition, AnalysisSettings, analyze_addition
from cytorecon.pipeline.learn import reason_of
from cytorecon.pipeline.tube import failed
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
        FCS file. It is read in quarantine (:func:`~cytorecon.intake.receive`), without names and
        dates; nothing of it but the result is kept.
    tube : Tube
        What is known about it. A patient the study does not know is added, without age.

    Returns
    -------
    TubeResult
        A failed one is returned and not stored: nothing of it is worth keeping.
    """
    try:
        file = receive(path, dataset=tube.dataset)
    except CytoreconError as error:
        return failed(tube, reason_of(error))
    addition = _analysed(store, file, tube)
    if addition.result.status == "failed":
        return addition.result
    store.save_tube(tube, addition.result, patient=Patient(patient=tube.patient))
    return addition.result


def _analysed(store: StudyStore, file: Cleaned, tube: Tube) -> Addition:
    settings = AnalysisSettings.from_json(store.settings())
    overrides = store.overrides()
    addition = analyze_addition(file, tube, settings, overrides)
    if addition.result.status == "failed" or addition.settings == settings:
        return addition
    saved = save_settings(store, settings, addition.settings, reason=f"new batch with tube {tube.tube}")
    if saved == addition.settings:
        return addition
    # somebody else has learned meanwhile, perhaps this very batch: the tube follows what is stored
    return analyze_addition(file, tube, saved, overrides)
