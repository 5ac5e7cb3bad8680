"""The outside of an FCS file: is it one, and where are its segments.

HEADER is 58 bytes: version, then begin and end of TEXT, DATA and ANALYSIS, eight characters each
(FCS 3.1 section 3.1). Offsets of a data set count from its own first byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cytorecon.errors import FcsError, FcsTruncatedError, Issue, Severity
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
    issues : tuple of Issue
        What in it could not be used.
    """

    version: str
    text: Span
    data: Span
    analysis: Span = Span(0, 0)  # frozen
    text_is_closed: bool = False
    issues: tuple[Issue, ...] = ()


def read_header(source: Source, offset: int) -> Header:
    """Return the HEADER of the data set that begins at byte `offset`.

    Raises
    ------
    FcsError
        If this is no FCS data set, or its TEXT segment does not lie in the file.
    """
    header = source.part(offset, offset + HEADER_LENGTH)
    version = _version(header, source, offset)
    fields = [_offset(header[start : start + 8], start) for start in range(10, 58, 8)]
    if None in fields[:2]:
        raise _no_number(header, fields.index(None), source.file)
    text = Span(fields[0] or 0, fields[1] or 0)
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
    data, analysis = (
        Span(0, 0) if begin is None or end is None else Span(begin, end)
        for begin, end in (fields[2:4], fields[4:6])
    )
    return Header(version, text, data, analysis, issues=_unusable() if None in fields else ())


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


def _offset(field: bytes, place: int) -> int | None:
    """Eight characters, right- or left-justified; blank or NUL means not used, and so does -1 as an end.

    None when it is no number: ``********`` is what some writers put for more than eight digits.
    """
    text = field.strip(b" \x00")
    if not text or (text == b"-1" and place in (34, 50)):  # "0,-1": what somebody takes for no bytes
        return 0
    return int(text) if text.isdigit() else None  # of bytes: ASCII digits only


def _no_number(header: bytes, which: int, file: str) -> FcsError:
    place = 10 + 8 * which
    text = header[place : place + 8].strip(b" \x00").decode("latin-1")
    return FcsError(
        "An offset in the header is not a number.",
        subject=file,
        field="HEADER",
        found=f"{quoted(text)} in bytes {place} to {place + 7}",
        allowed="up to 8 digits",
        hint="The file is damaged: copy or export it again.",
    )


def _unusable() -> tuple[Issue, ...]:
    message = "An offset of DATA or ANALYSIS in the header is not a number; those of TEXT were used."
    return (Issue("fcs.header_offset", Severity.WARNING, "HEADER", message),)
