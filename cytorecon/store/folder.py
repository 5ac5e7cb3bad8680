"""Find the database of a study folder, and put a new one in its place.

A broken database is never replaced by an empty one, and a study that is being made is not
visible before it is complete.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cytorecon.errors import StoreError
from cytorecon.store.location import Folder, parse_location
from cytorecon.store.media import may_write
from cytorecon.store.mounts import network_filesystem_of

# https://www.sqlite.org/fileformat.html, section 1.3
_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_BYTES: Final = 100

#: Files beside a database are looked at so often, so many seconds apart.
_LOOKS: Final = 3
_BETWEEN_LOOKS: Final = 0.05
#: One entry for each descriptor of this process, on Linux and macOS.
_DESCRIPTORS: Final = Path("/dev/fd")

#: What to try when a database is damaged.
RESTORE: Final = (
    "Restore a backup into a new place with: cytorecon db restore BACKUP.zip --to PLACE. "
    "Without one, analyse the sample sheet again into a new folder."
)


def check_folder(folder: Folder) -> None:
    """Check that `folder` holds what looks like a whole SQLite database.

    Raises
    ------
    StoreError
        Saying what was found instead.
    """
    subject, allowed = str(folder), "a study folder made by cytorecon, which holds study.sqlite"
    path = folder.path
    if path.is_file():
        raise StoreError(
            "A study is a folder; this is a file.",
            subject=subject,
            allowed=allowed,
            hint="Give the folder that holds study.sqlite.",
        )
    if not path.is_dir():
        raise StoreError(
            "There is no such folder.", subject=subject, allowed=allowed, hint="Check the spelling."
        )
    if not folder.database.exists():
        raise StoreError(
            "The folder holds no study.",
            subject=subject,
            found="no study.sqlite in it",
            allowed=allowed,
            hint="Make a study with: cytorecon batch MANIFEST --out FOLDER.",
        )
    if may_write(path):  # nobody keeps a study on a share, so one that can only be read is a copy at rest
        refuse_network_share(folder)
    _check_file(folder)
    _check_log(folder)


def _check_file(folder: Folder) -> None:
    try:
        if _is_open_here(folder.database):
            return  # it was looked at when it was opened first
        size = folder.database.stat().st_size
        with folder.database.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise StoreError(
            "study.sqlite cannot be read.",
            subject=str(folder),
            found=error.strerror or "",
            allowed="a file that this user may read",
            hint="Check its permissions.",
        ) from None
    if size == 0:
        found = "an empty file"
    elif not header.startswith(_MAGIC):
        found = "a file of another kind"
    elif len(header) < _HEADER_BYTES or size % _page_size(header):
        found = f"{size} bytes, which is not a whole number of database pages"
    else:
        return
    raise StoreError(
        "study.sqlite is not a complete database; it was left as it is.",
        subject=str(folder),
        found=found,
        allowed="a database written by cytorecon",
        hint=RESTORE,
    )


def _check_log(folder: Folder) -> None:
    """Check that nobody took the write-ahead log away: what lies in it would be lost without a word.

    SQLite makes the log before its index (-shm), and removes it after that; so an index alone means that the
    log of a program that was killed is gone. Where both are gone, nobody can tell.
    """
    log, index = (folder.database.with_name(folder.database.name + ending) for ending in ("-wal", "-shm"))
    for _ in range(_LOOKS):
        if log.exists() or not index.exists():
            return
        time.sleep(_BETWEEN_LOOKS)  # another program may close or open the study at this moment
    raise StoreError(
        "The last changes of the study are missing: its write-ahead log was removed; it was left as it is.",
        subject=str(folder),
        found="study.sqlite-shm without study.sqlite-wal",
        allowed="both of them, or none",
        hint=f"Put study.sqlite-wal back where it was. {RESTORE}",
    )


def _is_open_here(database: Path) -> bool:
    """Tell whether this process has the file open.

    Reading it once more would do harm then: closing any descriptor of a file drops all locks that the process
    has on it (POSIX), also those of SQLite, and the next program to close the study would take its log away
    (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    if not _DESCRIPTORS.is_dir():
        return False
    wanted = database.stat()
    for entry in _DESCRIPTORS.iterdir():
        try:
            if os.path.samestat(os.fstat(int(entry.name)), wanted):
                return True
        except OSError:  # the one that the list was read by
            continue
    return False


def _page_size(header: bytes) -> int:
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size or 1


def share_under(location: str | Path) -> str | None:
    """Return the kind of network share a study folder lies on, empty for none; None for a PostgreSQL URL."""
    place = parse_location(location)
    return network_filesystem_of(place.path) if isinstance(place, Folder) else None


def refuse_network_share(folder: Folder) -> None:
    """Check that `folder` does not lie on a network share.

    Raises
    ------
    StoreError
        If it does.
    """
    kind = network_filesystem_of(folder.path)
    if kind:
        raise StoreError(
            "A study cannot be kept on a network share: its database could be damaged there.",
            subject=str(folder),
            found=f"file system {kind}",
            allowed="a local disk",
            hint="Use a folder on a local disk, or a PostgreSQL database that several machines can reach.",
        )


@contextmanager
def new_database(folder: Folder) -> Iterator[Path]:
    """Give the path of a new database; after the block it is ``study.sqlite`` of `folder`.

    When the block fails, nothing is left behind.

    Raises
    ------
    StoreError
        If the folder holds a study already, or cannot be written.
    """
    if folder.database.exists():
        raise already_there(str(folder))
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        refuse_network_share(folder)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.path) as workspace:
            database = Path(workspace) / "study.sqlite"
            yield database
            publish(database, folder.database)
    except FileExistsError:
        raise already_there(str(folder)) from None
    except OSError as error:
        raise StoreError(
            "The folder cannot be written.",
            subject=str(folder),
            found=error.strerror or str(error),
            allowed="a folder that this user may write",
            hint="Choose another folder, or ask for permission.",
        ) from None


def publish(database: Path, target: Path) -> None:
    """Give a finished file the name `target`, for good.

    Raises
    ------
    FileExistsError
        If there is a file of this name: it is never replaced.
    """
    try:
        os.link(database, target)  # unlike a rename, never overwrites
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as exFAT
        if target.exists():
            raise FileExistsError from None
        database.rename(target)
    if os.name == "posix":
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def already_there(subject: str) -> StoreError:
    """Return the error for a place that holds a study already."""
    return StoreError(
        "There is a study here already; it was left as it is.",
        subject=subject,
        allowed="a new place",
        hint="Open it, or choose another place.",
    )
