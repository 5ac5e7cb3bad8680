"""Cells of the CSV files we write, so that no spreadsheet takes a text for a formula.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is run as a formula by
spreadsheets (OWASP: CSV injection). Text that does gets an apostrophe in front; numbers, and text
that is a number such as the visit ``+30``, stay as they are. Every writer uses :func:`csv_line`,
and the reader of sheets takes the apostrophe off again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_STARTS_FORMULA: Final = tuple("=+-@\t\r")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_QUOTED: Final = re.compile(r'[",\r\n]')


def escaped(text: str) -> str:
    """Return a text that no spreadsheet runs.

    Examples
    --------
    >>> [escaped(text) for text in ("=1+1", "@SUM(A1)", "-14", "+30", "pre-transplant", "'=1")]
    ["'=1+1", "'@SUM(A1)", '-14', '+30', 'pre-transplant', "''=1"]
    """
    # An apostrophe before such a text is written twice, or reading would take it for ours.
    starts = text.lstrip("'").startswith(_STARTS_FORMULA)
    return f"'{text}" if starts and not _NUMBER.fullmatch(text) else text


def unescaped(text: str) -> str:
    """Return the text that :func:`escaped` was given.

    Examples
    --------
    >>> unescaped("'=1+1"), unescaped("'s-Hertogenbosch"), unescaped(escaped("'=1"))
    ('=1+1', "'s-Hertogenbosch", "'=1")
    """
    ours = text.startswith("'") and text.lstrip("'").startswith(_STARTS_FORMULA)
    return text[1:] if ours else text


def csv_line(cells: Iterable[str]) -> str:
    """Return one line of a CSV file, with the line feed at its end.

    Parameters
    ----------
    cells : iterable of str
        Numbers as their text; any other text is escaped and, where it must be, quoted.

    Examples
    --------
    >>> print(csv_line(["a", "-14", "=b", "x, y", ""]), end="")
    a,-14,'=b,"x, y",
    """
    return ",".join(_quoted(escaped(cell)) for cell in cells) + "\n"


def _quoted(text: str) -> str:
    # The csv module leaves a carriage return bare when lines end otherwise, and readers split there.
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
