"""The report of a study: pages a haematologist reads, and tables for further work."""

from __future__ import annotations

from cytorecon.report.write import Progress, ReportFiles, write_report
from cytorecon.report.write_sheets import Making, SheetFormat, write_patient_sheets
from cytorecon.report.write_tubes import write_tubes

__all__ = [
    "Making",
    "Progress",
    "ReportFiles",
    "SheetFormat",
    "write_patient_sheets",
    "write_report",
    "write_tubes",
]
