"""Readouts from outside of the cytometer: rows of the sheet ``readouts`` on the patients' clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from cytorecon.knowledge.readouts import ReadoutKind
from cytorecon.study.cells import Limits, RowReader
from cytorecon.study.found import kind_of
from cytorecon.study.model import Readout
from cytorecon.study.numbers import quotable, read_number
from cytorecon.study.people import Person, check_within
from cytorecon.study.rows import Vocabulary
from cytorecon.study.tubes import check_birth, day_on_clock, unknown_patient

#: Of a number of which only one end is known.
_SIGNS: Final = "<>"


@dataclass(frozen=True, slots=True)
class ReadoutRow:
    """One row of the readouts sheet; `value` is in the unit of the readout, `sign` ``<``, ``>`` or empty."""

    reader: RowReader
    patient: str
    readout: str
    lineage: str
    value: float | None
    sign: str
    unit: str
    day: int | None
    sample_date: date | None
    note: str


def readout_row(reader: RowReader, words: Vocabulary) -> ReadoutRow:
    """Interpret one row of the readouts sheet."""
    for column in ("readout", "value", "unit"):
        if not reader.has(column):
            reader.problem(column, "The cell is empty.", code="study.value_missing")
    name = reader.choice("readout", words.readouts.names, "")
    kind = words.readouts.find(name) if name else None
    sign, value = "", None
    lineage = reader.choice("lineage", words.readouts.lineages, "")
    if kind is not None:
        _check_lineage(reader, kind, lineage)
        unit = _unit(reader, kind, words)
        if unit:
            sign, value = _value(reader, kind, unit)
    return ReadoutRow(
        reader=reader,
        patient=reader.pseudonym("patient"),
        readout=name,
        lineage=lineage,
        value=value,
        sign=sign,
        unit="" if kind is None else kind.unit,
        day=reader.day_or_none("day"),
        sample_date=reader.date_or_none("sample_date"),
        note=reader.free_text("note"),
    )


def readouts_of(
    rows: Sequence[ReadoutRow], found: Mapping[str, Person], words: Vocabulary
) -> tuple[Readout, ...]:
    """Return the readouts of known patients with their days; problems are noted on the rows.

    Parameters
    ----------
    rows : sequence of ReadoutRow
        In the order of the sheet.
    found : mapping of str to Person
        Patients with their clocks.
    words : Vocabulary
        Between what days must lie.
    """
    seen: dict[tuple[str, int, str, str, str], int] = {}
    kept = []
    for row in rows:
        if row.reader.failed():
            continue
        person = found.get(row.patient)
        if person is None:
            unknown_patient(row.reader, row.patient, found)
            continue
        day = day_on_clock(row.reader, ("day", row.day), ("sample_date", person.day_of(row.sample_date)))
        if day is None:
            continue
        column = "sample_date" if row.day is None else "day"
        check_within(row.reader, column, day, words.days.event)
        check_birth(row.reader, column, "sample", person, day)
        _check_repeated(row, day, seen)
        if not row.reader.failed():
            kept.append(_readout(row, day))
    return tuple(kept)


def _readout(row: ReadoutRow, day: int) -> Readout:
    return Readout(
        patient=row.patient,
        day=day,
        readout=row.readout,
        lineage=row.lineage,
        value=None if row.sign else row.value,
        unit=row.unit,
        less_than=row.value if row.sign == "<" else None,
        more_than=row.value if row.sign == ">" else None,
        note=row.note,
    )


def _check_lineage(reader: RowReader, kind: ReadoutKind, lineage: str) -> None:
    if kind.lineages and not reader.has("lineage"):
        reader.problem(
            "lineage",
            f"{kind.name} needs the cells it was measured in. Allowed: {', '.join(kind.lineages)}.",
            code="study.value_missing",
        )
    elif lineage and lineage not in kind.lineages:
        reader.problem(
            "lineage",
            f"{kind.name} is not measured by lineage. Found: {lineage}. Allowed: an empty cell.",
        )


def _unit(reader: RowReader, kind: ReadoutKind, words: Vocabulary) -> str:
    """Return the unit of the row; one that is missing or another is a problem: nobody guesses it."""
    written = reader.text("unit")
    if not written:
        return ""
    unit = words.readouts.unit_called(written)
    if unit in kind.units:
        return unit
    reader.problem(
        "unit",
        f"{kind.name} is not given in this unit. Found: {unit or kind_of(written)}. "
        f"Allowed: {', '.join(kind.units)}.",
        code="study.unit_unknown",
        hint="G/L can be giga or gram per litre: write 10^9/L." if written == "G/L" else "",
    )
    return ""


def _value(reader: RowReader, kind: ReadoutKind, unit: str) -> tuple[str, float | None]:
    """Return the sign and the value in the unit of the readout."""
    cell = reader.cells.get("value")
    sign = cell[0] if isinstance(cell, str) and cell[:1] in tuple(_SIGNS) else ""
    factor = kind.also.get(unit, 1.0)
    limits = Limits(
        kind.least / factor,
        kind.most / factor,
        (kind.asks_below / factor, kind.asks_above / factor),
        unit,
        hint="Check the number and its unit.",
        asks=True,
    )
    written = (
        _behind_sign(reader, str(cell)[1:].strip(), limits)
        if sign
        else reader.number_or_none("value", limits)
    )
    if written is None:
        return sign, None
    # 0.0003 x 1000 is not 0.3, so 15 digits are kept, which is what was written
    value = float(f"{written * factor:.15g}")
    if kind.is_doubtful(value) and not reader.flag("checked"):
        _ask(reader, kind, unit, written)
    return sign, value


def _behind_sign(reader: RowReader, text: str, limits: Limits) -> float | None:
    number = read_number(text, decimal_comma=reader.sheet.decimal_comma)
    if number.value is None or number.thousands is not None:
        reader.problem(
            "value",
            f"Behind the sign stands no number that can be read in one way. Found: {kind_of(text)}. "
            f"Allowed: {limits}.",
            hint="Write it with a decimal point and no separator of thousands.",
        )
        return None
    if not limits.holds(number.value):
        reader.problem(
            "value",
            f"This number is out of range. Found: {quotable(number.value)}. Allowed: {limits}.",
            hint=limits.hint,
        )
        return None
    return number.value


def _ask(reader: RowReader, kind: ReadoutKind, unit: str, written: float) -> None:
    others = [other for other in kind.units if other != unit]
    meant = f" Is {' or '.join(others)} meant?" if others else ""
    reader.problem(
        "value",
        f"{kind.name} of {quotable(written)} {unit} would be very unusual.{meant}",
        code="study.unit_suspect",
        hint="Correct the unit, or write yes in the column checked when number and unit are right.",
    )


def _check_repeated(row: ReadoutRow, day: int, seen: dict[tuple[str, int, str, str, str], int]) -> None:
    """Note a value that stands in the sheet twice; two different ones of a day are both kept."""
    value = "" if row.value is None else f"{row.sign}{row.value:.15g}"
    key = (row.patient, day, row.readout, row.lineage, value)
    if key in seen:
        row.reader.problem(
            "value",
            f"Row {seen[key]} already gives this value of this patient and day.",
            code="study.readout_twice",
            hint="Remove one of the rows.",
        )
        return
    seen[key] = row.reader.number
