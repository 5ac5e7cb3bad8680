"""Numbers as people write them: with a point or a comma, with or without separators of thousands.

``51.420`` is 51.42 in London and 51,420 in Hamburg. Where a text can be read both ways, both
readings are given and nobody guesses.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_COMMA: Final = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
#: One mark with three digits behind it, and before it a number that may be thousands (no leading 0).
_ONE_GROUP: Final = re.compile(r"([+-]?[1-9]\d{0,2})[.,](\d{3})", re.ASCII)
#: Only digits, marks and separators: something that was meant as a number.
_NUMBER_LIKE: Final = re.compile(r"[+-]?\d[\d.,'\u2019 \u00a0\u202f]*", re.ASCII)
#: A longer whole number may be a date (45382, 310324, 20240331), a record or a telephone number.
_LONGEST_QUOTED: Final = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says as a number.

    Parameters
    ----------
    value : float or None
        With the mark as a decimal mark; None when it cannot be one here.
    thousands : float or None
        With the mark as a separator of thousands; None when it cannot be one.
    by_comma : bool
        Whether the mark is a comma.
    """

    value: float | None
    thousands: float | None = None
    by_comma: bool = False


def read_number(text: str, *, decimal_comma: bool = False) -> Reading:
    """Return the readings of a text; both None when it is not a number.

    Parameters
    ----------
    text : str
        Without spaces around it.
    decimal_comma : bool
        Whether ``0,45`` is a number where the text stands.

    Examples
    --------
    >>> read_number("51.420")
    Reading(value=51.42, thousands=51420.0, by_comma=False)
    >>> read_number("0,450", decimal_comma=True).value
    0.45
    >>> read_number("twelve").value is None
    True
    """
    group = _ONE_GROUP.fullmatch(text)
    if group is not None:
        decimal, thousands = float(f"{group[1]}.{group[2]}"), float(group[1] + group[2])
        return Reading(decimal, thousands, by_comma="," in text)
    comma = _COMMA.fullmatch(text)
    if comma is not None:
        return Reading(float(f"{comma[1]}.{comma[2]}") if decimal_comma else None)
    if not _PLAIN.fullmatch(text):
        return Reading(None)
    value = float(text)
    return Reading(value if math.isfinite(value) else None)


def is_number_like(text: str) -> bool:
    """Return whether a text that is not a number was meant as one, e.g. ``1 500`` or ``1,50``.

    Examples
    --------
    >>> is_number_like("1'500"), is_number_like("31.3.2024"), is_number_like("1,5 mL")
    (True, True, False)
    """
    return _NUMBER_LIKE.fullmatch(text) is not None


def unmistakable(value: float) -> str:
    """Return a number so that no mark in it can be taken for a separator of thousands.

    Examples
    --------
    >>> unmistakable(51420.0), unmistakable(51.42), unmistakable(51.425)
    ('51420', '51.42', '51.4250')
    """
    if value.is_integer():
        return str(int(value))
    text = repr(value)
    return f"{text}0" if _ONE_GROUP.fullmatch(text) else text


def quotable(value: float) -> str:
    """Return a number for a message, or how long it is where it may be a date or a record.

    Examples
    --------
    >>> quotable(51.42), quotable(-14), quotable(45382), quotable(5e6)
    ('51.42', '-14', 'a number of 5 digits', 'a number of 7 digits')
    """
    if float(value).is_integer() and abs(value) >= 10**_LONGEST_QUOTED:
        return f"a number of {len(str(abs(int(value))))} digits"
    return f"{value:g}"
