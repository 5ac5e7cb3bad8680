"""Files that are kept, by their content: ``ab/abcdef….fcs`` is the file whose SHA-256 begins so.

The same content is one file, however often it comes. A file is there wholly or not at all, and its
content is checked whenever it is read: what changed on the disk is refused, never used.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from cytorecon.errors import StoreError

if sys.platform != "win32":
    import fcntl

#: Name of the folder beside ``study.sqlite``.
FOLDER: Final = "blobs"
#: Bytes that are copied at a time.
_PIECE: Final = 1 << 20
#: How files are called within a place.
BLOB_NAME: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}(\.[a-z0-9]{1,8})?")
#: A file in the folder that tells it from a folder of the same name on another machine.
_MARK: Final = ".place"
#: Begins the name of a file that is being written.
_UNFINISHED: Final = ".new-"
#: A file of this age that nobody holds was left behind; a younger one may not be locked yet, s.
_ORPHAN_AGE: Final = 60
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)


class BlobChangedError(StoreError):
    """A kept file is not what was put in."""


class Held(NamedTuple):
    """A file in a place: its name in it, which holds the SHA-256 of its content, and its bytes."""

    name: str
    size: int

    @property
    def sha256(self) -> str:
        """Of the content."""
        return self.name[3:67]


def blob_name(sha256: str, suffix: str) -> str:
    """Return the name of a file within its place.

    Examples
    --------
    >>> blob_name("ab" * 32, ".fcs")[:10]
    'ab/abababa'
    """
    return f"{sha256[:2]}/{sha256}{suffix}"


class Blobs(Protocol):
    """A place for files by content."""

    def put(self, source: Path, suffix: str = ".fcs") -> str:
        """Keep the content of `source` and return its SHA-256."""

    def fetch(self, sha256: str, target: Path, suffix: str = ".fcs") -> None:
        """Write a kept file to `target`, after checking that it is what was put in."""

    def held(self) -> Iterator[Held]:
        """Yield the files that are there wholly, in order of their names."""

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file of :meth:`held`; its content is not checked."""

    def age(self, name: str) -> float | None:
        """Return how long ago a file was put in, or put in again, s; None where there is none."""

    def remove(self, name: str, *, unless_younger: float = 0) -> bool:
        """Remove a file that was put in, or in again, no fewer seconds ago; tell whether it went."""

    def mark(self) -> str:
        """Return by what another machine tells that it sees this very place; empty where its name does."""

    def has_mark(self, mark: str) -> bool:
        """Tell whether this is the place that :meth:`mark` was asked of."""


