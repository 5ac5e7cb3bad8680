"""What a study keeps and does not need: rows of files, and the files themselves.

A file is put in its place before its row is written. So a file without a row is left alone until it is so
old that nobody can be about to write one; whoever puts the same content in again makes it young
(:meth:`~cytorecon.store.blobs.Blobs.remove`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, inspect, select

from cytorecon.store import schema
from cytorecon.store.engine import writing
from cytorecon.store.open_study import OpenStudy


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a kept file.

    Parameters
    ----------
    file_sha256, dataset : str, int
        Which file, -1 where the reader chose the data set.
    blob_sha256 : str
        Of what is kept of it.
    """

    file_sha256: str
    dataset: int
    blob_sha256: str


class StudyFiles(OpenStudy):
    """The rows of the files that a study keeps; see :class:`~cytorecon.store.open_study.OpenStudy`."""

    def rows(self) -> tuple[FileRow, ...]:
        """Return all rows."""
        with self._reading() as connection:
            return _rows(connection)

    def unneeded(self, in_use: Collection[str]) -> tuple[FileRow, ...]:
        """Return the rows of files that no result came from, that nobody signed, and that are not in use.

        Parameters
        ----------
        in_use : collection of str
            SHA-256 of files that jobs are about.
        """
        with self._reading() as connection:
            return _unneeded(connection, in_use)

    def forget(self, in_use: Collection[str], is_old: Callable[[FileRow], bool]) -> tuple[FileRow, ...]:
        """Take out the rows of :meth:`unneeded` that are old; return them.

        Parameters
        ----------
        in_use : collection of str
            SHA-256 of files that jobs are about.
        is_old : callable
            Tells whether nobody can be about to use a file. It is asked while no row can be written.
        """
        with writing(self._engine, self._subject) as connection:
            # locks the study's row, as a change would
            connection.execute(select(schema.study.c.revision).with_for_update())
            gone = tuple(row for row in _unneeded(connection, in_use) if is_old(row))
            table = schema.files
            for row in gone:
                this = (table.c.file_sha256 == row.file_sha256, table.c.dataset == row.dataset)
                connection.execute(delete(table).where(*this))
        return gone


def _rows(connection: Connection) -> tuple[FileRow, ...]:
    table = schema.files
    if not inspect(connection).has_table(table.name):
        return ()
    wanted = select(table.c.file_sha256, table.c.dataset, table.c.blob_sha256)
    found = connection.execute(wanted.order_by(table.c.file_sha256, table.c.dataset))
    return tuple(FileRow(row.file_sha256, row.dataset, row.blob_sha256) for row in found)


def _unneeded(connection: Connection, in_use: Collection[str]) -> tuple[FileRow, ...]:
    needed = set(connection.execute(select(schema.results.c.file_sha256)).scalars()) | _signed(connection)
    needed.update(in_use)
    return tuple(row for row in _rows(connection) if row.file_sha256 not in needed)


def _signed(connection: Connection) -> set[str]:
    """Return the files of documents that were signed."""
    documents = connection.execute(select(schema.approvals.c.document)).scalars()
    return {tube["file_sha256"] for document in documents for tube in json.loads(document)["tubes"]}
