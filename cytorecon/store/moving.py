"""Make a study from a backup or from another study, and prove that it is the same, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import Connection, Engine, select

from cytorecon.errors import StoreError
from cytorecon.gating.overrides import Override
from cytorecon.store import schema
from cytorecon.store.audit import verify
from cytorecon.store.backup import Backup, no_backup, opened_backup
from cytorecon.store.beside import FileNote, blobs_beside, files_in, put_beside
from cytorecon.store.blobs import Blobs, FolderBlobs
from cytorecon.store.content import (
    TableNote,
    Tally,
    fill,
    lines_of,
    make_tables,
    notes_of,
    schema_version_of,
    tables_of,
)
from cytorecon.store.decided import read_overrides
from cytorecon.store.engine import postgresql_engine, reading, sqlite_engine, writing
from cytorecon.store.folder import already_there, new_database
from cytorecon.store.jobs_database import without_jobs_left
from cytorecon.store.location import Folder, Server, parse_location
from cytorecon.store.lost_files import LostFile, lost_files, n_named, no_place
from cytorecon.store.opening import claim_empty, holds_study, open_database

_FIRST_CHAINED_SCHEMA: Final = 4


@dataclass(frozen=True, slots=True)
class Moved:
    """A study that was made, and verified against what it was made from.

    Parameters
    ----------
    tables : tuple of TableNote
        Rows and hash of each table, the same on both sides.
    head : str
        Hash of the last line of the history.
    files : int
        Files that are kept beside the database.
    jobs : tuple of str
        What was asked of jobs that had not ended; nobody does it unless ``before_seen`` asked for it.
    lost : tuple of LostFile
        That rows name and that were not there.
    left_out : int
        Files that rows name, and that were left out on purpose.
    """

    tables: tuple[TableNote, ...]
    head: str
    files: int
    jobs: tuple[str, ...] = ()
    lost: tuple[LostFile, ...] = ()
    left_out: int = 0

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Arriving:
    """A study that is complete at its new place, before anybody can see it there.

    Parameters
    ----------
    jobs : tuple of str
        What was asked of jobs that had not ended.
    settings : str
        Of the study.
    overrides : tuple of Override
        What people decided about gates.
    """

    jobs: tuple[str, ...]
    settings: str
    overrides: tuple[Override, ...]


#: What is done with it then: what fails here, or is killed here, leaves no study behind.
BeforeSeen = Callable[[Arriving], None]


def _nothing(_arriving: Arriving) -> None:
    pass


def restore_backup(
    file: Path,
    location: str | Path,
    *,
    files: str | Path | None = None,
    before_seen: BeforeSeen = _nothing,
) -> Moved:
    """Make a study from a backup at a new place: wholly or not at all.

    Parameters
    ----------
    file : Path
        Written by :func:`~cytorecon.store.backup.back_up`.
    location : str or Path
        A folder, or the URL of an empty PostgreSQL database.
    files : str or Path, optional
        Folder or URL for the files that are kept; ``blobs`` of a study folder by default.
    before_seen : callable
        Called when there are jobs that had not ended, before the study can be seen: whoever is killed
        after it appears has lost none of them.

    Raises
    ------
    StoreError
        If there is a study already, the backup is damaged, or the place cannot be written.
    """
    place = parse_location(location)
    _refuse_existing(place)
    with (
        opened_backup(file) as backup,
        _files_put(place, files, backup.note.files, backup.file),
        without_jobs_left(place),
        _new(place) as connection,
    ):
        _fill_from(backup, connection)
        note = backup.note
        head = _proven(connection, str(place), note.tables, note.schema_version)
        if head != note.head:
            raise no_backup(backup.subject, "another history than was written")
        lost, left_out = _missing(connection, note.files, without_files=note.without_files)
        _announce(connection, str(place), note.jobs, before_seen)
    return Moved(note.tables, head, len(note.files), note.jobs, lost, left_out)


def _missing(
    connection: Connection, kept: Sequence[FileNote], *, without_files: bool
) -> tuple[tuple[LostFile, ...], int]:
    """Return the files that were lost, and how many were left out on purpose."""
    return ((), n_named(connection)) if without_files else (lost_files(connection, kept), 0)


def _announce(connection: Connection, subject: str, jobs: tuple[str, ...], before_seen: BeforeSeen) -> None:
    if jobs:
        settings = str(connection.execute(select(schema.study.c.settings)).scalar_one())
        before_seen(Arriving(jobs, settings, read_overrides(connection, subject)))


def _fill_from(backup: Backup, connection: Connection) -> None:
    expected = {table.name: table for table in backup.note.tables}
    tables = make_tables(connection, backup.note.schema_version, expected)
    if {table.name for table in tables} != expected.keys():
        raise no_backup(backup.subject, f"tables {', '.join(sorted(expected))}")
    for table in tables:
        tally = Tally(table.name)
        with closing(backup.lines_of(table.name)) as lines:
            fill(connection, table, tally.of(lines))
        if tally.note != expected[table.name]:
            raise no_backup(backup.subject, f"table {table.name} with other rows than were written")


def copy_study(
    location: str | Path,
    to: str | Path,
    *,
    files: str | Path | None = None,
    to_files: str | Path | None = None,
    without_files: bool = False,
    jobs: tuple[str, ...] = (),
    before_seen: BeforeSeen = _nothing,
) -> Moved:
    """Copy a study to a new place, on either kind of database, as of one moment.

    Parameters
    ----------
    location, to : str or Path
        Folders, or URLs of PostgreSQL databases; the second holds no study yet.
    files, to_files : str or Path, optional
        Folders or URLs of the files that are kept; ``blobs`` of a study folder by default.
    without_files : bool
        Leave the files that are kept out.
    jobs : tuple of str
        What was asked of jobs that had not ended, read before this is called.
    before_seen : callable
        See :func:`restore_backup`.

    Raises
    ------
    StoreError
        If the study cannot be read, nobody said where its files are, there is one at `to` already, or the
        copy is not the same.
    """
    source, target = parse_location(location), parse_location(to)
    engine = open_database(source)
    try:
        _refuse_existing(target)
        with reading(engine, str(source)) as old:
            version, tables = schema_version_of(old), tables_of(old)
            beside = None if without_files else blobs_beside(source, files)
            if beside is None and not without_files and (named := n_named(old)):
                raise no_place(str(source), named, "nothing was copied")
            kept = tuple(files_in(beside))
            with (
                _files_put(target, to_files, kept, _from(beside)),
                without_jobs_left(target),
                _new(target) as new,
            ):
                notes = []
                for table in make_tables(new, version, [table.name for table in tables]):
                    tally = Tally(table.name)
                    with closing(lines_of(old, table)) as lines:
                        fill(new, table, tally.of(lines))
                    notes.append(tally.note)
                head = _proven(new, str(target), tuple(notes), version)
                _announce(new, str(target), jobs, before_seen)
            lost, left_out = _missing(old, kept, without_files=without_files)
    finally:
        engine.dispose()
    return Moved(tuple(notes), head, len(kept), jobs, lost, left_out)


def _refuse_existing(place: Folder | Server) -> None:
    if holds_study(place):
        raise already_there(str(place))


@contextmanager
def _new(place: Folder | Server) -> Iterator[Connection]:
    """Open a transaction in a new database; nothing of it is there unless the block ends well."""
    if isinstance(place, Folder):
        with new_database(place) as database, _written(sqlite_engine(database, create=True), place) as new:
            yield new
        return
    with _written(postgresql_engine(place.url), place) as new:
        claim_empty(new, str(place))
        yield new


@contextmanager
def _written(engine: Engine, place: Folder | Server) -> Iterator[Connection]:
    try:
        with writing(engine, str(place)) as connection:
            yield connection
    finally:
        engine.dispose()


def _proven(connection: Connection, subject: str, notes: tuple[TableNote, ...], version: int) -> str:
    """Read everything back; return the head of the history.

    Raises
    ------
    StoreError
        Naming the first table that is not the same.
    """
    found = {note.name: note for note in notes_of(connection)}
    for note in notes:
        if found.get(note.name) != note:
            raise StoreError(
                "What was written is not what was read; nothing was kept.",
                subject=subject,
                field=f"table {note.name}",
                found=f"{found[note.name].rows} rows" if note.name in found else "no such table",
                allowed=f"{note.rows} rows, the same",
                hint="Try again; if it happens again, report it.",
            )
    return verify(connection, subject).head if version >= _FIRST_CHAINED_SCHEMA else ""


Opened = Callable[[FileNote], AbstractContextManager[BinaryIO]]


def _from(blobs: Blobs | None) -> Opened:
    def opened(note: FileNote) -> AbstractContextManager[BinaryIO]:
        assert blobs is not None
        return blobs.opened(note.name)

    return opened


@contextmanager
def _files_put(
    place: Folder | Server, given: str | Path | None, notes: Sequence[FileNote], opened: Opened
) -> Iterator[None]:
    """Put the files where they belong before the database is; take them away when it does not come."""
    blobs = blobs_beside(place, given)
    if blobs is None and notes:
        raise StoreError(
            "The study keeps files, and a database has no place for them.",
            subject=str(place),
            found=f"{len(notes)} files",
            allowed="a folder for them",
            hint="Name it with --blobs (restore) or --to-blobs (copy).",
        )
    put: list[str] = []
    made = isinstance(place, Folder) and not place.path.exists()
    is_new = isinstance(blobs, FolderBlobs) and not blobs.exists()
    try:
        for note in notes:
            assert blobs is not None
            with opened(note) as source:
                if put_beside(blobs, note, source, str(given or place)):
                    put.append(note.name)
        yield
    except BaseException:
        for name in put:
            assert blobs is not None
            blobs.remove(name)
        if is_new and isinstance(blobs, FolderBlobs):
            blobs.remove_empty_folders()
        if made and isinstance(place, Folder):
            with suppress(OSError):  # somebody else has put something there
                place.path.rmdir()
        raise
