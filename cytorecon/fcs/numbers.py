"""Numbers in keywords, read strictly, and what of a value may be quoted in a message.

Python's own ``int`` and ``float`` take more than FCS knows: ``1_000``, digits of other scripts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from cytorecon.errors import FcsError

#: Around numbers writers put spaces, and NUL where they overwrite a longer value.
PADDING = " \x00"

#: Some writers fill offsets up with zeros to 20 digits.
_WHOLE = re.compile(r"0{0,40}[0-9]{1,18}")

#: Ends of segments, where -1 behind a begin of 0 is somebody's way to say that there is none.
_ENDS = frozenset({"$ENDDATA", "$ENDSTEXT", "$ENDANALYSIS"})

_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
_SHORT = r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,12})?(?:[eE][+-]?[0-9]{1,4})?"
#: Numbers, pairs of them, byte orders, and single letters such as a data type. Other lists may be dates.
_QUOTABLE = re.compile(rf"|[A-Za-z]|nan|-?inf|{_SHORT}(?:,{_SHORT})?|[0-9](?:,[0-9]){{2,8}}")


def decimal(text: str) -> float:
    """Return the number in `text`; NaN, which fails every comparison, when it is none.

    Examples
    --------
    >>> [decimal(text) for text in (" 0.01 ", "1e2", "1_000", "inf", "٦")]
    [0.01, 100.0, nan, nan, nan]
    """
    text = text.strip(PADDING)
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else math.nan


def number(keywords: Mapping[str, str], name: str, file: str) -> int | None:
    """Return keyword `name` as a whole number of at least 0; None when it is missing or blank.

    Raises
    ------
    FcsError
        If its value is not one. Only ASCII digits are numbers here.
    """
    value = keywords.get(name, "")
    bare = value.strip(PADDING)
    if not bare:
        return None
    if bare == "-1" and name in _ENDS:
        return 0
    short = len(bare) <= 18 and bare.isascii() and bare.isdigit()  # several times as quick as the pattern
    if not short and not _WHOLE.fullmatch(bare):
        raise FcsError(
            "The keyword is not a whole number.",
            subject=file,
            field=name,
            found=quoted(value),
            allowed="digits",
            hint="The file is damaged or was written by faulty software: export it again.",
        )
    return int(bare)


def quoted(value: str) -> str:
    """Return `value` for a message: numbers and single letters as they are, of a text only its length.

    Keywords hold names and dates of people; a message may end in a log or a report.

    Examples
    --------
    >>> quoted("4,1"), quoted("Jane Doe")
    ("'4,1'", 'unrecognised text of 8 characters')
    """
    bare = value.strip(PADDING)
    if _QUOTABLE.fullmatch(bare):
        return repr(bare)
    return unrecognised(len(bare))


def unrecognised(length: int) -> str:
    """Return words for a text that is not repeated."""
    return f"unrecognised text of {length} character{'' if length == 1 else 's'}"
