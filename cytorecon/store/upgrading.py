"""Bring a study that an older version wrote up to date: wholly or not at all."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, text, update

from cytorecon.store import history, migrating, schema
from cytorecon.store.engine import writing
from cytorecon.store.faults import translated
from cytorecon.store.folder import publish
from cytorecon.store.history import UNKNOWN, Change, Clock, system_clock
from cytorecon.store.location import Folder, parse_location
from cytorecon.store.opening import lock_tables, open_database

_LOCK_TIMEOUT = "60s"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What became of a study.

    Parameters
    ----------
    before, after : int
        Schema version; the same when there was nothing to do.
    copy : Path or None
        The database as it was, beside the new one; None for PostgreSQL, and when there was nothing to do.
    """

    before: int
    after: int
    copy: Path | None = None


def upgrade_study(
    location: str | Path, *, software_version: str, who: str = UNKNOWN, clock: Clock = system_clock
) -> Upgraded:
    """Bring the tables of a study to the schema of this version, in one transaction.

    Of a study folder a copy of the database is made first, inside the same transaction, so that nobody can
    write between the copy and the change. A PostgreSQL database is its owner's to dump.

    Parameters
    ----------
    location : str or Path
        A folder, or ``postgresql+psycopg://user@host/database``.
    software_version : str
        Version of cytorecon.
    who : str
        For the history.
    clock : callable
        Gives the time.

    Raises
    ------
    StoreError
        If there is no study, a newer version wrote it, or it cannot be written.
    """
    place = parse_location(location)
    engine = open_database(place)
    try:
        with writing(engine, str(place)) as connection:
            before = _locked_version(connection)
            if before == schema.SCHEMA_VERSION:
                return Upgraded(before, before)
            copy = _copy_beside(place) if isinstance(place, Folder) else None
            migrating.migrate(connection)
            connection.execute(update(schema.study).values(software_version=software_version))
            history.append(
                connection, str(place), clock(), Change.UPGRADED,
                who=who, mark={"from_schema": before, "to_schema": schema.SCHEMA_VERSION},
            )  # fmt: skip
            return Upgraded(before, schema.SCHEMA_VERSION, copy)
    finally:
        engine.dispose()


def _locked_version(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        # a reader that never ends must not keep this waiting for ever
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
    lock_tables(connection)
    version = select(schema.study.c.schema_version).with_for_update()
    return int(connection.execute(version).scalar_one())


def _copy_beside(folder: Folder) -> Path:
    """Copy the database of `folder` to a new file there, and return its path."""
    with translated(str(folder)), tempfile.TemporaryDirectory(prefix=".copy-", dir=folder.path) as workspace:
        copy = Path(workspace) / "study.sqlite"
        with closing(sqlite3.connect(folder.database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        with copy.open("rb+") as file:  # Windows flushes only what is open for writing
            os.fsync(file.fileno())
        target_path = _free_name(folder)
        publish(copy, target_path)
    return target_path


def _free_name(folder: Folder) -> Path:
    stem = f"study-before-schema-{schema.SCHEMA_VERSION}"
    number, path = 1, folder.path / f"{stem}.sqlite"
    while path.exists():
        number += 1
        path = folder.path / f"{stem}-{number}.sqlite"
    return path
