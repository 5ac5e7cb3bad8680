"""One workbook with a sheet per table, in which no text is a formula."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, TYPE_STRING
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

#: The earliest day a ZIP archive can state: a workbook must state one, and ours has no clock.
_EPOCH: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - the format knows no zone
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_STARTS_FORMULA: Final = tuple("=+-@\t\r")
_PROPERTIES: Final = "docProps/core.xml"

Cell = str | int | float | bool | None


def workbook(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return a workbook; the same tables give the same bytes.

    Text stays text: a cell whose text begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is
    marked as text, so a spreadsheet does not run it. Not known is an empty cell.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name of the sheet -> table.
    """
    book = Workbook(write_only=True)
    for name, table in tables.items():
        sheet = book.create_sheet(name)
        assert isinstance(sheet, WriteOnlyWorksheet)
        sheet.freeze_panes = "A2"
        sheet.append([str(column) for column in table.columns])
        for row in _rows(table):
            sheet.append([_cell(sheet, value) for value in row])
    book.properties.created = _EPOCH
    book.properties.creator = "cytorecon"
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _rows(table: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    for row in table.astype(object).itertuples(index=False, name=None):
        yield tuple(None if pd.isna(cell) else cell for cell in row)


def _cell(sheet: WriteOnlyWorksheet, value: Cell) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
    cell.data_type = TYPE_STRING
    if value.startswith(_STARTS_FORMULA):
        cell.quotePrefix = True
    return cell


def _without_clock(content: bytes) -> bytes:
    """Return the archive with one and the same time everywhere: openpyxl writes that of saving."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == _PROPERTIES:
                part = _untimed(part)
            target.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), part, zipfile.ZIP_DEFLATED, 6)
    return made.getvalue()


def _untimed(properties: bytes) -> bytes:
    start = properties.index(b"<dcterms:modified")
    value = properties.index(b">", start) + 1
    end = properties.index(b"</dcterms:modified>", value)
    return properties[:value] + _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + properties[end:]
