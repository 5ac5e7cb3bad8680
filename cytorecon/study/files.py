"""Which bytes the tubes of a sheet are."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable
from pathlib import Path

from cytorecon.study.model import LeftOutRow, Tube


def file_digests(tubes: Iterable[Tube]) -> dict[str, str]:
    """Return tube -> SHA-256 of its file, without the tubes whose file cannot be read."""
    found = ((tube.tube, _digest(tube.path)) for tube in tubes)
    return {name: digest for name, digest in found if digest is not None}


def row_digests(rows: Iterable[LeftOutRow]) -> dict[int, str]:
    """Return row -> SHA-256 of its file, without the rows whose file cannot be read."""
    found = ((row.row, _digest(row.path)) for row in rows)
    return {number: digest for number, digest in found if digest is not None}


def _digest(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        # a pipe would be waited for
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        # Whoever analyses the tube says what is wrong with its file.
        return None
