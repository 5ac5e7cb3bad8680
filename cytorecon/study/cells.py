"""Read the cells of one row, collecting every problem instead of stopping at the first.

Messages never repeat a date, a file name or other free text of a cell: they say what shape the
text has (``99/99/9999``), and the row and column where it stands.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.study.sheet import Cell, Sheet

#: Days beyond a century from the anchor are a date or a record number in the wrong column.
_MOST_DAYS: Final = 36_525
#: Serial dates run from 1905-10-01 (a smaller number is most likely a year) to 2099-12-31.
_SERIAL_DATES: Final = range(2_101, 73_051)

_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_COMMA_NUMBER: Final = re.compile(r"([+-]?\d+),(\d+)")
_DATE_INSIDE: Final = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_TRUE: Final = frozenset({"yes", "true", "1", "x", "y"})
_FALSE: Final = frozenset({"no", "false", "0", "n"})


class RowReader:
    """Reads one row; ``issues`` grows with every cell that cannot be used.

    Parameters
    ----------
    sheet : Sheet
        The sheet, for its name and number format.
    number : int
        The row as a spreadsheet shows it.
    cells : mapping of str to Cell
        Cells that are not empty, by column name.
    """

    def __init__(self, sheet: Sheet, number: int, cells: Mapping[str, Cell]) -> None:
        self.sheet = sheet
        self.number = number
        self.cells = cells
        self.issues: list[Issue] = []

    def failed(self) -> bool:
        """Return whether the row must be left out."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)

    def has(self, column: str) -> bool:
        """Return whether the cell is filled."""
        return column in self.cells

    def problem(self, column: str, message: str, *, code: str = "study.bad_value", hint: str = "") -> None:
        """Note a problem that costs the row."""
        self._note(Severity.ERROR, column, f"{message} The row is left out.", code, hint)

    def warn(self, column: str, message: str, *, code: str, hint: str = "") -> None:
        """Note something to look at; the row stays."""
        self._note(Severity.WARNING, column, message, code, hint)

    def text(self, column: str, default: str = "") -> str:
        """Return the cell as text."""
        cell = self.cells.get(column)
        if cell is None:
            return default
        if isinstance(cell, float):
            # A workbook stores 7 as 7.0.
            return str(int(cell)) if cell.is_integer() else repr(cell)
        if isinstance(cell, date):
            self.problem(column, "This is a date cell, and dates are not kept. Allowed: text.")
            return default
        return cell

    def free_text(self, column: str) -> str:
        """Return text for people; a date in it is not kept."""
        text = self.text(column)
        if not _DATE_INSIDE.search(text):
            return text
        self.warn(
            column,
            f"The text holds a date and was left out. Found: {shape(text)}.",
            code="study.date_in_text",
            hint="Write the day instead, e.g. +30.",
        )
        return ""

    def required_text(self, column: str) -> str:
        """Return the cell as text; an empty cell is a problem."""
        if not self.has(column):
            self.problem(column, "The cell is empty.", code="study.value_missing")
        return self.text(column)

    def pseudonym(self, column: str) -> str:
        """Return a pseudonym or the name of an anchor: letters, digits, dot, hyphen, underscore."""
        text = self.required_text(column)
        if text and not _PSEUDONYM.fullmatch(text):
            self.problem(
                column,
                "This cannot be a pseudonym. Allowed: up to 64 letters (a-z), digits, '.', '_' and '-',"
                " beginning with a letter or digit.",
                hint="Use a study number, not a name.",
            )
        return text

    def choice(self, column: str, allowed: Sequence[str], default: str) -> str:
        """Return one of `allowed`, in any case."""
        if not self.has(column):
            return default
        text = self.text(column).lower().replace(" ", "_").replace("-", "_")
        if text in allowed:
            return text
        close = difflib.get_close_matches(text, allowed, n=1)
        self.problem(
            column,
            f"This value is not known. Found: {_word(self.text(column))}. Allowed: {', '.join(allowed)}.",
            hint=f"Did you mean '{close[0]}'?" if close else "",
        )
        return default

    def flag(self, column: str) -> bool:
        """Return yes or no; an empty cell is no."""
        text = self.text(column, "no").lower()
        if text not in _TRUE | _FALSE:
            self.problem(column, f"This is neither yes nor no. Found: {shape(text)}. Allowed: yes, no.")
        return text in _TRUE

    def number_or_none(
        self,
        column: str,
        *,
        above: float | None = None,
        least: float | None = None,
        most: float | None = None,
    ) -> float | None:
        """Return the cell as a finite number within limits."""
        cell = self.cells.get(column)
        if cell is None:
            return None
        value = self._as_number(cell)
        wanted = _wanted(above, least, most)
        if value is None:
            found = "a date" if isinstance(cell, date) else shape(str(cell))
            self.problem(
                column, f"This is not a number. Found: {found}. Allowed: {wanted}.", hint=_comma(cell)
            )
            return None
        fits = (
            (above is None or value > above)
            and (least is None or value >= least)
            and (most is None or value <= most)
        )
        if not fits:
            self.problem(column, f"This number is out of range. Found: {value:g}. Allowed: {wanted}.")
            return None
        return value

    def whole_or_none(self, column: str, *, least: int | None = None) -> int | None:
        """Return the cell as a whole number."""
        value = self.number_or_none(column, least=least)
        if value is None:
            return None
        if not value.is_integer():
            self.problem(column, f"This is not a whole number. Found: {value:g}.")
            return None
        return int(value)

    def day_or_none(self, column: str) -> int | None:
        """Return the cell as a whole number of days."""
        cell = self.cells.get(column)
        if cell is None:
            return None
        value = self._as_number(cell)
        if value is None or not value.is_integer() or abs(value) > _MOST_DAYS:
            found = "a date" if isinstance(cell, date) else shape(self.text(column))
            self.problem(
                column,
                f"This is not a number of days. Found: {found}. Allowed: a whole number, e.g. -7 or 30.",
                hint="A date belongs in the column for dates.",
            )
            return None
        return int(value)

    def date_or_none(self, column: str) -> date | None:
        """Return the cell as a date: ISO, dd.mm.yyyy, or a workbook's serial number.

        The date stays in memory; no message repeats it.
        """
        cell = self.cells.get(column)
        if cell is None or isinstance(cell, date):
            return cell
        number = self._as_number(cell)
        if number is not None:
            found = self._from_serial(number)
        else:
            found = _from_text(str(cell))
        if found is None:
            self.problem(
                column,
                f"This is not a date that can be read. Found: {shape(self.text(column))}. "
                "Allowed: yyyy-mm-dd, dd.mm.yyyy, or a date cell of a workbook.",
                hint=_ambiguous(str(cell)),
            )
        return found

    def _from_serial(self, number: float) -> date | None:
        days = math.floor(number)
        return self.sheet.epoch + timedelta(days=days) if days in _SERIAL_DATES else None

    def _as_number(self, cell: Cell) -> float | None:
        if isinstance(cell, date):
            return None
        if isinstance(cell, float):
            return cell if math.isfinite(cell) else None
        if _NUMBER.fullmatch(cell):
            value = float(cell)
            return value if math.isfinite(value) else None
        comma = _COMMA_NUMBER.fullmatch(cell)
        if comma is None or not self.sheet.decimal_comma:
            return None
        # 1,500 may be one and a half or fifteen hundred; 0,450 can only be the former.
        if len(comma[2]) == 3 and comma[1].lstrip("+-").lstrip("0"):
            return None
        return float(f"{comma[1]}.{comma[2]}")

    def _note(self, severity: Severity, column: str, message: str, code: str, hint: str) -> None:
        subject = f"{self.sheet.name} row {self.number}, column {column}"
        self.issues.append(Issue(code=code, severity=severity, subject=subject, message=message, hint=hint))


