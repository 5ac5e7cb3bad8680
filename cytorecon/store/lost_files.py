"""Files that rows of a study name and that are not there: by one listing of their place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, func, inspect, select

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.beside import FileNote
from cytorecon.store.blobs import Blobs
from cytorecon.values import Frozen

_PIECE: Final = 1 << 20


class LostFile(Frozen):
    """A file that the study keeps by its rows, and that cannot be used.

    Parameters
    ----------
    sha256 : str
        Of what was kept.
    tubes : tuple of str
        That came from it.
    found : str
        What is there.
    """

    sha256: str
    tubes: tuple[str, ...]
    found: str

    def __str__(self) -> str:
        """Return it in words."""
        of = f" of {', '.join(self.tubes)}" if self.tubes else ""
        return f"file {self.sha256[:12]}{of}"


def n_named(connection: Connection) -> int:
    """Return how many files the rows of a study name."""
    table = schema.files
    if not inspect(connection).has_table(table.name):
        return 0
    return int(connection.execute(select(func.count(table.c.blob_sha256.distinct()))).scalar_one())


def lost_files(
    connection: Connection, there: Iterable[FileNote], contents: Blobs | None = None
) -> tuple[LostFile, ...]:
    """Return the files that rows name and that are not among those `there`, or are empty.

    Parameters
    ----------
    connection : Connection
        A transaction that reads.
    there : iterable of FileNote
        All files of the place.
    contents : Blobs, optional
        The place, to have every file read and its SHA-256 compared.
    """
    if not n_named(connection):
        return ()
    found = {note.sha256: note for note in there}
    lost = []
    for sha256, tubes in _named(connection).items():
        why = _fault_of(found.get(sha256), contents)
        if why:
            lost.append(LostFile(sha256=sha256, tubes=tubes, found=why))
    return tuple(lost)


def no_place(subject: str, files: int, done: str) -> StoreError:
    """Return the error for a study whose files have a place that nobody named."""
    return StoreError(
        f"The study keeps files, and their place was not named; {done}.",
        subject=subject,
        found=f"{files} files in its rows",
        allowed="the folder or URL where they are, or to leave them out",
        hint="Name it with --blobs PLACE, or say --without-files.",
    )


def _named(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """Return SHA-256 of what is kept -> tubes that came from it."""
    files, results = schema.files, schema.results
    rows = connection.execute(
        select(files.c.blob_sha256, results.c.tube)
        .join(results, results.c.file_sha256 == files.c.file_sha256, isouter=True)
        .distinct()
        .order_by(files.c.blob_sha256, results.c.tube)
    )
    named: dict[str, tuple[str, ...]] = {}
    for row in rows:
        named[row.blob_sha256] = (*named.get(row.blob_sha256, ()), *([row.tube] if row.tube else []))
    return named


def _fault_of(note: FileNote | None, contents: Blobs | None) -> str:
    if note is None:
        return "not there"
    if not note.size:
        return "empty"
    if contents is not None and _sha256_of(contents, note) != note.sha256:
        return "another content than was put in"
    return ""


def _sha256_of(blobs: Blobs, note: FileNote) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(blobs, note):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(blobs: Blobs, note: FileNote) -> Iterator[bytes]:
    with blobs.opened(note.name) as file:
        while piece := file.read(_PIECE):
            yield piece
