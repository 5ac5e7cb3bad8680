"""The day of a blood draw, from what the file says of it; dates stay in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Final

#: Days of a hundred years: more is a date or a number of something else.
MOST_DAYS: Final = 36_525

#: FCS 3.1 section 3.2.20: dd-mmm-yyyy; earlier standards dd-mmm-yy. Months in English, German, French.
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "JAN JANV", "FEB FÉV FEV", "MAR MÄR MRZ MARS", "APR AVR", "MAY MAI", "JUN JUIN",
            "JUL JUIL", "AUG AOÛ AOU", "SEP SEPT", "OCT OKT", "NOV", "DEC DEZ DÉC",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WORDED: Final = re.compile(r"(\d{1,2})[- .]([A-ZÀ-Ü]{3,4})\.?[- ](\d{4}|\d{2})")
_WORDED_YEAR_FIRST: Final = re.compile(r"(\d{4})[- ]([A-ZÀ-Ü]{3,4})\.?[- ](\d{1,2})")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.*)?")
_DIGITS: Final = re.compile(r"(\d{1,2}|\d{4})([-./ ])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_DAY: Final = re.compile(r"(?:D(?:AY)?|TAG)?[ +:]*([+-]?\d{1,5})[ ]*(?:D(?:AYS?)?|TAGE?)?\.?")

#: First year that two digits mean: flow cytometers write files since the 1970s (POSIX takes 69 likewise).
_PIVOT: Final = 69


class DateOrder(StrEnum):
    """Order of day, month and year in a date of digits only."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class DateProblem(StrEnum):
    """Why the day of a file's ``$DATE`` is not known; the value says it without the date."""

    NONE = "It has no $DATE, so its day is not known."
    UNREADABLE = "Its $DATE is none that can be read, so its day is not known."
    AMBIGUOUS = (
        "Day, month and year of its $DATE cannot be told apart, so its day is not known; "
        "say their order with --date-order."
    )


def acquisition_date(keywords: Mapping[str, str], *, order: DateOrder | None = None) -> date | DateProblem:
    """Return the day on which a file was measured, or why it is not known.

    Parameters
    ----------
    keywords : mapping of str to str
        Of the file.
    order : DateOrder, optional
        Of dates of digits only. Without it, those are taken that have one meaning: 25-06-2006, but
        neither 08-06-2006 nor 25-06-06.

    Examples
    --------
    >>> acquisition_date({"$DATE": "20-Aug-02"}), acquisition_date({"$DATE": "08-06-2006"}).name
    (datetime.date(2002, 8, 20), 'AMBIGUOUS')
    >>> acquisition_date({"$DATE": "08-06-2006"}, order=DateOrder.DMY)
    datetime.date(2006, 6, 8)
    """
    text = (keywords.get("$DATE") or keywords.get("$BEGINDATETIME") or "").strip(" \x00").upper()
    if not text:
        return DateProblem.NONE
    dates = set(_readings(text, order))
    if not dates:
        return DateProblem.UNREADABLE
    return dates.pop() if len(dates) == 1 else DateProblem.AMBIGUOUS


def _readings(text: str, order: DateOrder | None) -> Iterator[date]:
    """Yield every date that `text` can mean."""
    if found := _WORDED.fullmatch(text):
        yield from _date(_year(found[3]), _MONTHS.get(found[2], 0), int(found[1]))
    elif found := _WORDED_YEAR_FIRST.fullmatch(text):
        yield from _date(int(found[1]), _MONTHS.get(found[2], 0), int(found[3]))
    elif found := _ISO.fullmatch(text):
        yield from _date(int(found[1]), int(found[2]), int(found[3]))
    elif found := _DIGITS.fullmatch(text):
        parts = (found[1], found[3], found[4])
        for possible in DateOrder if order is None else (order,):
            year, month, day = (parts[possible.value.index(letter)] for letter in "ymd")
            if len(month) <= 2 and len(day) <= 2 and len(year) in (2, 4):
                yield from _date(_year(year), int(month), int(day))


def _date(year: int, month: int, day: int) -> Iterator[date]:
    with suppress(ValueError):
        yield date(year, month, day)


def stated_day(text: str) -> int | None:
    """Return a day as people write it into a keyword; None for anything else.

    Examples
    --------
    >>> [stated_day(text) for text in ("-6d", "d+30", "Day 100", "20-Aug-02", "")]
    [-6, 30, 100, None, None]
    """
    found = _DAY.fullmatch(text.strip(" \x00").upper())
    day = int(found[1]) if found else None
    return day if day is not None and abs(day) <= MOST_DAYS else None


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= _PIVOT else 2000)
