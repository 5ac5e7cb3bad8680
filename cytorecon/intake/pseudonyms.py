"""Pseudonyms and days of files, from what their keywords say; the keywords' values stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from cytorecon.fcs.numbers import PADDING
from cytorecon.intake.day import DateOrder, DateProblem, acquisition_date, stated_day
from cytorecon.knowledge.day_limits import load_day_limits


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where patient and day stand.

    Parameters
    ----------
    patient_from : str
        Keyword whose value tells patients apart; empty when none does.
    day_from : str
        Keyword that holds the day.
    anchor_date : date or None
        Day 0, for files whose ``$DATE`` is to be counted from it.
    date_order : DateOrder or None
        Order of day, month and year in dates of digits only; None takes only those that have one meaning.
    """

    patient_from: str = ""
    day_from: str = ""
    anchor_date: date | None = None
    date_order: DateOrder | None = None

    def find(self, keywords: Mapping[str, str]) -> Told:
        """Return what the keywords of a file tell."""
        patient = keywords.get(keyword_name(self.patient_from), "").strip(PADDING)
        day, problem = self._day(keywords)
        missing = (
            _missing(self.patient_from, "patient", keywords) if self.patient_from and not patient else ""
        )
        return Told(patient, day, tuple(filter(None, (missing, problem))))

    def _day(self, keywords: Mapping[str, str]) -> tuple[int | None, str]:
        if self.day_from:
            text = keywords.get(keyword_name(self.day_from), "").strip(PADDING)
            day = stated_day(text)
            if not text:
                return None, _missing(self.day_from, "day", keywords)
            return (None, _NO_DAY.format(keyword_name(self.day_from))) if day is None else _within(day)
        if self.anchor_date is None:
            return None, ""
        measured = acquisition_date(keywords, order=self.date_order)
        if isinstance(measured, DateProblem):
            return None, measured.value
        return _within((measured - self.anchor_date).days)


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells of its patient and day.

    Parameters
    ----------
    patient : str
        As the file calls it; empty when it does not say it. It must not be kept.
    day : int or None
        None when the file does not say it.
    problems : tuple of str
        Why something that was asked for is not known, without values.
    """

    patient: str
    day: int | None
    problems: tuple[str, ...] = ()


_NO_DAY: Final = "Its {} holds no day such as -6d, d+30 or Day 100, so its day is not known."
_OUTSIDE: Final = (
    "This day of the patient cannot be right, so its day is not known. Found: {}. Allowed: {}. "
    "Check the day, or the date of the anchor."
)


def _within(day: int) -> tuple[int | None, str]:
    """Return a day that a sheet may give, or why there is none: a batch would leave the file out."""
    limits = load_day_limits().draw
    return (day, "") if limits.holds(day) else (None, _OUTSIDE.format(day, limits))


def _missing(keyword: str, what: str, keywords: Mapping[str, str]) -> str:
    name = keyword_name(keyword)
    state = f"Its {name} is empty" if name in keywords else f"It has no keyword {name}"
    return f"{state}, so its {what} is not known."


def pseudonyms(found: Sequence[tuple[str, int | None]]) -> dict[str, str]:
    """Return patient as the files call them -> P01, P02 …, in order of their first day, then of the files.

    Spellings that differ in capitals and spaces only are one patient.

    Parameters
    ----------
    found : sequence of (str, int or None)
        What each file calls its patient, and its day.

    Examples
    --------
    >>> pseudonyms([("Doe", 30), ("Roe", 14), ("DOE ", 7), ("", 1)])
    {'Doe': 'P01', 'Roe': 'P02', 'DOE ': 'P01'}
    """
    first: dict[str, tuple[bool, int, int]] = {}
    for place, (patient, day) in enumerate(found):
        if patient:
            here = (day is None, day or 0, place)
            person = _identity(patient)
            first[person] = min(first.get(person, here), here)
    ordered = sorted(first, key=first.__getitem__)
    width = max(2, len(str(len(ordered))))
    names = {person: f"P{number:0{width}d}" for number, person in enumerate(ordered, start=1)}
    return {patient: names[_identity(patient)] for patient, _ in found if patient}


def _identity(patient: str) -> str:
    return " ".join(patient.split()).casefold()


def keyword_name(typed: str) -> str:
    """Return the name of a keyword as the reader gives it.

    Examples
    --------
    >>> keyword_name(" &11Day")
    '&11DAY'
    """
    return typed.strip(PADDING).upper()
