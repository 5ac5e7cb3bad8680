"""Numbers as people type them into a form, read by the rules that cells of sheets are read by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import Severity
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.study.cells import Limits, RowReader
from cytorecon.study.rows import blood_count_limits, precision_limits
from cytorecon.study.sheet import Sheet

_FORM: Final = Sheet(name="form", header=(), rows=())
#: The one hint of a sheet that sends people to another column.
_OF_SHEETS: Final = "A date belongs in the column for dates."
_OF_FORM: Final = "Dates are not entered here; 0 is the day of the transplant."


@dataclass(frozen=True, slots=True)
class TypedNumbers:
    """What was typed, as numbers.

    Parameters
    ----------
    values : mapping of str to float or None
        By field; None where a field is empty or cannot be read.
    problems : tuple of (field, message)
        Fields that are no number or can be read in two ways. No message repeats a text.
    """

    values: Mapping[str, float | None]
    problems: tuple[tuple[str, str], ...] = ()


class _FormReader(RowReader):
    """Reads fields of a form as cells of a row; there is no row to leave out."""

    def problem(self, column: str, message: str, *, code: str = "study.bad_value", hint: str = "") -> None:
        """Note a problem; it stands at its field, so only what is wrong is said."""
        self._note(Severity.ERROR, column, message, code, hint.replace(_OF_SHEETS, _OF_FORM))


def read_typed(typed: Mapping[str, object]) -> TypedNumbers:
    """Return what was typed as numbers, and what is wrong with the others.

    Whether a number is possible is asked of the whole form, see
    :func:`dashboard.services.upload_checks.check_form`; only of a CV is it asked here too, as in a sheet.

    Parameters
    ----------
    typed : mapping of str to object
        What the browser sent, by field: text, a number, or None. ``day`` is a whole number of days.

    Examples
    --------
    >>> read_typed({"day": "-14", "beads_per_tube": ""}).values
    {'day': -14.0, 'beads_per_tube': None}
    >>> read_typed({"beads_per_tube": "48,600"}).problems
    (('beads_per_tube', 'This number can be read in two ways: 48.6 or 48600. Write 48.6 or 48600.'),)
    """
    texts = {field: "" if value is None else str(value).strip() for field, value in typed.items()}
    reader = _FormReader(_FORM, 0, {field: text for field, text in texts.items() if text})
    values = {field: _value(reader, field) for field in typed}
    problems = ((issue.subject.rpartition(" ")[2], issue) for issue in reader.issues)
    return TypedNumbers(
        values, tuple((field, f"{issue.message} {issue.hint}".strip()) for field, issue in problems)
    )


def _value(reader: RowReader, field: str) -> float | None:
    if field != "day":
        return reader.number_or_none(field, _limits(field))
    day = reader.day_or_none(field)
    return None if day is None else float(day)


def _limits(field: str) -> Limits:
    """Return what settles whether ``51.420`` has a separator of thousands; of a CV, what it can be."""
    rules = load_counting_rules()
    if field in ("beads_per_tube", "blood_volume_ul"):
        amount = rules.amounts.of(field)
        return Limits(usual=(amount.usual_low, amount.usual_high))
    if field.endswith("_cells_per_ul"):
        return blood_count_limits(rules.blood_counts.of(field))
    if field.endswith("_cv_percent"):
        return precision_limits(field, rules)
    return Limits()
