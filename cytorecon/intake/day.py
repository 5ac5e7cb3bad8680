"""The day of a blood draw, from what the file says of it; dates stay in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
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
_DAY: Final = re.compile(r"(?:D(?:AY)?|TAG)?[ +:]*([+-]?\d{1,5})[ ]*(?:D(?:AYS?)?|TAGE?)?\.?")

#: First year that two digits mean: flow cytometers write files since the 1970s (POSIX takes 69 likewise).
_PIVOT: Final = 69


def acquisition_date(keywords: Mapping[str, str]) -> date | None:
    """Return the day on which a file was measured; None when it does not say it clearly.

    A date of digits only is not taken unless the year comes first: day and month cannot be told apart.

    Examples
    --------
    >>> acquisition_date({"$DATE": "20-Aug-02"}), acquisition_date({"$DATE": "08-06-2006"})
    (datetime.date(2002, 8, 20), None)
    """
    text = (keywords.get("$DATE") or keywords.get("$BEGINDATETIME") or "").strip(" \x00").upper()
    if found := _WORDED.fullmatch(text):
        day, month, year = int(found[1]), _MONTHS.get(found[2]), _year(found[3])
    elif found := _WORDED_YEAR_FIRST.fullmatch(text):
        year, month, day = int(found[1]), _MONTHS.get(found[2]), int(found[3])
    elif found := _ISO.fullmatch(text):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    else:
        return None
    try:
        return date(year, month, day) if month else None
    except ValueError:
        return None


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
