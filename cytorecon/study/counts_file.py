"""Counts that were made elsewhere, with the sheets of patients and events: all of them, or nothing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from cytorecon.errors import Issue, Severity, StudyError
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.visit_labels import load_visit_labels
from cytorecon.study.amounts import count_doubt
from cytorecon.study.cells import Limits, RowReader
from cytorecon.study.columns import COUNTS, EVENTS, PATIENTS, READOUTS
from cytorecon.study.count_rules import (
    CONCENTRATIONS,
    COUNT_METHODS,
    NOT_ASCENDING,
    PERCENTAGES,
    UNITS,
    ascend,
    gate_definitions,
    is_zero_without_limit,
    most_of,
)
from cytorecon.study.counted import given_study
from cytorecon.study.final import after_final_events
from cytorecon.study.found import kind_of
from cytorecon.study.load import NO_PATIENTS_SHEET, companion, matched, row_issues, rows_of
from cytorecon.study.people import people, with_event_anchors
from cytorecon.study.pseudonyms import may_be_name
from cytorecon.study.readouts import readout_row, readouts_of
from cytorecon.study.result import StudyResult
from cytorecon.study.rows import Vocabulary, event_row, patient_row, readers
from cytorecon.study.sheet import read_sheet
from cytorecon.study.tubes import clinical_events

#: So many rows are asked for before a table is said to be in another unit as a whole.
_TELLING_ROWS: Final = 5
#: Tables of cells/µL reach it in some row; those of 10^9/L do not: it would be 10,000/µL.
_REACHED: Final = 10.0
_PER_LITRE: Final = "1 x 10^9/L are 1000 cells/µL; the unit stands in every row."


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table: its reader, and its cells as :func:`given_study` takes them."""

    reader: RowReader
    cells: Mapping[str, object]


def load_counts(
    table: Path,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    readouts: Path | None = None,
    name: str | None = None,
) -> StudyResult:
    r"""Read a table of counts that were made elsewhere into a study.

    Parameters
    ----------
    table : Path
        CSV or XLSX with the columns of :func:`~cytorecon.study.study_of_counts`: `patient`, `day`,
        `population`, `value`, `unit`; `visit`, `low`, `high`, `lloq`, `gate_definition` and `count_method`
        may be there.
    patients, events, readouts : Path, optional
        The other sheets of a study; by default those beside the table.
    name : str, optional
        Of the study; ``"study"`` by default.

    Returns
    -------
    StudyResult
        With an issue for what needs a look.

    Raises
    ------
    StudyError
        If a sheet is missing or is no table, or a row of any of them cannot be used: nothing is left out in
        silence. Its ``issues`` name file, row, column, what was found and what is allowed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "counts.csv")
    ...     _ = file.write_text("patient,day,population,value,unit\nP01,30,CD4_T,<12,10^6/L\n")
    ...     load_counts(file).tubes[0].counts[0].lloq_cells_per_ul
    12.0
    """
    words = Vocabulary.load(None)
    sheet = read_sheet(table, COUNTS.sheet, COUNTS.all)
    assert sheet is not None
    main = matched(sheet, COUNTS)
    given = ((patients, PATIENTS), (events, EVENTS), (readouts, READOUTS))
    persons_sheet, events_sheet, readouts_sheet = (companion(table, path, columns) for path, columns in given)
    sheets = [one for one in (main, persons_sheet, events_sheet, readouts_sheet) if one is not None]
    found = [issue for one in sheets for issue in one.issues]
    patient_rows = rows_of(persons_sheet, patient_row, words)
    event_rows = rows_of(events_sheet, event_row, words)
    readout_rows = rows_of(readouts_sheet, readout_row, words)
    rows = [] if main.fatal else [_row(one) for one in readers(main.sheet, main.places, words.days)]
    _check_twice(rows)
    persons = people(patient_rows, [], words)
    clinical = clinical_events(event_rows, persons, words.days)
    for patient in persons:
        own = [(event.kind, event.start_day) for event in clinical if event.patient == patient]
        persons[patient] = with_event_anchors(persons[patient], own, words.kinds)
    measured = readouts_of(readout_rows, persons, words)
    found += [issue for row in rows for issue in row.reader.issues]
    found += row_issues((*patient_rows, *event_rows, *readout_rows))
    if not rows or any(issue.severity is Severity.ERROR for issue in found):
        # no row is left out here, as one that is missing is not seen among hundreds
        said = [
            replace(issue, message=issue.message.removesuffix(" The row is left out.")) for issue in found
        ]
        raise StudyError("The counts cannot be used; nothing was stored.", said, subject="counts")
    made = given_study(
        pd.DataFrame([row.cells for row in rows]),
        name=name or "study",
        patients=[person.patient for person in persons.values()],
        events=clinical,
    )
    named = {patient.patient for patient in made.study.patients}
    found += [] if persons_sheet is not None else [NO_PATIENTS_SHEET]
    study = made.study.model_copy(
        update={
            "readouts": tuple(item for item in measured if item.patient in named),
            "issues": (
                *found,
                *_unknown_patients(named, set(persons), persons_sheet is not None),
                *_unit(rows),
            ),
            "lists_events": events_sheet is not None,
            "lists_readouts": readouts_sheet is not None,
        }
    )
    late = (each.issue for each in after_final_events(study))
    study = study.model_copy(update={"issues": (*study.issues, *late)})
    return StudyResult(study=study, tubes=made.tubes)


