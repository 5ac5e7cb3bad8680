"""Pseudonyms of patients: the same check for sheets and for the upload form."""

from __future__ import annotations

import re
from typing import Final

from cytorecon.study.found import is_date

_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: Hanna.Mueller, Mueller-Hanna: two words of letters, each with a capital in front.
_TWO_WORDS: Final = re.compile(r"[A-Z][A-Za-z]+[._-][A-Z][a-z]+")
#: MUELLER-1964: a word and a year of birth.
_WORD_AND_YEAR: Final = re.compile(r"[A-Za-z]{4,}[._-]?(?:19|20)\d\d")

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


def may_be_name(pseudonym: str) -> bool:
    """Return whether a pseudonym looks like first and last name, or like a name and a year.

    Examples
    --------
    >>> [may_be_name(text) for text in ("Hanna.Mueller", "MUELLER-1964", "P01", "HSCT-012", "AML-1964")]
    [True, True, False, False, False]
    """
    return bool(_TWO_WORDS.fullmatch(pseudonym) or _WORD_AND_YEAR.fullmatch(pseudonym))
