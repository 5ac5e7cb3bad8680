"""Archives are refused: unpacking a stranger's archive is a way to fill a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cytorecon.errors import FcsError
from cytorecon.fcs.source import open_source

#: Place and first bytes (the formats' own documents; tar: POSIX 1003.1 ustar).
_SIGNATURES: Final = (
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a rar archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstandard archive"),
    (257, b"ustar", "a tar archive"),
)
#: Bytes from the beginning that tell an archive.
LOOKED_AT: Final = 512


def archive_kind(content: bytes) -> str:
    r"""Return what kind of archive begins with `content`; empty when it is none.

    Examples
    --------
    >>> archive_kind(b"PK\x03\x04..."), archive_kind(b"FCS3.1    ")
    ('a zip archive', '')
    """
    return next((name for place, mark, name in _SIGNATURES if content.startswith(mark, place)), "")


def check_no_archive(path: Path) -> None:
    """Refuse an archive.

    Raises
    ------
    FcsError
        If it is one, or the file cannot be opened.
    """
    with open_source(path) as source:
        kind = archive_kind(source.part(0, LOOKED_AT))
    if kind:
        raise FcsError(
            "This is an archive, not an FCS file.",
            subject=path.name,
            found=kind,
            hint="Unpack it, and give the FCS files in it.",
        )
