"""Read the cells of one row, collecting every problem instead of stopping at the first.

No message repeats what a cell holds, but for numbers that can be neither date nor record: see
:mod:`cytorecon.study.found`. It says what kind of thing was found, and the row and column.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.day_limits import DayLimits, load_day_limits
from cytorecon.knowledge.visit_labels import VisitLabels
from cytorecon.study.dates import read_date, unclear_date_hint
from cytorecon.study.found import holds_date, kind_of
from cytorecon.study.numbers import Reading, is_number_like, quotable, read_number, unmistakable
from cytorecon.study.pseudonyms import PSEUDONYM_RULE, is_pseudonym
from cytorecon.study.sheet import Cell, Sheet, Unusable
from cytorecon.study.visit import visit_problem, visit_rule

#: Serial dates run from 1905-10-01 (a smaller number is most likely a year) to 2099-12-31.
_SERIAL_DATES: Final = range(2_101, 73_051)

_TRUE: Final = frozenset({"yes", "true", "1", "x", "y"})
_FALSE: Final = frozenset({"no", "false", "0", "n"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a number in a column can be, and between what it usually lies.

    Parameters
    ----------
    least, most : float
        Both included.
    usual : tuple of float, optional
        The usual numbers: they settle whether ``51.420`` has a separator of thousands.
    unit : str
        For messages.
    hint : str
        What to say when the number is out of range.
    asks : bool
        Whether a separator of thousands is asked about wherever that reading is possible, however
        usual the other one.
    """

    least: float = -math.inf
    most: float = math.inf
    usual: tuple[float, float] | None = None
    unit: str = ""
    hint: str = ""
    asks: bool = False

    def holds(self, value: float) -> bool:
        """Return whether the number is possible."""
        return self.least <= value <= self.most

    def is_usual(self, value: float) -> bool:
        """Return whether the number raises no question."""
        low, high = self.usual or (self.least, self.most)
        return low <= value <= high

    def __str__(self) -> str:
        """Return the limits in words."""
        parts = ["a number"]
        if self.least > -math.inf:
            parts.append(f"from {self.least:.15g}")
        if self.most < math.inf:
            parts.append(f"up to {self.most:.15g}")
        return " ".join([*parts, *([self.unit] if self.unit else [])])


