"""Where jobs wait, and the heartbeats of those who do them.

Beside ``study.sqlite`` lies ``jobs.sqlite``; a study in PostgreSQL has both in one database. The
engine of the jobs (docs/decisions/0044) has tables of its own there; ours is the one of workers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Integer,
    MetaData,
    QueuePool,
    String,
    Table,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    update,
)

from cytorecon.store.engine import postgresql_engine
from cytorecon.store.faults import translated
from cytorecon.store.location import Folder, Server, parse_location
from cytorecon.store.media import may_write

_FILE: Final = "jobs.sqlite"
_WAIT_SECONDS: Final = 30

# Any constant does; it keeps two programs from making the table of one PostgreSQL database at once.
_TABLE_LOCK: Final = 7_201_406

_metadata = MetaData()

_workers = Table(
    "cytorecon_workers",
    _metadata,
    Column("worker", String, primary_key=True),
    Column("beats", Integer, nullable=False),
    Column("has_left", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a worker last said of itself.

    Parameters
    ----------
    beats : int
        How often it said that it lives; whoever looks on tells by that whether it still does,
        without comparing clocks.
    has_left : bool
        Whether it said good-bye.
    """

    beats: int
    has_left: bool


def has_jobs(location: str | Path) -> bool:
    """Tell whether a study has jobs that this user may see to; in PostgreSQL it always may."""
    place = parse_location(location)
    return isinstance(place, Server) or ((place.path / _FILE).is_file() and may_write(place.path))


def may_have_jobs(location: str | Path) -> bool:
    """Tell whether this user may write the study, and so put jobs in."""
    place = parse_location(location)
    return isinstance(place, Server) or may_write(place.path)


@contextmanager
def without_jobs_left(place: Folder | Server) -> Iterator[None]:
    """Remove the database of jobs that a block made in a folder, when it fails and no study came of it.

    Jobs in a PostgreSQL database without a study stay: nobody does them, and the next try finds them there.
    """
    if isinstance(place, Server) or (place.path / _FILE).exists():
        yield
        return
    file = place.path / _FILE
    try:
        yield
    except BaseException:
        if not place.database.exists():  # that of somebody who was faster
            for ending in ("", "-wal", "-shm"):
                file.with_name(file.name + ending).unlink(missing_ok=True)
        raise


def jobs_url(location: str | Path) -> str:
    """Return the URL of the database of jobs."""
    place = parse_location(location)
    if isinstance(place, Folder):
        return f"sqlite:///{(place.path / 'jobs.sqlite').absolute()}"
    return place.url.render_as_string(hide_password=False)


def jobs_engine(location: str | Path) -> Engine:
    """Return an engine for the database of jobs, and make its table of workers.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    place = parse_location(location)
    if isinstance(place, Folder):
        engine, alone = _sqlite(place.path / _FILE), "BEGIN IMMEDIATE"
    else:
        engine, alone = postgresql_engine(place.url), f"SELECT pg_advisory_xact_lock({_TABLE_LOCK})"
    with translated(str(place)), engine.begin() as connection:
        if not inspect(connection).has_table(_workers.name):
            connection.exec_driver_sql(alone)
            _metadata.create_all(connection)
    return engine


def _sqlite(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        # What reads and then writes must have been a writer from the start: else it is refused at once.
        connection = sqlite3.connect(
            path, timeout=_WAIT_SECONDS, isolation_level="IMMEDIATE", check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a job that was acknowledged survives a power cut
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=10, max_overflow=20)


def beat(engine: Engine, worker: str, beats: int, *, has_left: bool = False) -> None:
    """Write that a worker lives, or that it goes.

    Raises
    ------
    StoreError
        If the database cannot be written.
    """
    values = {"beats": beats, "has_left": has_left}
    with translated("jobs"), engine.begin() as connection:
        changed = connection.execute(update(_workers).where(_workers.c.worker == worker).values(**values))
        if changed.rowcount == 0:
            connection.execute(insert(_workers), {"worker": worker, **values})


def heartbeats(engine: Engine) -> dict[str, Heartbeat]:
    """Return the workers that are known, by name.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    with translated("jobs"), engine.connect() as connection:
        return {
            row.worker: Heartbeat(row.beats, row.has_left) for row in connection.execute(select(_workers))
        }


def forget(engine: Engine, worker: str) -> None:
    """Take out a worker that is gone and left nothing undone."""
    with translated("jobs"), engine.begin() as connection:
        connection.execute(delete(_workers).where(_workers.c.worker == worker))
