"""Which files a study keeps, and what a job has stored: rows that are written once.

The identity of a file is the SHA-256 of the bytes as they came; what is kept is the file without
names and dates that was made of them (docs/decisions/0043).
"""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, inspect, select

from cytorecon.errors import Issue, StoreError
from cytorecon.intake import Beside, Removed
from cytorecon.store import schema
from cytorecon.store.documents import from_text, to_text
from cytorecon.store.schema import files, work
from cytorecon.values import Frozen


class KeptFile(Frozen):
    """A file that the study keeps, and what is known of it beside its content.

    Parameters
    ----------
    file_sha256 : str
        Of the bytes as they came.
    dataset : int or None
        Which data set of them; None where the reader chose.
    blob_sha256 : str
        Of the bytes that are kept, by which they are found.
    issues : tuple of Issue
        What was noticed while reading the bytes as they came.
    removed : Removed
        What was left out, without values.
    written : tuple of (str, str)
        See :class:`~cytorecon.intake.clean.Cleaned`.
    beside : Beside or None
        Of a tube of a batch, which is kept as it was analysed.
    """

    file_sha256: str
    blob_sha256: str
    dataset: int | None = None
    issues: tuple[Issue, ...] = ()
    removed: Removed = Removed()
    written: tuple[tuple[str, str], ...] = ()
    beside: Beside | None = None


class Work(Frozen):
    """What a job is about to store.

    Parameters
    ----------
    key : str
        Of the job: what it is about, and what it was done with.
    decisions : int
        Number of decisions about gates that the result follows.
    """

    key: str
    decisions: int


class WorkStoredError(StoreError):
    """The result of this job is stored already."""


class WorkOutdatedError(StoreError):
    """Gates were decided about while the job was at work."""


_KEPT: Final = TypeAdapter(KeptFile)
#: Number of the data set where the reader chose it.
CHOSEN: Final = -1


def write_file(connection: Connection, kept: KeptFile) -> None:
    """Write the row of a file; one that is there stays."""
    if _document(connection, kept.file_sha256, kept.dataset) is None:
        row = {
            "file_sha256": kept.file_sha256,
            "dataset": _number(kept.dataset),
            "blob_sha256": kept.blob_sha256,
            "document": to_text(_KEPT, kept),
        }
        connection.execute(insert(files), row)


def read_file(connection: Connection, file_sha256: str, dataset: int | None, subject: str) -> KeptFile | None:
    """Return what is kept of a file, or None."""
    if not inspect(connection).has_table(files.name):
        return None
    document = _document(connection, file_sha256, dataset)
    if document is None:
        return None
    return from_text(_KEPT, document, subject=subject, field=f"file {file_sha256[:12]}")


def claim(connection: Connection, asked: Work, tube: str, subject: str) -> None:
    """Write that a job stores its result now, in the transaction that the caller opened.

    Raises
    ------
    WorkStoredError
        If it did before.
    WorkOutdatedError
        If gates were decided about since.
    """
    if stored_by(connection, asked.key):
        raise WorkStoredError(
            "The result of this job is stored already.", subject=subject, field=f"tube {tube}"
        )
    decided = select(func.count()).select_from(schema.overrides)
    known = connection.execute(decided).scalar_one() if _has_decisions(connection) else 0
    if known != asked.decisions:
        raise WorkOutdatedError(
            "Gates were decided about meanwhile; nothing was changed.",
            subject=subject,
            field=f"tube {tube}",
            found=f"decisions: {known}",
            allowed=f"{asked.decisions}, which the result follows",
            hint="Analyse the tube again.",
        )
    connection.execute(insert(work), {"key": asked.key, "tube": tube})


def stored_by(connection: Connection, key: str) -> str:
    """Return the tube whose result the job `key` has stored; empty when it has stored none."""
    if not inspect(connection).has_table(work.name):
        return ""
    return connection.execute(select(work.c.tube).where(work.c.key == key)).scalar() or ""


def _document(connection: Connection, file_sha256: str, dataset: int | None) -> str | None:
    where = (files.c.file_sha256 == file_sha256, files.c.dataset == _number(dataset))
    found = connection.execute(select(files.c.document).where(*where)).scalar()
    return None if found is None else str(found)


def _number(dataset: int | None) -> int:
    return CHOSEN if dataset is None else dataset


def _has_decisions(connection: Connection) -> bool:
    return inspect(connection).has_table(schema.overrides.name)
