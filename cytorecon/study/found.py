"""Say what stands in a cell without repeating it.

A cell in the wrong column may hold a name, a date, or the number of a record, so messages say what
kind of thing was found. Only a number that can be none of these is quoted.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from cytorecon.study.numbers import is_number_like, quotable, read_number

_MONTHS: Final = (
    # English, German, French, Italian, Spanish
    "january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sept|sep|october|oct"
    "|november|nov|december|dec"
    "|januar|jänner|februar|märz|maerz|mär|mai|juni|juli|oktober|okt|dezember|dez"
    "|janvier|janv|février|fevrier|févr|mars|avril|avr|juin|juillet|juil|août|aout|septembre|octobre|novembre"
    "|décembre|decembre|déc"
    "|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|dicembre"
    "|enero|febrero|abril|mayo|junio|julio|septiembre|octubre|noviembre|diciembre"
)
#: 2024-03-31, 31.03.2024, 3/4/24, 31.3., 31 March, Mar 2024, 20240331, 03/2024.
_DATE: Final = re.compile(
    r"\d{4}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}"
    r"|\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{2,4}"
    r"|(?<![\d.])\d{1,2}\.\d{1,2}\.(?!\d)"
    rf"|\d[-./ ]*(?:{_MONTHS})\b"
    rf"|\b(?:{_MONTHS})[-./ ]*\d"
    r"|(?<!\d)(?:19|20)\d{6}(?!\d)"
    r"|(?<!\d)\d{1,2}[-/.](?:19|20)\d{2}(?!\d)"
    r"|(?<!\d)(?:19|20)\d{2}[-/.]\d{1,2}(?!\d)",
    re.IGNORECASE,
)
#: A pseudonym such as 01-02-0003 is no date; one that is nothing but a date is.
_WHOLE_DATE: Final = re.compile(
    r"(19|20)\d{2}([-._]?)(0[1-9]|1[0-2])\2\d{2}|\d{1,2}([-._])(0?[1-9]|1[0-2])\4(19|20)\d{2}"
)
_LONGEST_NUMBER: Final = 7


def holds_date(text: str) -> bool:
    """Return whether a text holds something like a date.

    Examples
    --------
    >>> [holds_date(text) for text in ("drawn 31.03.2024", "3 Mar 24", "03/2024", "day 30", "1.5 y")]
    [True, True, True, False, False]
    >>> [holds_date(text) for text in ("31 March", "Mars 2024", "marrow 2", "20240331", "set 2")]
    [True, True, False, True, False]
    """
    return _DATE.search(text) is not None


def is_date(text: str) -> bool:
    """Return whether a text is a date and nothing else.

    Examples
    --------
    >>> [is_date(text) for text in ("1984-03-01", "01.03.1984", "19840301", "01-02-0003", "P1984-03-01")]
    [True, True, True, False, False]
    """
    return _WHOLE_DATE.fullmatch(text) is not None


def kind_of(cell: str | float | bool | date) -> str:
    """Return what kind of thing stands in a cell.

    Examples
    --------
    >>> kind_of("Muster"), kind_of("Anna Muster"), kind_of("31.3.2024"), kind_of("1 500")
    ('a word of 6 letters', 'a text of 2 words', 'something like a date', '1 500')
    >>> kind_of("Muster-7"), kind_of("30.5"), kind_of("4711-0815"), kind_of(45382.0)
    ('a text of 8 characters', '30.5', 'a text of 9 characters', 'a number of 5 digits')
    """
    if isinstance(cell, bool):
        return "a TRUE/FALSE cell"
    if isinstance(cell, date):
        return "a date"
    if isinstance(cell, float):
        return quotable(cell)
    if holds_date(cell):
        return "something like a date"
    number = read_number(cell)
    if number.value is not None and number.thousands is None:
        return quotable(number.value)
    if is_number_like(cell):
        digits = sum(mark.isdigit() for mark in cell)
        return cell if digits <= _LONGEST_NUMBER else f"a number of {digits} digits"
    words = cell.split()
    if len(words) > 1:
        return f"a text of {len(words)} words"
    if cell.isalpha():
        return "a single letter" if len(cell) == 1 else f"a word of {len(cell)} letters"
    return f"a text of {len(cell)} characters"
