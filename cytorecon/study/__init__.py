"""Studies: sample sheets in, tidy tables out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytorecon.study.counted import study_of_counts
    from cytorecon.study.counts_file import load_counts
    from cytorecon.study.doses import doses_in_words, product_doses
    from cytorecon.study.files import file_digests, row_digests
    from cytorecon.study.load import load_study
    from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Readout, Study, Tube
    from cytorecon.study.quantities import tube_quantities
    from cytorecon.study.readout_frame import readout_table
    from cytorecon.study.result import StudyResult
    from cytorecon.study.table import csv_text, tidy_counts, tube_status

#: Where each public name lives. Loaded when first used: who reads results needs no reader of workbooks.
_HOME = {
    "Anchor": "model",
    "ClinicalEvent": "model",
    "Patient": "model",
    "Readout": "model",
    "Study": "model",
    "StudyResult": "result",
    "Tube": "model",
    "csv_text": "table",
    "doses_in_words": "doses",
    "file_digests": "files",
    "load_counts": "counts_file",
    "load_study": "load",
    "product_doses": "doses",
    "readout_table": "readout_frame",
    "row_digests": "files",
    "study_of_counts": "counted",
    "tidy_counts": "table",
    "tube_quantities": "quantities",
    "tube_status": "table",
}

__all__ = [
    "Anchor",
    "ClinicalEvent",
    "Patient",
    "Readout",
    "Study",
    "StudyResult",
    "Tube",
    "csv_text",
    "doses_in_words",
    "file_digests",
    "load_counts",
    "load_study",
    "product_doses",
    "readout_table",
    "row_digests",
    "study_of_counts",
    "tidy_counts",
    "tube_quantities",
    "tube_status",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'cytorecon.study' has no attribute '{name}'")
    return getattr(import_module(f"cytorecon.study.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
