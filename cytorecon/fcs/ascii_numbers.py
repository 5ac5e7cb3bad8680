"""Events written as decimal digits (``$DATATYPE A``), which the first cytometers did.

FCS 3.1 section 3.3: ``$PnB`` characters for each number, or (``$PnB *``) numbers of any length
between spaces, tabs, commas, carriage returns and line feeds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from cytorecon.errors import FcsAmbiguousError, FcsError

Bytes = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float64]

_DELIMITERS = b" \t,\r\n"
_TO_SPACES = bytes.maketrans(_DELIMITERS, b" " * len(_DELIMITERS))
_HINT = "The file is damaged: copy or export it again."


def fixed_values(table: Bytes, widths: Sequence[int], file: str) -> Values:
    """Return numbers of a fixed length each, filled up with spaces or zeros on the left.

    Parameters
    ----------
    table : ndarray of uint8, shape (events, sum of widths)
        Characters.
    widths : sequence of int
        Characters of each column.
    file : str
        Name for messages.

    Raises
    ------
    FcsError
        If a number holds anything but digits behind spaces.
    """
    values = np.zeros((len(table), len(widths)))
    at = first = 0
    for width, group in groupby(widths):  # neighbours of one width at once
        columns = slice(first, first + len(list(group)))
        stop = at + (columns.stop - first) * width
        numbers = table[:, at:stop].reshape(len(table), -1, width)
        begun = np.zeros(numbers.shape[:2], bool)
        for characters in np.moveaxis(numbers, 2, 0):
            digits = characters.astype(np.int16) - ord("0")
            is_digit = (digits >= 0) & (digits <= 9)
            if not (is_digit | ((characters == ord(" ")) & ~begun)).all():
                raise _not_a_number(file)
            values[:, columns] = np.where(is_digit, values[:, columns] * 10 + digits, values[:, columns])
            begun |= is_digit
        if not begun.all():
            raise _not_a_number(file)
        at, first = stop, columns.stop
    return values


def delimited_values(content: bytes, shape: tuple[int, ...], file: str) -> Values:
    """Return the numbers of DATA that stand between delimiters; several delimiters count as one.

    Parameters
    ----------
    content : bytes
        DATA.
    shape : (int, int)
        Events and channels that there must be.
    file : str
        Name for messages.

    Raises
    ------
    FcsError
        If there is anything but digits and delimiters, or another number of numbers.
    """
    content = content.rstrip(b"\x00")
    if content.translate(None, b"0123456789" + _DELIMITERS):
        raise _not_a_number(file)
    digits = content.translate(_TO_SPACES).decode("ascii").strip()
    values = np.fromstring(digits, dtype=np.float64, sep=" ") if digits else np.empty(0)
    if values.size != shape[0] * shape[1]:
        raise FcsError(
            "The number of events and the numbers in DATA contradict each other.",
            subject=file,
            field="$TOT",
            found=f"{values.size} numbers",
            allowed=f"{shape[0]} events of {shape[1]} numbers",
            hint=_HINT,
        )
    return values.reshape(shape)


def check_last_number(content: bytes, behind: bytes, file: str) -> None:
    """Refuse DATA whose last digit would be the first of the checksum.

    Writers that give one byte past the last as the end make 3650800 of 365080 and a checksum of zeros.

    Parameters
    ----------
    content : bytes
        DATA.
    behind : bytes
        The next eight bytes of the file: a checksum, unless its first character was taken for DATA.
    file : str
        Name for messages.

    Raises
    ------
    FcsAmbiguousError
        If seven characters that may be a checksum's stand there, and nothing behind them.
    """
    if content[-1:].isdigit() and re.fullmatch(rb"[0-9A-Fa-f ]{7}[\x00\r\n]?", behind):
        raise FcsAmbiguousError(
            "DATA seems to end one byte too late: its last digit would be the first of the checksum.",
            subject=file,
            field="$ENDDATA",
            found="7 characters of a checksum behind DATA",
            allowed="8, or none",
            hint="Export the sample again; the last number would be ten times too large.",
        )


def _not_a_number(file: str) -> FcsError:
    return FcsError("DATA holds something that is not a decimal number.", subject=file, hint=_HINT)
