"""Damage that offsets and sizes do not show: the checksum, and transfers that took a file for text.

FCS 3.1 section 3.6: behind the last segment stand eight ASCII characters with the CRC (CCITT, 16 bits)
of everything before them, or eight zeros when the writer computed none.
"""

from __future__ import annotations

import binascii
import re

import numpy as np
import numpy.typing as npt

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.container import Header
from cytorecon.fcs.source import Source

LENGTH = 8

_BLOCK = 1 << 20

#: The polynomial of this CRC divides x**32767 - 1: bytes this far apart count alike, so all of a file can be
#: laid over its last 32767 bytes before the sum is taken of them. It is the same sum, at the speed of memory.
_PERIOD = 32767

#: Values with which programmes begin the sum: the standard does not say it.
_STARTS = (0, 0xFFFF)

#: Fewer line ends than this could be there by chance.
_FEWEST_LINE_ENDS = 4


def check_checksum(source: Source, offset: int, ends: tuple[int, ...]) -> tuple[Issue, ...]:
    """Compare the checksum behind the data set at byte `offset`, if there is one.

    Parameters
    ----------
    source : Source
        The file.
    offset : int
        First byte of the data set.
    ends : tuple of int
        Where its last segment may end, from the start of the file; writers disagree by one.
    """
    found = {end: stated for end in ends if (stated := _stated(source.part(end, end + LENGTH)))}
    if not found or any(_sums(source, offset, end) & stated for end, stated in found.items()):
        return ()
    message = "The checksum of the file does not fit its bytes: something in it was changed or damaged."
    hint = "Copy it again from the cytometer; do not report numbers from this copy."
    return (Issue("fcs.checksum", Severity.ERROR, "CRC", message, hint),)


def checksum(content: bytes, before: int = 0) -> int:
    """Return the CRC of `content` that goes on from `before`.

    Examples
    --------
    >>> checksum(b"123456789")
    12739
    """
    return binascii.crc_hqx(content, before)


def _stated(field: bytes) -> frozenset[int] | None:
    """Read eight characters as decimal or hexadecimal; None when they are no checksum or say "none"."""
    text = field.strip(b" ").decode("latin-1")
    if len(field) < LENGTH or not re.fullmatch(r"[0-9A-Fa-f]{1,8}", text) or not text.strip("0"):
        return None
    values = {int(text, 16), int(text) if text.isdigit() else -1}
    return frozenset(values) if any(0 < value <= 0xFFFF for value in values) else None


def _sums(source: Source, begin: int, end: int) -> frozenset[int]:
    """Return the CRC of the bytes from `begin` to `end` for each value with which programmes begin it."""
    folded, length = _folded(source, begin, end), end - begin
    # The sum begins as if its start stood over the first two bytes.
    first_two = (np.arange(2) - length) % _PERIOD
    sums = set()
    for start in _STARTS:
        started = folded.copy()
        started[first_two] ^= np.frombuffer(start.to_bytes(2, "big"), np.uint8)
        sums.add(checksum(started.tobytes()))
    return frozenset(sums)


def _folded(source: Source, begin: int, end: int) -> npt.NDArray[np.uint8]:
    """Return all bytes laid over the last ``_PERIOD`` of them by exclusive or."""
    folded = np.zeros(_PERIOD, np.uint8)
    odd = (end - begin) % _PERIOD
    folded[_PERIOD - odd :] = np.frombuffer(source.part(begin, begin + odd), np.uint8)
    block = _BLOCK // _PERIOD * _PERIOD
    for place in range(begin + odd, end, block):
        rows = np.frombuffer(source.part(place, min(place + block, end)), np.uint8).reshape(-1, _PERIOD)
        folded ^= np.bitwise_xor.reduce(rows, axis=0)
    return folded


def check_surplus(source: Source, ends: tuple[int, ...]) -> tuple[Issue, ...]:
    """Return an issue when there is more behind the only data set than a checksum and filling bytes.

    Parameters
    ----------
    source : Source
        The file.
    ends : tuple of int
        Where its last segment may end.
    """
    if any(not _unexplained(source.part(end, end + _BLOCK)) for end in ends):
        return ()
    surplus = source.size - max(ends)
    message = f"The file is {surplus} bytes longer than it says; bytes put into the events look like this."
    hint = "Compare the events with those that the cytometer's software shows."
    return (Issue("fcs.surplus", Severity.WARNING, "file", message, hint),)


def _unexplained(rest: bytes) -> bytes:
    if re.fullmatch(rb"[0-9A-Fa-f \x00]{8}", rest[:LENGTH]):
        rest = rest[LENGTH:]
    return rest.strip(b" \x00\r\n0")


def check_transfer(source: Source, header: Header, data: tuple[int, int]) -> None:
    """Refuse a file in which a transfer in text mode turned every line feed into two characters.

    Such a file is longer than it says by exactly its number of line ends, and has no bare line feed,
    which chance puts into every few hundred bytes of measurements.

    Parameters
    ----------
    source : Source
        The file.
    header : Header
        Of its only data set.
    data : (int, int)
        First byte of DATA and the one behind its end.

    Raises
    ------
    FcsError
        If it is such a file.
    """
    end = max(data[1], header.text.end + 1, header.analysis.end + 1)
    surplus = {source.size - end, source.size - end - LENGTH}
    if max(surplus) < _FEWEST_LINE_ENDS:
        return
    before, inside = _line_ends(source, 0, data[0]), _line_ends(source, data[0], source.size)
    if before is None or not inside or before + inside not in surplus or before + inside < _FEWEST_LINE_ENDS:
        return
    pairs = f"{before + inside} pairs of carriage return and line feed"
    raise FcsError(
        "The file was damaged by a transfer in text mode: line feeds became two characters.",
        subject=source.file,
        found=f"{pairs}, none alone, and as many bytes too many",
        hint="Copy it again in binary mode.",
    )


def _line_ends(source: Source, begin: int, end: int) -> int | None:
    """Count pairs of carriage return and line feed; None when a line feed stands alone."""
    pairs = 0
    last = b""
    for place in range(begin, end, _BLOCK):
        block = last + source.part(place, min(place + _BLOCK, end))
        found = block.count(b"\r\n")
        if block.count(b"\n") != found:
            return None
        pairs += found
        last = block[-1:] if block.endswith(b"\r") else b""
    return pairs
