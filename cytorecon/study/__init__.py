"""Studies: sample sheets in, tidy tables out."""

from cytorecon.study.files import file_digests
from cytorecon.study.load import load_study
from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Study, Tube
from cytorecon.study.quantities import tube_quantities
from cytorecon.study.result import StudyResult
from cytorecon.study.table import csv_text, tidy_counts, tube_status

__all__ = [
    "Anchor",
    "ClinicalEvent",
    "Patient",
    "Study",
    "StudyResult",
    "Tube",
    "csv_text",
    "file_digests",
    "load_study",
    "tidy_counts",
    "tube_quantities",
    "tube_status",
]
