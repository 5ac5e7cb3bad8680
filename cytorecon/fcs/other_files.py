"""What a file is that is not FCS, and what to do about it: files are often sent under the wrong name."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Bytes from the beginning that tell what another file is.
LOOKED_AT: Final = 4096

#: What to do in most cases.
EXPORT: Final = "Export the sample as FCS from the cytometer's software."
_UNPACK = "Unpack it and name the FCS file in it."
_COPY = "Copy it again from the cytometer."
_RESULT = f"It holds results or pictures, not events. {EXPORT}"
_TABLE = f"Tables are not read: markers, gains and the spillover matrix are lost in them. {EXPORT}"
_WORKSPACE = "It holds gates and names files; name the FCS files themselves."


class OtherFile(NamedTuple):
    """What a file seems to be (an ending of "it looks like …"), and what to do."""

    name: str
    hint: str


#: Where the signature stands, the signature, what it is, what to do.
_SIGNATURES: Final[tuple[tuple[int, bytes, str, str], ...]] = (
    (0, b"\x1f\x8b", "a gzip archive", _UNPACK),
    (0, b"BZh", "a bzip2 archive", _UNPACK),
    (0, b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (0, b"]\x00\x00", "an lzma archive", _UNPACK),
    (0, b"LZIP", "an lzip archive", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (0, b"\x04\x22\x4d\x18", "an LZ4 archive", _UNPACK),
    (0, b"\x02\x21\x4c\x18", "an LZ4 archive", _UNPACK),
    (0, b"\xff\x06\x00\x00sNaPpY", "a Snappy archive", _UNPACK),
    (0, b"\x1f\x9d", "a compressed file (.Z)", _UNPACK),
    (0, b"\x1f\xa0", "a compressed file (.Z)", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (0, b"MSCF", "a cabinet archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"%PDF", "a PDF document", _RESULT),
    (0, b"{\\rtf", "a text document (RTF)", _RESULT),
    (0, b"\xd0\xcf\x11\xe0", "an old Excel or Word file", _TABLE),
    (0, b"\x89PNG", "a PNG picture", _RESULT),
    (0, b"\xff\xd8\xff", "a JPEG picture", _RESULT),
    (0, b"GIF8", "a GIF picture", _RESULT),
    (0, b"II*\x00", "a TIFF picture", _RESULT),
    (0, b"MM\x00*", "a TIFF picture", _RESULT),
    (0, b"\x89HDF", "an HDF5 file (an analysis or AnnData, perhaps)", EXPORT),
    (0, b"\x93NUMPY", "a NumPy array", EXPORT),
    (0, b"PAR1", "a Parquet table", _TABLE),
    (0, b"ARROW1", "a Feather table", _TABLE),
    (0, b"RDX", "R data", EXPORT),
    (0, b"MATLAB 5.0", "MATLAB data", EXPORT),
    (0, b"SQLite format 3", "a database", EXPORT),
    (0, b"\x7fELF", "a program", EXPORT),
    (0, b"MZ", "a program", EXPORT),
    (
        0,
        b"\x00\x05\x16\x07",
        "what macOS keeps beside a file (._name)",
        "Name the file without the ._ instead.",
    ),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut", "Name the file that it points to."),
    (0, b"version https://git-lfs", "a Git LFS pointer", "Fetch the file itself: git lfs pull."),
    (0, b"{", "a JSON text", EXPORT),
)

#: The first names in a ZIP archive tell what was packed.
_ZIPPED: Final = (
    (b"xl/", "an Excel file", _TABLE),
    (b"word/", "a Word file", _RESULT),
    (b"ppt/", "a PowerPoint file", _RESULT),
    (b"[Content_Types].xml", "an Excel or Word file", _TABLE),
    (b"opendocument.spreadsheet", "an OpenDocument table", _TABLE),
    (b".wsp", "a ZIP archive with a FlowJo workspace (ACS, perhaps)", _UNPACK),
)

_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_VERSION: Final = re.compile(rb"FCS[23]\.[0-3] {4}[ 0-9]{8}")


def other_file(start: bytes) -> OtherFile:
    """Return what a file that does not begin with HEADER seems to be.

    Parameters
    ----------
    start : bytes
        Its first :data:`LOOKED_AT` bytes.

    Examples
    --------
    >>> other_file(b"%PDF-1.7").name
    'a PDF document'
    """
    if not start.strip(b"\x00"):
        return OtherFile("nothing but zero bytes (a copy that was broken off, or a full disk)", _COPY)
    if start.startswith(b"PK"):
        found = next(((name, hint) for mark, name, hint in _ZIPPED if mark in start), None)
        return OtherFile(*found) if found else OtherFile("a ZIP archive", _UNPACK)
    for place, signature, name, hint in _SIGNATURES:
        if start.startswith(signature, place):
            return OtherFile(name, hint)
    return _shifted(start) or _text(start)


def _shifted(start: bytes) -> OtherFile | None:
    """FCS after all, but not from the first byte on: every place in the file is then wrong."""
    if start.startswith(_MARKS) and b"FCS" in start[:8].replace(b"\x00", b""):
        name = "an FCS file that was saved as text: a byte-order mark stands before its header"
        return OtherFile(name, f"Its numbers may be damaged as well. {_COPY}")
    if start.startswith((b"RkNTMi4", b"RkNTMy4")):
        return OtherFile("an FCS file in base64, as mail programs write it", "Decode it first.")
    if found := _VERSION.search(start):
        name = f"an FCS file with {found.start()} bytes of something else before its header"
        return OtherFile(name, f"{_COPY} Do not open it in a text editor.")
    return None


def _text(start: bytes) -> OtherFile:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start.decode("utf-16", errors="replace").encode("ascii", errors="replace")
    start = start.removeprefix(_MARKS[0]).lstrip()[:2000]
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in start)
    if b"\x00" in start or printable <= 0.9 * len(start):
        return OtherFile("nothing known", EXPORT)
    if start.startswith(b"<"):
        return _markup(start.lower())
    line = next(iter(start.splitlines()), b"")
    if any(line.count(mark) for mark in (b",", b";", b"\t")):
        return OtherFile("a text table (CSV)", _TABLE)
    return OtherFile("plain text", EXPORT)


def _markup(start: bytes) -> OtherFile:
    if b"<html" in start or b"<!doctype html" in start:
        return OtherFile(
            "a web page (of a login or an error, perhaps)", "Download the file itself, logged in if need be."
        )
    if b"<workspace" in start or b"flowjo" in start:
        return OtherFile("an XML text: a FlowJo workspace", _WORKSPACE)
    return OtherFile("an XML text (a workspace or gates, perhaps)", _WORKSPACE)
