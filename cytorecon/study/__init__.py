"""Studies: sample sheets in, tidy tables out."""

from cytorecon.study.counted import study_of_counts
from cytorecon.study.doses import doses_in_words, product_doses
from cytorecon.study.files import file_digests, row_digests
from cytorecon.study.load import load_study
from cytorecon.study.load_counts import load_counts
from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Readout, Study, Tube
from cytorecon.study.quantities import tube_quantities
from cytorecon.study.readout_table import readout_table
from cytorecon.study.result import StudyResult
from cytorecon.study.table import csv_text, tidy_counts, tube_status

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