_ANY: Final = Limits()


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
    limits : DayLimits, optional
        Of days and dates; the packaged ones by default.
    """

    def __init__(
        self, sheet: Sheet, number: int, cells: Mapping[str, Cell], *, limits: DayLimits | None = None
    ) -> None:
        self.limits = limits or load_day_limits()
        self.sheet = sheet
        self.number = number
        self.cells = {name: cell for name, cell in cells.items() if not isinstance(cell, Unusable)}
        self._filled = frozenset(cells)
        self.issues: list[Issue] = []
        for column, cell in cells.items():
            if isinstance(cell, Unusable):
                self.problem(column, cell.message, code="study.unusable_cell", hint=cell.hint)

    def failed(self) -> bool:
        """Return whether the row must be left out."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)

    def has(self, column: str) -> bool:
        """Return whether the cell is filled, if only with something that cannot be read."""
        return column in self._filled

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
        if isinstance(cell, bool):
            self.problem(column, "This is a TRUE/FALSE cell. Allowed: text.")
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
        if not holds_date(text):
            return text
        self.warn(
            column,
            "The text holds a date and was left out.",
            code="study.date_in_text",
            hint="Write the day instead, e.g. +30.",
        )
        return ""

    def visit(self, column: str, labels: VisitLabels) -> str:
        """Return the name of a visit; what may be a date or a name is not kept."""
        text = self.text(column)
        problem = visit_problem(text, labels)
        if not problem:
            return text
        message = f"{problem} It was left out. Allowed: {visit_rule(labels)}."
        self.warn(column, message, code="study.visit_label")
        return ""

    def required_text(self, column: str) -> str:
        """Return the cell as text; an empty cell is a problem."""
        if not self.has(column):
            self.problem(column, "The cell is empty.", code="study.value_missing")
        return self.text(column)

    def pseudonym(self, column: str) -> str:
        """Return a pseudonym or the name of an anchor: letters, digits, dot, hyphen, underscore."""
        text = self.required_text(column)
        if text and not is_pseudonym(text):
            message = f"This cannot be a pseudonym. Allowed: {PSEUDONYM_RULE}."
            self.problem(column, message, hint="Use a study number, not a name.")
        return text

    def choice(self, column: str, allowed: Sequence[str], default: str, *, also: str = "") -> str:
        """Return one of `allowed`, in any case; `also` says what else the caller would have taken."""
        written = self.text(column)
        text = written.lower().replace(" ", "_").replace("-", "_")
        if not text or text in allowed:
            return text or default
        close = difflib.get_close_matches(text, allowed, n=1)
        self.problem(
            column,
            f"This value is not known. Found: {kind_of(written)}. Allowed: {', '.join(allowed)}{also}.",
            hint=f"Did you mean '{close[0]}'?" if close else "",
        )
        return default

    def flag(self, column: str) -> bool:
        """Return yes or no; an empty cell is no."""
        cell = self.cells.get(column)
        if isinstance(cell, bool):
            return cell
        text = self.text(column, "no").lower()
        if text not in _TRUE | _FALSE:
            self.problem(column, f"This is neither yes nor no. Found: {kind_of(text)}. Allowed: yes, no.")
        return text in _TRUE

    def number_or_none(self, column: str, allowed: Limits = _ANY, *, whole: bool = False) -> float | None:
        """Return the cell as a finite number within limits.

        A number that can be read in two ways is a problem: in a sheet with decimal commas; with a
        comma anywhere; in a column of whole numbers when both readings are whole; where only the
        reading with thousands would be usual; and where it is possible in a column that asks.
        """
        cell = self.cells.get(column)
        if cell is None:
            return None
        reading = self._reading(cell)
        if self._unclear(reading, allowed, whole=whole):
            self._two_ways(column, reading)
            return None
        value = reading.value
        if value is None:
            self.problem(
                column,
                f"This is not a number. Found: {kind_of(cell)}. Allowed: {allowed}.",
                hint=_not_a_number(cell),
            )
            return None
        if not allowed.holds(value):
            found = f"This number is out of range. Found: {quotable(value)}. Allowed: {allowed}."
            self.problem(column, found, hint=allowed.hint)
            return None
        return value

    def whole_or_none(self, column: str, allowed: Limits = _ANY) -> int | None:
        """Return the cell as a whole number."""
        value = self.number_or_none(column, allowed, whole=True)
        if value is None:
            return None
        if not value.is_integer():
            self.problem(column, f"This is not a whole number. Found: {quotable(value)}.")
            return None
        return int(value)

    def day_or_none(self, column: str) -> int | None:
        """Return the cell as a whole number of days."""
        cell = self.cells.get(column)
        if cell is None:
            return None
        reading = self._reading(cell)
        if self._unclear(reading, _ANY, whole=True):
            self._two_ways(column, reading)
            return None
        # nobody writes day 1000 as 1e3: it is a slip, or the number of something else
        exponent = reading.value is not None and isinstance(cell, str) and "e" in cell.lower()
        value = None if exponent else reading.value
        found = "a number with an exponent" if exponent else kind_of(cell)
        if value is None or not value.is_integer() or not self.limits.event.holds(int(value)):
            self.problem(
                column,
                f"This is not a number of days. Found: {found}. Allowed: a whole number, e.g. -7 or 30.",
                hint="A date belongs in the column for dates.",
            )
            return None
        return int(value)

    def date_or_none(self, column: str) -> date | None:
        """Return the cell as a date: ISO, dd.mm.yyyy, or a workbook's serial number.

        The date stays in memory; no message repeats it, nor a number in its place.
        """
        cell = self.cells.get(column)
        if cell is None:
            return None
        number = None if isinstance(cell, date) else self._reading(cell).value
        if isinstance(cell, date):
            found: date | None = cell
        elif number is not None:
            found = self._from_serial(number)
        else:
            found = read_date(str(cell))
        if found is not None and not self.limits.year.holds(found.year):
            self.problem(
                column,
                f"The year of this date cannot be right. Allowed: {self.limits.year}.",
                hint="Write the year with four digits.",
            )
            return None
        if found is None:
            kind = kind_of(cell) if number is None else "a number"
            self.problem(
                column,
                f"This is not a date that can be read. Found: {kind}. "
                "Allowed: yyyy-mm-dd, dd.mm.yyyy, or a date cell of a workbook.",
                hint=unclear_date_hint(str(cell)),
            )
        return found

    def _from_serial(self, number: float) -> date | None:
        days = math.floor(number)
        return self.sheet.epoch + timedelta(days=days) if days in _SERIAL_DATES else None

    def _reading(self, cell: Cell) -> Reading:
        if isinstance(cell, float):
            return Reading(cell if math.isfinite(cell) else None)
        if isinstance(cell, str):
            return read_number(cell, decimal_comma=self.sheet.decimal_comma)
        return Reading(None)

    def _unclear(self, reading: Reading, allowed: Limits, *, whole: bool) -> bool:
        value, thousands = reading.value, reading.thousands
        if value is None or thousands is None:
            return False
        if whole:
            return value.is_integer()
        if reading.by_comma or self.sheet.decimal_comma:
            return True
        if allowed.asks:
            return allowed.holds(thousands)
        return allowed.is_usual(thousands) and not allowed.is_usual(value)

    def _two_ways(self, column: str, reading: Reading) -> None:
        readings = " or ".join(
            unmistakable(value) for value in (reading.value, reading.thousands) if value is not None
        )
        self.problem(
            column,
            f"This number can be read in two ways: {readings}.",
            code="study.number_unclear",
            hint=f"Write {readings}.",
        )

    def _note(self, severity: Severity, column: str, message: str, code: str, hint: str) -> None:
        subject = f"{self.sheet.name} row {self.number}, column {column}"
        self.issues.append(Issue(code=code, severity=severity, subject=subject, message=message, hint=hint))


def _not_a_number(cell: Cell) -> str:
    if isinstance(cell, date):
        return "If it is a number that is shown as a date, format the cell as a number."
    if isinstance(cell, str) and is_number_like(cell) and not holds_date(cell):
        return "Write the number with a decimal point and no separator of thousands."
    return ""
