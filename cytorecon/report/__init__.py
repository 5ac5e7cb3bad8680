"""The report of a study: pages a haematologist reads, and tables for further work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytorecon.report.write import Progress, ReportFiles, write_report
    from cytorecon.report.write_sheets import Making, SheetFormat, write_patient_sheets
    from cytorecon.report.write_tube_pages import write_tubes

#: Where each public name lives. Loaded when first used: one patient needs no pages of the study.
_HOME = {
    "Making": "write_sheets",
    "Progress": "write",
    "ReportFiles": "write",
    "SheetFormat": "write_sheets",
    "write_patient_sheets": "write_sheets",
    "write_report": "write",
    "write_tubes": "write_tube_pages",
}

__all__ = [
    "Making",
    "Progress",
    "ReportFiles",
    "SheetFormat",
    "write_patient_sheets",
    "write_report",
    "write_tubes",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'cytorecon.report' has no attribute '{name}'")
    return getattr(import_module(f"cytorecon.report.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
