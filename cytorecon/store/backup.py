"""One file with all of a study, which any database can be made from again (docs/decisions/0039).

A ZIP file: ``tables/NAME.jsonl`` (one row a line), ``blobs/…`` (files that are kept), and ``backup.json``,
which says what all of it comes to. It holds what the study holds: pseudonyms, clock times, hashes of
passwords.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pydantic import Field, ValidationError
from sqlalchemy import Connection, select

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.audit import verify
from cytorecon.store.beside import FileNote, blobs_beside, copied, files_in
from cytorecon.store.blobs import Blobs
from cytorecon.store.chain import canonical
from cytorecon.store.content import TableNote, Tally, lines_of, schema_version_of, tables_of
from cytorecon.store.engine import reading
from cytorecon.store.files import new_file
from cytorecon.store.location import parse_location
from cytorecon.store.lost_files import LostFile, lost_files, n_named, no_place
from cytorecon.store.opening import open_database
from cytorecon.values import Frozen

NOTE: Final = "backup.json"
_FIRST_CHAINED_SCHEMA: Final = 4
# no clock in a backup: the same study gives the same bytes
_TIME: Final = (1980, 1, 1, 0, 0, 0)


class BackupNote(Frozen):
    """What a backup comes to.

    Parameters
    ----------
    format : str
        Of the file.
    schema_version, software_version, revision
        Of the study.
    head : str
        Hash of the last line of its history; empty for a schema without a chain.
    tables : tuple of TableNote
        Each after those it refers to.
    files : tuple of FileNote
        That are kept beside the database.
    jobs : tuple of str
        What was asked of jobs that had not ended (:class:`~cytorecon.jobs.model.Request` as JSON).
    lost : tuple of LostFile
        That rows name and that were not there.
    without_files : bool
        Whether files were left out on purpose.
    """

    format: Literal["cytorecon-backup-1"] = "cytorecon-backup-1"
    schema_version: int = Field(ge=1)
    software_version: str
    revision: int = Field(ge=0)
    head: str = Field(pattern=r"^([0-9a-f]{64})?$")
    tables: tuple[TableNote, ...]
    files: tuple[FileNote, ...]
    jobs: tuple[str, ...] = ()
    lost: tuple[LostFile, ...] = ()
    without_files: bool = False

    @property
    def text(self) -> str:
        """As it is written; what is empty stays out."""
        absent = {name for name in ("jobs", "lost", "without_files") if not getattr(self, name)}
        return canonical(self.model_dump(mode="json", exclude=absent))


def back_up(
    location: str | Path,
    out: Path,
    *,
    files: str | Path | None = None,
    jobs: Sequence[str] = (),
    without_files: bool = False,
) -> BackupNote:
    """Write all of a study to the new file `out`, as of one moment, while others may go on writing.

    Parameters
    ----------
    location : str or Path
        A folder, or ``postgresql+psycopg://user@host/database``.
    out : Path
        A new file; nothing is left of it when something fails.
    files : str or Path, optional
        Folder or URL of the files that are kept; ``blobs`` of a study folder by default.
    jobs : sequence of str
        See :class:`BackupNote`; read before this is called, so that each finds its file.
    without_files : bool
        Leave the files that are kept out.

    Returns
    -------
    BackupNote
        It names the files that were not there.

    Raises
    ------
    StoreError
        If the study cannot be read, its history does not fit, nobody said where its files are, a kept file
        was changed, or `out` cannot be written.
    """
    place = parse_location(location)
    engine = open_database(place)
    try:
        with (
            reading(engine, str(place)) as connection,
            new_file(out) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            head, version = _head(connection, str(place)), schema_version_of(connection)
            tables = tuple(_write_tables(connection, archive))
            # files are written before the rows that name them, so those of the rows just read are there
            beside = None if without_files else blobs_beside(place, files)
            if beside is None and not without_files and (named := n_named(connection)):
                raise no_place(str(place), named, "nothing was backed up")
            kept = tuple(_write_files(beside, archive, str(place)))
            row = connection.execute(select(schema.study.c.software_version, schema.study.c.revision)).one()
            note = BackupNote(
                schema_version=version, software_version=row.software_version, revision=row.revision,
                head=head, tables=tables, files=kept, jobs=tuple(jobs),
                lost=() if without_files else lost_files(connection, kept), without_files=without_files,
            )  # fmt: skip
            archive.writestr(_entry(NOTE), note.text)
    finally:
        engine.dispose()
    return note


def _head(connection: Connection, subject: str) -> str:
    if schema_version_of(connection) < _FIRST_CHAINED_SCHEMA:
        return ""
    return verify(connection, subject).head


def _write_tables(connection: Connection, archive: zipfile.ZipFile) -> Iterator[TableNote]:
    for table in tables_of(connection):
        tally = Tally(table.name)
        with archive.open(_entry(name_of(table.name)), "w", force_zip64=True) as entry:
            for line in tally.of(lines_of(connection, table)):
                entry.write(f"{line}\n".encode())
        yield tally.note


def _write_files(blobs: Blobs | None, archive: zipfile.ZipFile, subject: str) -> Iterator[FileNote]:
    for note in files_in(blobs):
        assert blobs is not None
        with (
            blobs.opened(note.name) as source,
            archive.open(_entry(f"blobs/{note.name}"), "w", force_zip64=True) as entry,
        ):
            copied(source, entry, note, subject)  # type: ignore[arg-type]  # typed as IO[bytes]
        yield note


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def name_of(table: str) -> str:
    """Return the name of a table within a backup."""
    return f"tables/{table}.jsonl"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is open, with its note.

    Parameters
    ----------
    subject : str
        Its file, for messages.
    note : BackupNote
        What it says of itself.
    archive : zipfile.ZipFile
        The file.
    """

    subject: str
    note: BackupNote
    archive: zipfile.ZipFile

    def lines_of(self, table: str) -> Generator[str]:
        """Yield the rows of a table."""
        with self.archive.open(name_of(table)) as entry:
            for line in entry:
                yield line.decode("utf-8").removesuffix("\n")

    @contextmanager
    def file(self, note: FileNote) -> Iterator[BinaryIO]:
        """Give the content of a kept file."""
        with self.archive.open(f"blobs/{note.name}") as entry:
            yield entry  # type: ignore[misc]  # typed as IO[bytes]


