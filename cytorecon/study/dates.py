"""Dates as people write them. A date stays in memory and becomes a day; no message repeats it."""

from __future__ import annotations

import re
from datetime import date


def read_date(text: str) -> date | None:
    """Return a date written as yyyy-mm-dd (a time may follow) or dd.mm.yyyy; None for anything else.

    Examples
    --------
    >>> read_date("31.3.2024"), read_date("03/04/2024")
    (datetime.date(2024, 3, 31), None)
    """
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


def unclear_date_hint(text: str) -> str:
    """Return what makes a text unclear as a date; empty when nothing special does."""
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{2,4}", text):
        return "With slashes, day and month cannot be told apart."
    return ""
