"""``load_study``: from sample sheets to a study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from cytorecon.errors import Issue, Severity, StudyError
from cytorecon.study.cells import RowReader
from cytorecon.study.columns import EVENTS, MANIFEST, PATIENTS, READOUTS, SheetColumns, check_header
from cytorecon.study.controls import ControlRow, control_row, control_tubes, is_control
from cytorecon.study.final import after_final_events
from cytorecon.study.model import ClinicalEvent, Patient, Readout, Study, Tube
from cytorecon.study.people import Person, people, with_event_anchors
from cytorecon.study.readouts import ReadoutRow, readout_row, readouts_of
from cytorecon.study.rows import (
    EventRow,
    ManifestRow,
    PatientRow,
    Vocabulary,
    columns_without_name,
    event_row,
    manifest_row,
    patient_row,
    readers,
)
from cytorecon.study.sheet import Sheet, is_workbook, read_sheet
from cytorecon.study.tubes import clinical_events, left_out_rows, tubes

AnySheetRow = PatientRow | EventRow | ManifestRow | ControlRow | ReadoutRow
AnyRow = TypeVar("AnyRow", PatientRow, EventRow, ManifestRow, ReadoutRow)

_SIBLING_ENDINGS: Final = (".csv", ".xlsx")
_DEFAULT_NAME: Final = "study"


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose header has been matched."""

    sheet: Sheet
    places: dict[int, str]
    issues: tuple[Issue, ...]
    fatal: bool


def load_study(
    manifest: Path,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    readouts: Path | None = None,
    name: str | None = None,
    knowledge: Path | None = None,
    today: date | None = None,
) -> Study:
    r"""Read the sample sheets of a study.

    Parameters
    ----------
    manifest : Path
        One row per tube, CSV or XLSX. A workbook may hold the worksheets ``manifest``,
        ``patients``, ``events`` and ``readouts``.
    patients, events, readouts : Path, optional
        The other sheets; by default worksheets of the same workbook, else ``patients.csv``,
        ``events.csv`` and ``readouts.csv`` (or ``.xlsx``) beside the manifest, when there are any.
    name : str, optional
        Name of the study; ``"study"`` by default (a folder's name may say too much).
    knowledge : Path, optional
        Folder with the user's own knowledge files.
    today : date, optional
        A later date of a draw is a problem; without it, none is.

    Returns
    -------
    Study
        With an issue for every row that was left out and everything else that needs a look; the
        other rows are there. FCS files are not opened. Dates have become days and are gone.

    Raises
    ------
    StudyError
        If a sheet is missing, is not a table or lacks a required column, or no row of the manifest
        can be used; its ``issues`` list everything found in all sheets.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sheet = Path(folder, "manifest.csv")
    ...     _ = sheet.write_text("file,patient,day\na.fcs,P01,30\nb.fcs,P01,sixty\n")
    ...     study = load_study(sheet)
    >>> study.tubes[0].tube
    'P01/d30/1'
    >>> study.issues[0].subject
    'manifest row 3, column day'
    """
    words = Vocabulary.load(knowledge)
    tables = _tables(Path(manifest), patients, events, readouts)
    found: list[Issue] = [issue for table in tables.values() if table is not None for issue in table.issues]
    fatal = any(table is not None and table.fatal for table in tables.values())
    patient_rows = rows_of(tables["patients"], patient_row, words)
    event_rows = rows_of(tables["events"], event_row, words)
    readout_rows = rows_of(tables["readouts"], readout_row, words)
    manifest_rows, control_rows = _manifest_rows(tables["manifest"], words)
    every_row: tuple[AnySheetRow, ...] = (
        *manifest_rows, *control_rows, *patient_rows, *event_rows, *readout_rows,
    )  # fmt: skip
    if fatal:
        found += row_issues(every_row)
        raise StudyError("The sheets cannot be used.", found, subject="manifest")
    persons = people(patient_rows, manifest_rows, words)
    clinical = clinical_events(event_rows, persons, words.days)
    for patient in persons:
        own = [(event.kind, event.start_day) for event in clinical if event.patient == patient]
        persons[patient] = with_event_anchors(persons[patient], own, words.kinds)
    folder = Path(manifest).resolve().parent
    accepted = tubes(manifest_rows, persons, folder, words, today)
    controls = control_tubes(control_rows, folder)
    measured = readouts_of(readout_rows, persons, words)
    found += row_issues(every_row)
    if not accepted:
        raise StudyError("No row of the manifest can be used.", found, subject="manifest")
    if tables["patients"] is None:
        found.append(NO_PATIENTS_SHEET)
    study = Study(
        name=name or _DEFAULT_NAME,
        patients=_of_use(persons, patient_rows, (*accepted, *clinical, *measured)),
        tubes=accepted,
        events=clinical,
        readouts=measured,
        issues=tuple(found),
        left_out=left_out_rows(manifest_rows, folder),
        controls=controls,
        lists_events=tables["events"] is not None,
        lists_readouts=tables["readouts"] is not None,
    )
    late = (each.issue for each in after_final_events(study))
    return study.model_copy(update={"issues": (*study.issues, *late)})


