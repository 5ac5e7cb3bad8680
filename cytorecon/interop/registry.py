"""The registry sheet: one row per patient and contact, with the result closest to its day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from cytorecon.interop.results import BloodResult, blood_results
from cytorecon.interop.tables import ExportTables
from cytorecon.knowledge.registry_windows import RegistryWindow, RegistryWindows, load_registry_windows
from cytorecon.study.model import Patient
from cytorecon.trajectory import AFTER_FINAL_EVENT

_NONE: Final = "none in the window"


def registry_sheet(tables: ExportTables, *, windows: RegistryWindows | None = None) -> pd.DataFrame:
    """Return what a registry asks at each of its contacts.

    Parameters
    ----------
    tables : ExportTables
        Of a study.
    windows : RegistryWindows, optional
        Contacts and populations; the packaged file by default.

    Returns
    -------
    DataFrame
        One row per patient and contact: `patient`, `registry`, `contact`, `from_day`, `to_day`, then for
        each population its concentration in cells/µL (the same number as in 10^6/L), as text (``<12`` below
        the LLOQ) and the day of the sample, and a `note`. Of results at the same distance from the target
        day the earlier one is taken. Nothing is filled in from outside a window,
        and nothing from a sample that bears a day after death.
    """
    known = windows or load_registry_windows()
    results = [
        result
        for result in blood_results(tables)
        if result.is_result and AFTER_FINAL_EVENT not in result.review
    ]
    rows = [
        _row(patient, window, known, [result for result in results if result.patient == patient.patient])
        for patient in tables.study.patients
        for window in known.windows
    ]
    return pd.DataFrame(rows, columns=_columns(known), dtype=object)


def _columns(known: RegistryWindows) -> list[str]:
    columns = ["patient", "registry", "contact", "from_day", "to_day"]
    for population in known.populations:
        columns += [f"{population}_cells_per_ul", f"{population}_reported", f"{population}_day"]
    return [*columns, "note"]


def _row(
    patient: Patient, window: RegistryWindow, known: RegistryWindows, own: Sequence[BloodResult]
) -> list[object]:
    chosen = [_closest(own, population, window) for population in known.populations]
    row: list[object] = [patient.patient, known.registry, window.window, window.from_day, window.to_day]
    for result in chosen:
        row += [None, "", None] if result is None else [result.value, result.reported, result.day]
    return [*row, "; ".join(_notes(patient, window, chosen, own))]


def _closest(results: Iterable[BloodResult], population: str, window: RegistryWindow) -> BloodResult | None:
    inside = [
        result
        for result in results
        if result.population == population and window.from_day <= result.day <= window.to_day
    ]
    return min(inside, key=lambda one: (abs(one.day - window.target_day), one.day), default=None)


def _notes(
    patient: Patient,
    window: RegistryWindow,
    chosen: Sequence[BloodResult | None],
    own: Sequence[BloodResult],
) -> list[str]:
    found = [result for result in chosen if result is not None]
    notes = []
    if not found:
        last = max((result.day for result in own), default=None)
        notes.append(_NONE if last is None else f"{_NONE}; last result on day {last}")
    flagged = [result.population for result in found if result.review]
    if flagged:
        notes.append(f"needs a look: {', '.join(flagged)}")
    # a later infusion begins a contact schedule of its own
    later = [f"{one.name} on day {one.day}" for one in patient.anchors[1:] if 0 < one.day <= window.to_day]
    return [*notes, *(["after " + ", ".join(later)] if later else [])]