@contextmanager
def opened_backup(file: Path) -> Iterator[Backup]:
    """Open a backup and read its note; what is damaged inside raises StoreError in the block, too.

    Raises
    ------
    StoreError
        If it is none, is damaged, or is one of a study of a newer schema.
    """
    with _damage_said(file), ExitStack() as stack:
        try:
            content = stack.enter_context(file.open("rb"))
        except OSError as error:
            raise no_backup(file, error.strerror or str(error)) from None
        archive = stack.enter_context(closing(zipfile.ZipFile(content)))
        if NOTE not in archive.namelist():
            raise no_backup(file, f"no {NOTE} in it")
        try:
            note = BackupNote.model_validate_json(archive.read(NOTE))
        except ValidationError as error:
            raise no_backup(file, f"{NOTE}: {error.errors(include_url=False)[0]['msg']}") from None
        if note.schema_version > schema.SCHEMA_VERSION:
            raise _newer(file, note)
        missing = [name for name in _names(note) if name not in archive.namelist()]
        if missing:
            raise no_backup(file, f"no {missing[0]} in it")
        yield Backup(str(file), note, archive)


def _names(note: BackupNote) -> list[str]:
    return [name_of(table.name) for table in note.tables] + [f"blobs/{kept.name}" for kept in note.files]


@contextmanager
def _damage_said(file: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, NotImplementedError) as error:
        raise no_backup(file, str(error).rstrip(".") or type(error).__name__) from None


def no_backup(file: Path | str, found: str) -> StoreError:
    """Return the error for a file that is no backup, or a damaged one."""
    return StoreError(
        "The file is no backup of a study, or it is damaged; nothing was restored.",
        subject=str(file),
        found=found,
        allowed="a file written by: cytorecon db backup",
        hint="Take another backup.",
    )


def _newer(file: Path, note: BackupNote) -> StoreError:
    return StoreError(
        "The backup was written by a newer version of cytorecon; nothing was restored.",
        subject=str(file),
        found=f"schema {note.schema_version}, written by cytorecon {note.software_version}",
        allowed=f"schema {schema.SCHEMA_VERSION} or older",
        hint="Restore it with that version or a newer one.",
    )
