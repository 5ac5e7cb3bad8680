"""A table that REDCap imports, one row per tube, and the data dictionary that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon.interop.results import BloodResult, blood_results
from cytorecon.interop.tables import ExportTables
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.visit_windows import VisitWindows, load_visit_windows

_INSTRUMENT: Final = "flow_cytometry"
_UNSCHEDULED: Final = "unscheduled"
_STATUSES: Final = ("ok", "review", "not_detected", "below_lloq", "not_evaluable")
#: The columns of a data dictionary, as REDCap writes and reads them.
DICTIONARY_COLUMNS: Final = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)


@dataclass(frozen=True, slots=True)
class _Quantity:
    """One field of each population: suffix of its name, its label, and how REDCap validates it."""

    suffix: str
    label: str
    validation: str = "number"

    def of(self, result: BloodResult) -> object:
        """Return the value of this field."""
        return {
            "ul": result.value, "low": result.low, "high": result.high, "lloq": result.lloq,
            "n": result.events, "status": result.status,
        }[self.suffix]  # fmt: skip


_QUANTITIES: Final = (
    _Quantity("ul", "cells/µL (empty below the LLOQ)"),
    _Quantity("low", "cells/µL, lower end of the 95 % interval"),
    _Quantity("high", "cells/µL, upper end of the 95 % interval"),
    _Quantity("lloq", "cells/µL, lower limit of quantification"),
    _Quantity("n", "events", "integer"),
    _Quantity("status", "status", ""),
)
_KEYS: Final = ("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
_TUBE_FIELDS: Final = ("fc_tube", "fc_day", "fc_visit", "fc_count_method")


def redcap_table(tables: ExportTables, *, windows: VisitWindows | None = None) -> pd.DataFrame:
    """Return the results of a study as REDCap imports them (longitudinal, repeating instrument).

    Parameters
    ----------
    tables : ExportTables
        Of a study.
    windows : VisitWindows, optional
        Give the names of the events (``day_100_arm_1``); the packaged file by default.

    Returns
    -------
    DataFrame
        One row per tube of blood: `record_id` (the pseudonym), `redcap_event_name`,
        `redcap_repeat_instrument`, `redcap_repeat_instance` (from 1 in each record and event), the tube, and
        six fields for each population. Days, not dates.
    """
    known = windows or load_visit_windows()
    populations = _populations(tables)
    by_tube: dict[str, list[BloodResult]] = {}
    for result in blood_results(tables):
        by_tube.setdefault(result.tube, []).append(result)
    instances: dict[tuple[str, str], int] = {}
    rows = []
    for own in by_tube.values():
        first = own[0]
        event = _event_name(first.day, known)
        instance = instances[first.patient, event] = instances.get((first.patient, event), 0) + 1
        rows.append(_row(first, event, instance, own, populations))
    return pd.DataFrame(rows, columns=_columns(populations), dtype=object)


def redcap_dictionary(tables: ExportTables, *, populations: Populations | None = None) -> pd.DataFrame:
    """Return the data dictionary of :func:`redcap_table`.

    Parameters
    ----------
    tables : ExportTables
        Of the same study.
    populations : Populations, optional
        For the labels; the packaged file by default.
    """
    known = populations or load_populations()
    rows = [
        _field("record_id", "text", "Pseudonym of the patient"),
        _field("fc_tube", "text", "Tube", header="Flow cytometry"),
        _field("fc_day", "text", "Day after the first anchor, usually the transplant", validation="integer"),
        _field("fc_visit", "text", "Visit as the sheet names it"),
        _field("fc_count_method", "text", "Where cells/µL come from"),
    ]
    choices = " | ".join(f"{status}, {status.replace('_', ' ')}" for status in _STATUSES)
    for population in _populations(tables):
        label = known.display_name(population)
        for quantity in _QUANTITIES:
            dropdown = quantity.suffix == "status"
            rows.append(
                _field(
                    _name(population, quantity.suffix),
                    "dropdown" if dropdown else "text",
                    f"{label}: {quantity.label}",
                    choices=choices if dropdown else "",
                    validation=quantity.validation,
                    header=label if quantity is _QUANTITIES[0] else "",
                )
            )
    return pd.DataFrame(rows, columns=list(DICTIONARY_COLUMNS))


def _populations(tables: ExportTables) -> tuple[str, ...]:
    """Return the populations that are counted in cells, in the order of the table of counts."""
    known = load_populations()
    seen = dict.fromkeys(result.population for result in blood_results(tables))
    cells = [population for population in seen if known.kind_of(population) == "cells"]
    return tuple(sorted(cells, key=known.order))


def _columns(populations: Sequence[str]) -> list[str]:
    names = [_name(population, quantity.suffix) for population in populations for quantity in _QUANTITIES]
    return [*_KEYS, *_TUBE_FIELDS, *names]


def _row(
    first: BloodResult, event: str, instance: int, own: Sequence[BloodResult], populations: Sequence[str]
) -> list[object]:
    methods = sorted({result.method for result in own} - {"none", ""})
    row: list[object] = [first.patient, event, _INSTRUMENT, instance]
    row += [first.tube, first.day, first.visit, ", ".join(methods) or "none"]
    results = {result.population: result for result in own}
    return [*row, *_cells(results.get(name) for name in populations)]


def _cells(results: Iterator[BloodResult | None]) -> Iterator[object]:
    for result in results:
        for quantity in _QUANTITIES:
            yield None if result is None else quantity.of(result)


def _event_name(day: int, windows: VisitWindows) -> str:
    found = next((one.window for one in windows.windows if one.from_day <= day <= one.to_day), _UNSCHEDULED)
    return f"{_slug(found)}_arm_1"


def _name(population: str, suffix: str) -> str:
    return f"fc_{_slug(population)}_{suffix}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _field(
    name: str, kind: str, label: str, *, choices: str = "", validation: str = "", header: str = ""
) -> list[str]:
    form = _INSTRUMENT
    row = [name, form, header, kind, label, choices, "", validation]
    return [*row, *[""] * (len(DICTIONARY_COLUMNS) - len(row))]