def _of_use(
    persons: Mapping[str, Person],
    patient_rows: Sequence[PatientRow],
    known: Iterable[Tube | ClinicalEvent | Readout],
) -> tuple[Patient, ...]:
    """Return the patients that the patients sheet lists, or of whom anything could be taken over.

    A row that is left out makes no patient: it may name the wrong one.
    """
    named = {row.patient for row in patient_rows} | {one.patient for one in known}
    return tuple(person.patient for name, person in persons.items() if name in named)


NO_PATIENTS_SHEET: Final = Issue(
    code="study.no_patients_sheet",
    severity=Severity.INFO,
    subject="patients",
    message="There is no patients sheet: age, sex and programme are unknown, so no reference range applies.",
    hint="Put a patients.csv beside the manifest.",
)


def _tables(
    manifest: Path, patients: Path | None, events: Path | None, readouts: Path | None
) -> dict[str, Table | None]:
    main = read_sheet(manifest, MANIFEST.sheet, MANIFEST.all)
    assert main is not None
    return {
        MANIFEST.sheet: matched(main, MANIFEST),
        PATIENTS.sheet: companion(manifest, patients, PATIENTS),
        EVENTS.sheet: companion(manifest, events, EVENTS),
        READOUTS.sheet: companion(manifest, readouts, READOUTS),
    }


def companion(manifest: Path, given: Path | None, columns: SheetColumns) -> Table | None:
    """Return a sheet that goes with the manifest: the one given, a worksheet, or a file beside it."""
    if given is not None:
        sheet = read_sheet(Path(given), columns.sheet, columns.all)
        return None if sheet is None else matched(sheet, columns)
    if is_workbook(manifest):
        sheet = read_sheet(manifest, columns.sheet, columns.all, required=False)
        if sheet is not None:
            return matched(sheet, columns)
    beside = [manifest.with_name(columns.sheet + ending) for ending in _SIBLING_ENDINGS]
    present = [path for path in beside if path.is_file() and path != manifest]
    if len(present) > 1:
        raise StudyError(
            "Beside the manifest lie both a CSV and a workbook. Name the one to use, or remove the other.",
            subject=columns.sheet,
        )
    if not present:
        return None
    sheet = read_sheet(present[0], columns.sheet, columns.all)
    return None if sheet is None else matched(sheet, columns)


def matched(sheet: Sheet, columns: SheetColumns) -> Table:
    """Return a sheet with its columns, and what is wrong with its header."""
    places, issues, fatal = check_header(sheet.header, columns)
    return Table(sheet, places, (*sheet.issues, *issues, *columns_without_name(sheet)), fatal)


def rows_of(
    table: Table | None, interpret: Callable[[RowReader, Vocabulary], AnyRow], words: Vocabulary
) -> list[AnyRow]:
    """Return the rows of a sheet as `interpret` reads them; none where there is no sheet."""
    if table is None or table.fatal:
        return []
    return [interpret(reader, words) for reader in readers(table.sheet, table.places, words.days)]


def _manifest_rows(table: Table | None, words: Vocabulary) -> tuple[list[ManifestRow], list[ControlRow]]:
    """Return the rows of patients' tubes and those of control tubes."""
    if table is None or table.fatal:
        return [], []
    every = list(readers(table.sheet, table.places, words.days))
    return (
        [manifest_row(reader, words) for reader in every if not is_control(reader)],
        [control_row(reader) for reader in every if is_control(reader)],
    )


def row_issues(rows: Sequence[AnySheetRow]) -> list[Issue]:
    """Return what was found in the rows of all sheets."""
    return [issue for row in rows for issue in row.reader.issues]
