"""Hints of the core are for people at a terminal; a reader of the dashboard has no options to give."""

from __future__ import annotations

import re
from typing import Final

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.pipeline.learn import reason_of

_SENTENCE_END: Final = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
#: What to do, with an option of the command line in it; what else could be done follows a comma.
_WITH_OPTION: Final = re.compile(
    r"(?:Use|Say|Give|Run|To)\b.*?(?P<option>--[a-z][a-z-]*(?: [^\s,]+?)?)(?P<instead>, or .+)?[.]"
)


def in_browser(text: str) -> str:
    """Return a message with every hint to give an option as a hint to ask for it.

    Parameters
    ----------
    text : str
        Message of an error, with its hint.

    Examples
    --------
    >>> in_browser("CD3: no channel carries this label. Say which channel it is with --map CD3=CHANNEL.")
    'CD3: no channel carries this label. Ask the person who runs the batch to give --map CD3=CHANNEL.'
    >>> in_browser("Give a matrix with --spillover FILE.csv, or export the file again.")
    'Ask the person who runs the batch to give --spillover FILE.csv, or export the file again.'
    """
    return " ".join(map(_asked, _SENTENCE_END.split(text)))


def error_in_browser(error: CytoreconError) -> str:
    """Return an error as a message without the place of the study, which is a path of the server.

    Examples
    --------
    >>> error_in_browser(StoreError("The disk is full.", subject="/home/lab/Mueller/study", found="no space"))
    'The disk is full. Found: no space.'
    """
    return in_browser(reason_of(error) if isinstance(error, StoreError) else str(error))


def _asked(sentence: str) -> str:
    found = _WITH_OPTION.fullmatch(sentence)
    if found is None:
        return sentence
    return f"Ask the person who runs the batch to give {found['option']}{found['instead'] or ''}."
