"""Pseudonyms of patients: the same check for sheets and for the upload form."""

from __future__ import annotations

import re
from typing import Final

from cytorecon.study.found import is_date

_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: What a pseudonym may be, for people.
PSEUDONYM_RULE: Final = (
    "up to 64 letters (a-z), digits, '.', '_' and '-', beginning with a letter or digit; no date"
)


def is_pseudonym(text: str) -> bool:
    """Return whether a text can be a pseudonym.

    Examples
    --------
    >>> [is_pseudonym(text) for text in ("P01", "01-02-0003", "Anna Muster", "1984-03-01")]
    [True, True, False, False]
    """
    return _PSEUDONYM.fullmatch(text) is not None and not is_date(text)
