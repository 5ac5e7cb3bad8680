"""Read a sheet (CSV or one worksheet of a workbook) into rows of cells, nothing interpreted.

Text of a CSV stays text; a workbook gives numbers and dates as such, and a cell of it that shows
something but holds no value to read (:class:`Unusable`). Interpretation, and so every message
about a cell, is in :mod:`cytorecon.study.cells`.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import openpyxl
from openpyxl.cell import Cell as WorkbookCell
from openpyxl.cell import MergedCell
from openpyxl.utils.exceptions import InvalidFileException

from cytorecon.errors import Issue, Severity, StudyError
from cytorecon.study.columns import normalised
from cytorecon.study.csv_cells import unescaped


@dataclass(frozen=True, slots=True)
class Unusable:
    """A cell that shows something but holds no value to read, and what to say about it."""

    message: str
    hint: str
    #: Whether the text of other rows may be in it.
    holds_rows: bool = False


Cell = str | float | bool | date | Unusable

#: Day 0 of serial dates in workbooks and in CSV files saved from them.
EXCEL_EPOCH: Final = date(1899, 12, 30)

_WORKBOOKS: Final = (".xlsx", ".xlsm")
_DELIMITERS: Final = (",", ";", "\t")
#: What openpyxl lets through when a file is no workbook, or one that was cut short.
_DAMAGED: Final = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    KeyError,
    TypeError,
    ValueError,
    OSError,
    EOFError,
)
_FORMULA: Final = Unusable(
    "The cell holds a formula whose result is not stored in the file.",
    "Open the workbook in a spreadsheet program and save it, or put in the value.",
)
_MERGED: Final = Unusable(
    "The cell is part of a merged cell and has no value of its own.",
    "Unmerge the cells and fill in each row.",
)
_TIME: Final = Unusable(
    "The cell holds a time of day.", "Put in a number, a date or text, as the column asks for."
)
#: How spreadsheets show that a formula has failed, also in a CSV that was saved from one.
_ERRORS: Final = frozenset(
    {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
#: What laboratories write for "no value"; such a cell counts as empty.
_EMPTY: Final = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "."})


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it, and its cells that are not empty."""

    number: int
    cells: tuple[tuple[int, Cell], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as read.

    Parameters
    ----------
    name : str
        ``manifest``, ``patients`` or ``events``.
    header : tuple of str
        Column names as written, spaces stripped.
    rows : tuple of Row
        Rows below the header; empty ones are left out.
    decimal_comma : bool
        True when the file separates fields by semicolons: then ``0,45`` is a number.
    epoch : date
        Day 0 of serial dates.
    issues : tuple of Issue
        What was noticed while reading.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    decimal_comma: bool = False
    epoch: date = EXCEL_EPOCH
    issues: tuple[Issue, ...] = ()


def read_sheet(path: Path, name: str, known_columns: Iterable[str], *, required: bool = True) -> Sheet | None:
    """Read the sheet called `name` from a CSV file or a workbook.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.txt`` or ``.xlsx``.
    name : str
        ``manifest``, ``patients`` or ``events``: the worksheet looked for in a workbook; a workbook
        with a single worksheet needs no name.
    known_columns : iterable of str
        Tell the delimiter of a CSV.
    required : bool
        Whether a workbook without such a worksheet is an error.

    Returns
    -------
    Sheet or None
        None when a workbook lacks the worksheet and it is not required.

    Raises
    ------
    StudyError
        If the file is missing or is not a table.
    """
    if not path.is_file():
        raise StudyError("The file does not exist.", subject=name)
    if path.suffix.lower() in _WORKBOOKS:
        return _from_workbook(path, name, required)
    if path.suffix.lower() == ".xls":
        raise StudyError("The old .xls format is not read. Save the sheet as .xlsx or CSV.", subject=name)
    return _from_text(path.read_bytes(), name, tuple(known_columns))


def is_workbook(path: Path) -> bool:
    """Return whether `path` is read as a workbook."""
    return path.suffix.lower() in _WORKBOOKS


def _from_text(content: bytes, name: str, known_columns: Sequence[str]) -> Sheet:
    text, issues = _decoded(content, name)
    if "\x00" in text:
        raise StudyError("This is not a table: the file holds binary data.", subject=name)
    delimiter = max(_DELIMITERS, key=lambda mark: _fit(text, mark, known_columns))
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise StudyError(f"This is not a table: {error}.", subject=name) from error
    sheet = _sheet(name, enumerate(records, start=1), issues, decimal_comma=delimiter == ";")
    for place, column in enumerate(sheet.header):
        if len(column.splitlines()) > 1 and normalised(column) not in known_columns:
            raise StudyError(
                f"The name of column {place + 1} goes on over several lines, which were not read as rows. "
                "Close or remove the quotation mark that opens in it.",
                subject=name,
            )
    return sheet


def _decoded(content: bytes, name: str) -> tuple[str, tuple[Issue, ...]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding), ()
    except UnicodeDecodeError:
        issue = Issue(
            code="study.encoding",
            severity=Severity.WARNING,
            subject=name,
            message="The sheet is not UTF-8 and was read as Latin-1; letters with accents may be wrong.",
            hint="Save it as CSV UTF-8.",
        )
        return content.decode("latin-1"), (issue,)


def _fit(text: str, delimiter: str, known_columns: Sequence[str]) -> tuple[int, int]:
    """Return how well `delimiter` explains the header: known columns, then columns at all."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    fields = next(csv.reader([header], delimiter=delimiter), [])
    return sum(normalised(field) in known_columns for field in fields), len(fields)


def _from_workbook(path: Path, name: str, required: bool) -> Sheet | None:
    with warnings.catch_warnings():
        # openpyxl warns about styles and validations it leaves out; neither is data.
        warnings.simplefilter("ignore")
        content = path.read_bytes()
        try:
            outline = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
            titles = [worksheet.title for worksheet in outline.worksheets]
            outline.close()
        except _DAMAGED as error:
            raise StudyError("This is not a workbook (.xlsx).", subject=name) from error
        title = _worksheet(titles, name, required)
        if title is None:
            return None
        try:
            # A workbook shows either results or formulas, and a formula without result looks empty.
            results, formulas = (
                openpyxl.load_workbook(io.BytesIO(content), data_only=shown) for shown in (True, False)
            )
            records = [
                (number, [_cell(cell, formula) for cell, formula in zip(row, formula_row, strict=True)])
                for number, (row, formula_row) in enumerate(
                    zip(results[title].iter_rows(), formulas[title].iter_rows(), strict=True), start=1
                )
            ]
        except _DAMAGED as error:
            raise StudyError("The workbook is damaged.", subject=name) from error
    return _sheet(name, records, (), epoch=results.epoch.date())


def _worksheet(titles: Sequence[str], name: str, required: bool) -> str | None:
    hits = [title for title in titles if title.strip().lower() == name]
    if len(hits) > 1:
        raise StudyError(
            f"The workbook has {len(hits)} worksheets called '{name}' (capitals and spaces do not count). "
            "Rename or remove all but one.",
            subject=name,
        )
    if hits:
        return hits[0]
    if not required:
        return None
    if len(titles) == 1:
        return titles[0]
    raise StudyError(
        f"The workbook has {len(titles)} worksheets and none of them is called '{name}'.", subject=name
    )


def _cell(cell: WorkbookCell | MergedCell, formula: WorkbookCell | MergedCell) -> Cell:
    if isinstance(cell, MergedCell):
        return _MERGED
    value = cell.value
    if value is None:
        # The type of an empty text that a formula gave is "str".
        return _FORMULA if formula.data_type == "f" and cell.data_type != "str" else ""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, time | timedelta):
        return _TIME
    return value if isinstance(value, date) else str(value)


def _read(cell: Cell) -> Cell:
    """Return a cell without spaces around it; an error that a spreadsheet shows is unusable."""
    if not isinstance(cell, str):
        return cell
    text = unescaped(cell.strip())
    if text.upper() in _ERRORS:
        message = f"The cell shows the error {text.upper()} of a spreadsheet."
        return Unusable(message, "Mend the formula, or put in the value.")
    return text


def _on_one_line(row: Row) -> Row:
    """Return a row in which a cell of several lines is unusable."""
    cells = tuple(
        (place, _several_lines(cell) if isinstance(cell, str) and len(cell.splitlines()) > 1 else cell)
        for place, cell in row.cells
    )
    return Row(row.number, cells)


def _several_lines(text: str) -> Unusable:
    more = len(text.splitlines()) - 1
    # A quotation mark that is opened and not closed swallows the rows that follow, without a trace.
    rows = "1 more line" if more == 1 else f"{more} more lines"
    return Unusable(
        f"The cell goes on over {rows}; if a quotation mark opens in it by mistake, those are rows that "
        "were not read.",
        "Close or remove the quotation mark, and write the text of a cell on one line.",
        holds_rows=True,
    )


def _sheet(
    name: str,
    records: Iterable[tuple[int, Sequence[Cell]]],
    issues: tuple[Issue, ...],
    *,
    decimal_comma: bool = False,
    epoch: date = EXCEL_EPOCH,
) -> Sheet:
    rows = _filled(records)
    top = next(rows, None)
    if top is None:
        raise StudyError("The sheet is empty.", subject=name)
    width = top.cells[-1][0] + 1
    header = dict(top.cells)
    return Sheet(
        name=name,
        header=tuple(_column_name(header.get(place, "")) for place in range(width)),
        rows=tuple(_on_one_line(row) for row in rows),
        decimal_comma=decimal_comma,
        epoch=epoch,
        issues=issues,
    )


def _column_name(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "" if isinstance(cell, Unusable) else str(cell)


def _filled(records: Iterable[tuple[int, Sequence[Cell]]]) -> Iterator[Row]:
    for number, record in records:
        cells = tuple(
            (place, cell)
            for place, cell in enumerate(map(_read, record))
            if not (isinstance(cell, str) and cell.lower() in _EMPTY)
        )
        # Merged cells of a row without any other value are the frame around a title, or nothing.
        if any(cell is not _MERGED for _, cell in cells):
            yield Row(number=number, cells=cells)
