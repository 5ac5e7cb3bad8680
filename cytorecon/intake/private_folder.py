"""Folders for what must not outlive its use, and the removal of those that a killed process left."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

#: By this and by their owner our folders are told from those of others.
PREFIX: Final = "cytorecon-private-"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that only this user may look into; it is gone afterwards, whatever happens.

    Its maker holds a lock on it, which the system takes back when the maker ends, in whatever way:
    a folder that can be locked is nobody's any more (:func:`sweep`). Windows has no such lock.
    """
    folder, lock = _locked_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def sweep() -> int:
    """Remove the private folders of processes of this user that were killed; return how many.

    Folders of running processes are locked, those of other users and links are not looked at.
    """
    if sys.platform == "win32":
        return 0
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(folder)
        if lock is not None:
            with suppress(OSError):  # what cannot be removed now is tried again at the next start
                shutil.rmtree(folder)
                removed += 1
            os.close(lock)
    return removed


def _locked_folder() -> tuple[Path, int | None]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # mode 0700
        if sys.platform == "win32":
            return folder, None
        lock = _lock(folder)
        if lock is not None and folder.exists():
            return folder, lock
        if lock is not None:
            os.close(lock)
        # else a sweep came between the two lines, and takes the empty folder away: another one is made


def _lock(folder: Path) -> int | None:
    """Lock a folder of this user; None where that is not possible, or somebody holds it."""
    if sys.platform == "win32":
        return None
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        facts = os.fstat(handle)
        if facts.st_uid == os.getuid() and stat.S_ISDIR(facts.st_mode):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
    except OSError:  # held by its maker
        pass
    os.close(handle)
    return None
