"""The outside of an FCS file: is it one, and where are its segments.

HEADER is 58 bytes: version, then begin and end of TEXT, DATA and ANALYSIS, eight characters each
(FCS 3.1 section 3.1). Offsets of a data set count from its own first byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cytorecon.errors import FcsError, FcsTruncatedError
from cytorecon.fcs.numbers import quoted
from cytorecon.fcs.other_files import EXPORT, LOOKED_AT, other_file
from cytorecon.fcs.source import Source

HEADER_LENGTH = 58

VERSIONS = ("FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2")


@dataclass(frozen=True, slots=True)
class Span:
    """A segment: first and last byte within its data set; ``begin == end == 0`` when absent."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.begin + 1 if self.end >= self.begin and self.end > 0 else 0


@dataclass(frozen=True, slots=True)
class Header:
    """The 58 bytes at the start of a data set.

    Parameters
    ----------
    version : str
        ``"FCS3.1"`` …
    text, data, analysis : Span
        Where HEADER says the segments are.
    text_is_closed : bool
        True when the last byte of TEXT is its delimiter: DATA cannot begin there.
    """

    version: str
    text: Span
    data: Span
    analysis: Span = Span(0, 0)  # frozen
    text_is_closed: bool = False


def read_header(source: Source, offset: int) -> Header:
    """Return the HEADER of the data set that begins at byte `offset`.

    Raises
    ------
    FcsError
        If this is no FCS data set, or its TEXT segment does not lie in the file.
    """
    header = source.part(offset, offset + HEADER_LENGTH)
    version = _version(header, source, offset)
    fields = [_offset(header[start : start + 8], start, source.file) for start in range(10, 58, 8)]
    text = Span(fields[0], fields[1])
    if text.begin < HEADER_LENGTH or text.length < 2 or offset + text.begin + 2 > source.size:
        raise FcsError(
            "The header points to no TEXT segment.",
            subject=source.file,
            field="HEADER",
            found=f"TEXT from byte {text.begin} to {text.end} in a file of {source.size - offset} bytes",
            hint="The file is damaged: copy or export it again.",
        )
    if offset + text.end > source.size:  # an end that is one byte too far is common
        raise FcsTruncatedError(
            "The file ends inside its TEXT segment.",
            subject=source.file,
            field="HEADER",
            found=f"{source.size - offset} bytes",
            allowed=f"{text.end + 1} bytes, which the file itself announces",
            hint="Copy it again from the cytometer.",
        )
    return Header(version, text, Span(fields[2], fields[3]), Span(fields[4], fields[5]))


def _version(header: bytes, source: Source, offset: int) -> str:
    if not header.startswith(b"FCS"):
        other = other_file(source.part(0, LOOKED_AT))
        raise FcsError(
            "This is not an FCS file.",
            subject=source.file,
            found="no FCS version at the data set's start" if offset else f"it looks like {other.name}",
            allowed="a file that begins with FCS2.0, FCS3.0, FCS3.1 or FCS3.2",
            hint=EXPORT if offset else other.hint,
        )
    if len(header) < HEADER_LENGTH:
        raise FcsTruncatedError(
            "The file ends inside its header.",
            subject=source.file,
            found=f"{source.size - offset} bytes",
            allowed=f"at least {HEADER_LENGTH} bytes",
            hint="Copy it again from the cytometer.",
        )
    version = header[:6].decode("latin-1")
    if version not in VERSIONS:
        raise FcsError(
            "The FCS version is not known.",
            subject=source.file,
            field="HEADER",
            found=repr(version) if re.fullmatch(r"FCS[ -~]{3}", version) else "",
            allowed=", ".join(VERSIONS),
        )
    return version


def _offset(field: bytes, place: int, file: str) -> int:
    """Eight characters, right- or left-justified; blank or NUL means not used, and so does -1 as an end."""
    text = field.strip(b" \x00")
    if not text or (text == b"-1" and place in (34, 50)):  # "0,-1": what somebody takes for no bytes
        return 0
    if not text.isdigit():  # of bytes: ASCII digits only
        raise FcsError(
            "An offset in the header is not a number.",
            subject=file,
            field="HEADER",
            found=f"{quoted(text.decode('latin-1'))} in bytes {place} to {place + 7}",
            allowed="up to 8 digits",
            hint="The file is damaged: copy or export it again.",
        )
    return int(text)
