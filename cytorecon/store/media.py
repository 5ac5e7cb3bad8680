"""Studies on media that cannot be written: how a database there can still be read.

To read a database in write-ahead mode SQLite makes two files beside it (wal.html, section 5). Where
it cannot, a database that was closed properly can be opened as one that never changes.
"""

from __future__ import annotations

import os
from pathlib import Path

from cytorecon.errors import StoreError


def may_write(folder: Path) -> bool:
    """Tell whether this user may make files in `folder`; a read-only disk says no."""
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def opening_mode(database: Path) -> str:
    """Return the query of the URI by which `database` is to be opened now.

    A study that others have open is read as they leave it, also by those who may not write it.

    Raises
    ------
    StoreError
        If its last changes still lie beside it, in a place where they cannot be taken in.
    """
    if may_write(database.parent) or _beside(database, "-shm").exists():
        return "mode=rw"
    if _is_empty(_beside(database, "-wal")):
        return "mode=ro&immutable=1"
    raise StoreError(
        "The study was not closed when it was put here, and it cannot be written here to make up for it.",
        subject=str(database.parent),
        found="study.sqlite-wal, which holds the last changes",
        allowed="a study that no program has open",
        hint="Copy the whole folder to a place that you can write, and use the copy.",
    )


def _beside(database: Path, ending: str) -> Path:
    return database.with_name(database.name + ending)


def _is_empty(file: Path) -> bool:
    return not file.exists() or file.stat().st_size == 0
