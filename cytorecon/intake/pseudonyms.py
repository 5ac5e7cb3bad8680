"""Pseudonyms and days of files, from what their keywords say; the keywords' values stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cytorecon.fcs.numbers import PADDING
from cytorecon.intake.day import acquisition_date, stated_day


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
    """

    patient_from: str = ""
    day_from: str = ""
    anchor_date: date | None = None

    def patient(self, keywords: Mapping[str, str]) -> str:
        """Return what the file calls its patient; empty when it does not say it."""
        return keywords.get(_name(self.patient_from), "").strip(PADDING)

    def day(self, keywords: Mapping[str, str]) -> int | None:
        """Return the day of the file; None when it does not say it."""
        if self.day_from:
            return stated_day(keywords.get(_name(self.day_from), ""))
        measured = acquisition_date(keywords) if self.anchor_date else None
        return (measured - self.anchor_date).days if measured and self.anchor_date else None


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


def _name(keyword: str) -> str:
    return keyword.strip(PADDING).upper()