def _row(reader: RowReader) -> _Row:
    patient = reader.pseudonym("patient")
    if patient and may_be_name(patient):
        reader.warn(
            "patient",
            "The pseudonym looks like a name.",
            code="study.may_be_name",
            hint="If it is one, use a pseudonym of the study.",
        )
    day = reader.day_or_none("day")
    if day is None and not reader.has("day"):
        reader.problem("day", "The cell is empty.", code="study.value_missing")
    populations = tuple(row.population for row in load_populations().rows)
    population = _one_of(reader, "population", populations, "a population of populations.csv")
    unit = _one_of(reader, "unit", UNITS, ", ".join(UNITS))
    for column in ("population", "unit"):
        if not reader.has(column):
            reader.problem(column, "The cell is empty.", code="study.value_missing")
    below = _without_sign(reader, unit)
    limits = _limits(unit)
    value, low, high, lloq = (
        reader.number_or_none(name, limits) for name in ("value", "low", "high", "lloq")
    )
    _check_numbers(reader, value, low, high, lloq, unit)
    if value is not None and population == "lymphocytes" and unit in CONCENTRATIONS:
        _warn_unusual(reader, value * CONCENTRATIONS[unit], per_l=unit == "10^9/L")
    return _Row(
        reader,
        {
            "patient": patient, "day": day, "population": population, "unit": unit,
            "value": f"<{value!r}" if below and value is not None else value,
            "low": low, "high": high, "lloq": lloq,
            "visit": reader.visit("visit", load_visit_labels()),
            "gate_definition": _one_of(
                reader, "gate_definition", gate_definitions(), "a gate_definition of populations.csv"
            ),
            "count_method": _one_of(reader, "count_method", COUNT_METHODS, ", ".join(COUNT_METHODS)),
        },
    )  # fmt: skip


def _one_of(reader: RowReader, column: str, names: Sequence[str], allowed: str) -> str:
    """Return the name that the cell holds, in any case; nothing of another text is repeated."""
    written = reader.text(column)
    plain = {_plain(name): name for name in names}
    if not written or _plain(written) in plain:
        return plain.get(_plain(written), "")
    close = difflib.get_close_matches(_plain(written), plain, n=1)
    reader.problem(
        column,
        f"This value is not known. Found: {kind_of(written)}. Allowed: {allowed}.",
        hint=f"Did you mean '{plain[close[0]]}'?" if close else "",
    )
    return ""


def _plain(text: str) -> str:
    return text.strip().lower().replace("\u03bc", "µ")


def _without_sign(reader: RowReader, unit: str) -> bool:
    """Take ``<`` away from the value and return whether it was there."""
    cell = reader.cells.get("value")
    if not isinstance(cell, str) or not cell.startswith("<"):
        return False
    if unit in PERCENTAGES:
        reader.problem(
            "value",
            "A percentage has no lower limit here.",
            hint="Give the limit with the count in cells/µL.",
        )
    reader.cells["value"] = cell[1:].strip()
    return True


def _limits(unit: str) -> Limits:
    if unit in PERCENTAGES:
        return Limits(0.0, most_of(unit), unit="%")
    return Limits(0.0, most_of(unit), unit=unit, hint=_PER_LITRE)


def _check_numbers(
    reader: RowReader,
    value: float | None,
    low: float | None,
    high: float | None,
    lloq: float | None,
    unit: str,
) -> None:
    if is_zero_without_limit(value, unit, high, lloq):
        reader.problem(
            "value",
            "No count shows that there is none. Found: 0. Allowed: <LLOQ, such as <1.",
            hint="Or fill in lloq or high.",
        )
    if not ascend(low, value, high):
        reader.problem("low", NOT_ASCENDING, hint="Check their columns and units.")


def _warn_unusual(reader: RowReader, value: float, *, per_l: bool) -> None:
    limits = Vocabulary.load(None).counting.blood_counts.of("lymphocytes_cells_per_ul")
    doubt = count_doubt(value, limits, per_l=per_l) if value else ""
    if doubt:
        reader.warn("value", doubt, code="study.unit_suspect", hint=_PER_LITRE)


def _check_twice(rows: Sequence[_Row]) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for row in rows:
        measure = PERCENTAGES.get(str(row.cells["unit"]), "cells")
        key = (row.cells["patient"], row.cells["day"], row.cells["population"], measure)
        if "" in key or None in key:
            continue
        if key in seen:
            row.reader.problem(
                "population",
                f"Row {seen[key]} has the same patient, day and population.",
                code="study.row_twice",
                hint="Keep one of them.",
            )
        seen.setdefault(key, row.reader.number)


def _unknown_patients(named: set[str], known: set[str], is_sheet: bool) -> list[Issue]:
    missing = sorted(named - known) if is_sheet else []
    if not missing:
        return []
    return [
        Issue(
            code="study.patient_unknown",
            severity=Severity.WARNING,
            subject=", ".join(missing),
            message="No row of the patients sheet can be used; age, sex and programme are unknown.",
        )
    ]


def _unit(rows: Sequence[_Row]) -> list[Issue]:
    """Return a warning when all rows in cells/µL are as small as counts in 10^9/L are."""
    values = [
        row.cells["value"]
        for row in rows
        if CONCENTRATIONS.get(str(row.cells["unit"])) == 1.0 and isinstance(row.cells["value"], float)
    ]
    if len(values) < _TELLING_ROWS or max(values) >= _REACHED:
        return []
    return [
        Issue(
            code="study.unit_suspect",
            severity=Severity.WARNING,
            subject="counts, column unit",
            message=f"None of {len(values)} counts in cells/µL reaches {_REACHED:g}; the unit may be 10^9/L.",
            hint=_PER_LITRE,
        )
    ]