class FolderBlobs:
    """Files by content in a folder of this computer, or of a share.

    Parameters
    ----------
    folder : Path
        Made with the first file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     source = Path(place) / "a.fcs"
    ...     _ = source.write_bytes(b"FCS3.1")
    ...     blobs = FolderBlobs(Path(place) / "blobs")
    ...     sha256 = blobs.put(source)
    ...     blobs.fetch(sha256, Path(place) / "b.fcs")
    ...     sha256[:8], (Path(place) / "b.fcs").read_bytes()
    ('bc926ccc', b'FCS3.1')
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Path, suffix: str = ".fcs") -> str:
        """Keep the content of `source` and return its SHA-256.

        When it returns, the file and its name are on the disk.

        Raises
        ------
        StoreError
            If the disk is full or cannot be written. Nothing is left behind then.
        BlobChangedError
            If the file is kept already and was changed on the disk.
        """
        with _said(self._folder), source.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            target = self._folder / blob_name(sha256, suffix)
            if self._is_there(sha256, target):
                return sha256
            content.seek(0)
            _make_folder(target.parent)
            with _unfinished(target.parent) as (path, file):
                if _copied(content, file) != sha256:
                    raise changed(source.name, sha256)
                file.flush()
                os.fsync(file.fileno())
                path.replace(target)
            _sync_folder(target.parent)
        return sha256

    def fetch(self, sha256: str, target: Path, suffix: str = ".fcs") -> None:
        """Write a kept file to `target`, after checking that it is what was put in.

        Raises
        ------
        BlobChangedError
            If it was changed on the disk; `target` is not there then.
        StoreError
            If it is not kept here, or cannot be read.
        """
        path = self._folder / blob_name(sha256, suffix)
        with _said(self._folder), _opened(path, sha256, str(self._folder)) as content:
            with target.open("wb") as file:
                found = _copied(content, file)
            if found != sha256:
                target.unlink()
                raise changed(str(self._folder), sha256)

    def mark(self) -> str:
        """Return by what another machine tells that it sees this folder: made once, and never changed.

        Raises
        ------
        StoreError
            If the folder cannot be written.
        """
        path = self._folder / _MARK
        with _said(self._folder):
            _make_folder(self._folder)
            with suppress(FileExistsError), path.open("x", encoding="ascii") as file:
                file.write(secrets.token_hex(16))
            return path.read_text(encoding="ascii")

    def has_mark(self, mark: str) -> bool:
        """Tell whether this is the folder that :meth:`mark` was asked of; nothing is made."""
        with suppress(OSError, UnicodeDecodeError):
            return (self._folder / _MARK).read_text(encoding="ascii") == mark
        return False

    def held(self) -> Iterator[Held]:
        """Yield the files that are there wholly, in order of their names."""
        for path in sorted(self._folder.glob("??/*")):
            name = f"{path.parent.name}/{path.name}"
            if BLOB_NAME.fullmatch(name) and path.is_file():
                with suppress(FileNotFoundError):  # removed since
                    yield Held(name, path.stat().st_size)

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file of :meth:`held`; its content is not checked."""
        return (self._folder / name).open("rb")

    def age(self, name: str) -> float | None:
        """Return how long ago a file was put in, or put in again, s; None where there is none."""
        try:
            return time.time() - (self._folder / name).stat().st_mtime
        except FileNotFoundError:
            return None
        except OSError as error:
            raise disk_error(error, str(self._folder)) from None

    def remove(self, name: str, *, unless_younger: float = 0) -> bool:
        """Remove a file that was put in, or in again, no fewer seconds ago; tell whether it went.

        Who puts the same content in at this moment finds it there and young, or not there, and writes it.
        """
        path = self._folder / name
        with suppress(FileNotFoundError), path.open("rb") as file:
            _lock(file, exclusive=True)
            if time.time() - os.fstat(file.fileno()).st_mtime < unless_younger:
                return False
            path.unlink()
            return True
        return False

    def exists(self) -> bool:
        """Tell whether there is a folder, with files or without."""
        return self._folder.exists()

    def remove_empty_folders(self) -> None:
        """Remove the folder, if nothing is in it but empty folders."""
        for folder in (*self._folder.glob("??"), self._folder):
            with suppress(OSError):
                folder.rmdir()

    def _is_there(self, sha256: str, path: Path) -> bool:
        """Tell whether the content is kept, and make it as young as if it had come now."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        with file:
            _lock(file, exclusive=False)
            if not path.exists():  # removed while it was waited for
                return False
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise changed(str(self._folder), sha256)
            with suppress(PermissionError):  # another user's
                os.utime(path)
            return True

    def sweep(self) -> int:
        """Remove what processes that were killed had begun to write; return how many files."""
        return sum(map(_remove_orphan, self._folder.glob(f"??/{_UNFINISHED}*")))


@contextmanager
def _unfinished(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Give a new file that is gone after the block, unless it was renamed in it.

    Its writer holds a lock on it, which the system takes back when the writer ends in whatever way;
    so what can be locked is nobody's any more.
    """
    path = folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
    with path.open("xb") as file:
        try:
            if sys.platform != "win32":
                with suppress(OSError):  # a share without locks: what is left there stays
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path, file
        finally:
            path.unlink(missing_ok=True)


def _lock(file: BinaryIO, *, exclusive: bool) -> None:
    """Wait until nobody removes the file, or uses it; a share without locks has none."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)


def _remove_orphan(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    with suppress(OSError), path.open("rb") as file:
        if time.time() - os.fstat(file.fileno()).st_mtime < _ORPHAN_AGE:
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False


@contextmanager
def _opened(path: Path, sha256: str, subject: str) -> Iterator[BinaryIO]:
    try:
        content = path.open("rb")
    except FileNotFoundError:
        raise not_kept(subject, sha256) from None
    with content:
        yield content


def _copied(content: BinaryIO, file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := content.read(_PIECE):
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest()


def _make_folder(folder: Path) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    """Turn what the disk complains about into words."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, str(folder)) from None


def disk_error(error: OSError, subject: str) -> StoreError:
    """Return the error for a place that cannot be read or written."""
    full = error.errno in _NO_SPACE
    return StoreError(
        "The disk is full; nothing was changed." if full else "The place for files cannot be used.",
        subject=subject,
        found=(error.strerror or type(error).__name__).lower(),
        allowed="free space on the disk for files" if full else "a place that this user may read and write",
        hint="Make room and try again." if full else "Check the place, its permissions and its disk.",
    )


def not_kept(subject: str, sha256: str) -> StoreError:
    """Return the error for a file that is not in this place."""
    return StoreError(
        "The file is not kept here.",
        subject=subject,
        field=f"file {sha256[:12]}",
        allowed="the place where the study's files are kept",
        hint="Give that place with --blobs, or restore it from a backup.",
    )


def changed(subject: str, sha256: str) -> BlobChangedError:
    """Return the error for a kept file that is not what was put in."""
    return BlobChangedError(
        "A kept file was changed on its disk; it is not used.",
        subject=subject,
        field=f"file {sha256[:12]}",
        found="another SHA-256",
        allowed="the content that was put in",
        hint="Restore it from a backup, and check the disk.",
    )
