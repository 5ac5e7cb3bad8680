"""Files by content in an object store, and the choice between that and a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from cytorecon.errors import StoreError
from cytorecon.store.blobs import (
    BLOB_NAME,
    FOLDER,
    Blobs,
    FolderBlobs,
    Held,
    blob_name,
    changed,
    disk_error,
    not_kept,
)
from cytorecon.store.location import Folder, parse_location

#: An object of this age may be taken for one that was given up; it is put again then, s.
_FRESH: Final = 3600


class RemoteBlobs:
    """Files by content in what fsspec reaches: S3 and the like, where a put is whole or nothing.

    Parameters
    ----------
    system : fsspec.AbstractFileSystem
        The store.
    root : str
        Bucket and prefix in it.
    """

    def __init__(self, system: AbstractFileSystem, root: str) -> None:
        self._system = system
        self._root = root.rstrip("/")

    def put(self, source: Path, suffix: str = ".fcs") -> str:
        """Keep the content of `source` and return its SHA-256; see :class:`Blobs`."""
        with source.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        path = f"{self._root}/{blob_name(sha256, suffix)}"
        try:
            if self._system.exists(path):
                if self._system.size(path) != source.stat().st_size:
                    raise changed(self._root, sha256)
                if (self.age(blob_name(sha256, suffix)) or 0) < _FRESH:
                    return sha256
                # put again, so that nobody takes it for one that was given up
            self._system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            self._system.put_file(str(source), path)
        except OSError as error:
            raise disk_error(error, self._root) from None
        return sha256

    def fetch(self, sha256: str, target: Path, suffix: str = ".fcs") -> None:
        """Write a kept file to `target`, after checking that it is what was put in."""
        try:
            self._system.get_file(f"{self._root}/{blob_name(sha256, suffix)}", str(target))
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            raise not_kept(self._root, sha256) from None
        except OSError as error:
            raise disk_error(error, self._root) from None
        with target.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != sha256:
            target.unlink()
            raise changed(self._root, sha256)

    def mark(self) -> str:
        """Return nothing: the URL is the same place from everywhere."""
        return ""

    def has_mark(self, mark: str) -> bool:
        """Tell that it is."""
        return not mark

    def held(self) -> Iterator[Held]:
        """Yield the files that are there, in order of their names."""
        try:
            found = self._system.find(self._root, detail=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise disk_error(error, self._root) from None
        for path in sorted(found):
            name = path.removeprefix(self._root).lstrip("/")
            if BLOB_NAME.fullmatch(name):
                yield Held(name, int(found[path]["size"]))

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file of :meth:`held`; its content is not checked."""
        try:
            return cast("AbstractContextManager[BinaryIO]", self._system.open(f"{self._root}/{name}", "rb"))
        except OSError as error:
            raise disk_error(error, self._root) from None

    def age(self, name: str) -> float | None:
        """Return how long ago a file was put in, s; None where there is none, 0 where nobody knows."""
        path = f"{self._root}/{name}"
        try:
            return float((datetime.now(UTC) - self._system.modified(path)).total_seconds())
        except FileNotFoundError:
            return None
        except NotImplementedError:
            return 0.0
        except OSError as error:
            raise disk_error(error, self._root) from None

    def remove(self, name: str, *, unless_younger: float = 0) -> bool:
        """Remove a file that was put in no fewer seconds ago; tell whether it went.

        An object store has no locks: who puts the same content in within the milliseconds between the look
        and the removal loses it.
        """
        age = self.age(name)
        if age is None or age < unless_younger:
            return False
        try:
            self._system.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return False
        except OSError as error:
            raise disk_error(error, self._root) from None
        return True


def open_blobs(location: str | Path, place: str = "") -> Blobs:
    """Return the place for the files of a study.

    Parameters
    ----------
    location : str or Path
        The study.
    place : str
        A folder, or a URL that fsspec knows (``s3://bucket/prefix``). By default ``blobs`` in the
        folder of the study.

    Raises
    ------
    StoreError
        If a study in PostgreSQL is given no place, or what a URL needs is not installed.
    """
    study = parse_location(location)
    found = place or usual_place(location)
    if not found:
        raise StoreError(
            "The files of a study in PostgreSQL need a place of their own.",
            subject=str(study),
            allowed="a folder that all machines reach, or a URL such as s3://bucket/prefix",
            hint="Give it with --blobs.",
        )
    return blobs_at(found)


def usual_place(location: str | Path) -> str:
    """Return where a study keeps its files when nothing else is said; empty for one in PostgreSQL."""
    study = parse_location(location)
    return str(study.path / FOLDER) if isinstance(study, Folder) else ""


def blobs_at(place: str) -> Blobs:
    """Return the place that a folder or a URL names.

    Raises
    ------
    StoreError
        If what a URL needs is not installed.
    """
    return _remote(place) if "://" in place else FolderBlobs(Path(place))


def _remote(place: str) -> Blobs:
    kind = place.split("://", 1)[0]
    try:
        system, root = url_to_fs(place)
    except (ImportError, ValueError) as error:
        missing = isinstance(error, ImportError)
        raise StoreError(
            "Files cannot be kept in this kind of place.",
            subject=f"{kind}://…",
            found="a driver that is not installed" if missing else "no such kind",
            allowed="a folder, s3://bucket/prefix, or another URL that fsspec knows",
            hint="For S3: pip install 'cytorecon[s3]'." if missing else "",
        ) from None
    if kind in ("file", "local"):
        return FolderBlobs(Path(root))
    return RemoteBlobs(system, root)
