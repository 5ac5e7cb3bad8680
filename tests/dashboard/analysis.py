"""A stand-in for the analysis of an uploaded file: no gating, known numbers."""

from __future__ import annotations

from pathlib import Path

from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Patient, Tube
from tests.builders import tube_result

#: cells/µL of every tube that is uploaded
UPLOADED = {"CD4_T": 333.0, "CD8_T": 222.0, "B": 11.0, "NK": 99.0}


def fake_addition(store: StudyStore, path: Path, tube: Tube) -> TubeResult:
    """Store the numbers of UPLOADED for any file; a file that says ``broken`` fails."""
    if b"broken" in path.read_bytes():
        return TubeResult(tube=tube.tube, status="failed", error="The file ends before its data do.")
    result = tube_result(tube, UPLOADED)
    if tube.patient not in {patient.patient for patient in store.study().patients}:
        store.save_patient(Patient(patient=tube.patient))
    store.save_tube(tube, result)
    return result
