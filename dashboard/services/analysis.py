"""Analyse one uploaded file with what the study froze."""

from __future__ import annotations

from pathlib import Path

from cytorecon.pipeline import AnalysisSettings, analyze_addition
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube


def analyze_upload(store: StudyStore, path: Path, tube: Tube) -> TubeResult:
    """Analyse one file with the study's frozen scales and gate priors.

    Parameters
    ----------
    store : StudyStore
        The study. A file of a batch it does not know adds that batch to its settings.
    path : Path
        The file; it is read and not kept.
    tube : Tube
        What is known about it.

    Returns
    -------
    TubeResult
        Not stored yet; with status ``failed`` when the file cannot be analysed.
    """
    settings = AnalysisSettings.from_json(store.settings())
    addition = analyze_addition(path, tube, settings)
    if addition.settings != settings and addition.result.status == "done":
        store.set_settings(addition.settings.model_dump_json(), reason=f"first tube of a batch: {tube.tube}")
    return addition.result
