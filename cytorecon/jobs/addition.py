"""Add one tube to a stored study."""

from __future__ import annotations

from pathlib import Path

from cytorecon.errors import CytoreconError
from cytorecon.intake import Cleaned, receive
from cytorecon.jobs.settings import save_settings
from cytorecon.pipeline import AnalysisSettings, analyze_addition
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
    result, _ = analyse_with(store, file, tube)
    if result.status == "done":
        store.save_tube(tube, result, patient=Patient(patient=tube.patient))
    return result


def analyse_with(store: StudyStore, file: Cleaned, tube: Tube) -> tuple[TubeResult, int]:
    """Analyse a sample with the study's frozen scales and priors; a new batch is stored with them.

    Parameters
    ----------
    store : StudyStore
        The study.
    file : Cleaned
        The sample.
    tube : Tube
        What is known about it.

    Returns
    -------
    TubeResult
        Not stored; failed when the file cannot be analysed.
    int
        Number of decisions about gates there were.
    """
    settings = AnalysisSettings.from_json(store.settings())
    overrides = store.overrides()
    addition = analyze_addition(file, tube, settings, overrides)
    if addition.result.status == "failed" or addition.settings == settings:
        return addition.result, len(overrides)
    saved = save_settings(store, settings, addition.settings, reason=f"new batch with tube {tube.tube}")
    if saved == addition.settings:
        return addition.result, len(overrides)
    # somebody else has learned meanwhile, perhaps this very batch: the tube follows what is stored
    return analyze_addition(file, tube, saved, overrides).result, len(overrides)
