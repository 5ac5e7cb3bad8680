"""A stand-in for the analysis of an uploaded file."""

from __future__ import annotations

from pathlib import Path

from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube
from tests.builders import tube_result

#: cells/µL of every tube that is uploaded
UPLOADED = {"CD4_T": 333.0, "CD8_T": 222.0, "B": 11.0, "NK": 99.0}


def fake_analysis(_store: StudyStore, path: Path, tube: Tube) -> TubeResult:
    """Return the numbers of UPLOADED for any file, and a failure for one that says ``broken``."""
    if b"broken" in path.read_bytes():
        return TubeResult(tube=tube.tube, status="failed", error="The file ends before its data do.")
    return tube_result(tube, UPLOADED)