def shape(text: str) -> str:
    """Return what a text looks like without saying what it is: digits as 9, letters as a.

    Examples
    --------
    >>> shape("03/04/2024")
    '99/99/9999'
    """
    masked = "".join("9" if mark.isdigit() else "a" if mark.isalpha() else mark for mark in text)
    return masked if len(masked) <= 20 else f"{masked[:17]}..."


def _word(text: str) -> str:
    """Return a word of a vocabulary as written, and anything that may be a name or a date by its shape."""
    return text if re.fullmatch(r"[^\W\d]\w{0,29}", text) and not re.search(r"\d{4}", text) else shape(text)


def _wanted(above: float | None, least: float | None, most: float | None) -> str:
    limits = [
        f"above {above:g}" if above is not None else "",
        f"from {least:g}" if least is not None else "",
        f"up to {most:g}" if most is not None else "",
    ]
    return " ".join(["a number", *(limit for limit in limits if limit)])


def _comma(cell: Cell) -> str:
    if isinstance(cell, str) and _COMMA_NUMBER.fullmatch(cell):
        return "Write the number with a decimal point and no separator of thousands."
    return ""


def _ambiguous(text: str) -> str:
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{2,4}", text):
        return "With slashes, day and month cannot be told apart."
    return ""


def _from_text(text: str) -> date | None:
    iso = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\d{2}:\d{2}.*)?", text)
    dotted = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    if iso is not None:
        year, month, day = (int(part) for part in iso.groups()[:3])
    elif dotted is not None:
        day, month, year = (int(part) for part in dotted.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
