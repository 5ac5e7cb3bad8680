"""Connections and transactions.

SQLite: write-ahead log (readers never wait for a writer), ``synchronous=FULL`` (a commit survives
a power cut), ``BEGIN IMMEDIATE`` for writes (:mod:`cytorecon.store.turns`). Python's default, a deferred
BEGIN that turns into a write later, fails at once with "database is locked" when somebody else wrote in
between, whatever the timeout.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import URL, Connection, Engine, Executable, NullPool, QueuePool, Result, create_engine, event

from cytorecon.errors import Issue, Severity, StoreError
from cytorecon.store.faults import translated
from cytorecon.store.media import may_write, opening_mode
from cytorecon.store.turns import begin_writing

#: Of everything but the begin of a transaction that writes.
BUSY_TIMEOUT_SECONDS: Final = 10
_WRITES: Final = "cytorecon_writes"

# https://www.sqlite.org/wal.html#walresetbug: introduced in 3.7.0, fixed in 3.51.3 and in the
# back-ports 3.50.7 and 3.44.6.
_WAL_RESET_FIXED: Final = ((3, 44, 6), (3, 50, 7), (3, 51, 3))


def sqlite_engine(database: Path, *, create: bool = False) -> Engine:
    """Return an engine for the SQLite file `database`.

    Parameters
    ----------
    database : Path
        The file. Without `create` it must exist: it is never made in passing.
    create : bool
        Make the file when it does not exist.

    Notes
    -----
    A connection raises StoreError when the disk cannot keep a write-ahead log. In a folder that
    this user may not write it only reads (:mod:`cytorecon.store.media`).
    """

    def connect() -> sqlite3.Connection:
        mode = "mode=rwc" if create else opening_mode(database)
        connection = sqlite3.connect(
            f"{database.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        _prepare(connection, database, immutable="immutable" in mode)
        return connection

    # Who may not write must look anew each time whether somebody else has the study open.
    pool = QueuePool if create or may_write(database.parent) else NullPool
    engine = create_engine("sqlite://", creator=connect, poolclass=pool)
    event.listen(engine, "begin", _begin)
    return engine


def postgresql_engine(url: URL) -> Engine:
    """Return an engine for the PostgreSQL database at `url`.

    Raises
    ------
    StoreError
        If the driver is not installed.
    """
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs a driver that is not installed.",
            subject=url.render_as_string(hide_password=True),
            found="no module psycopg",
            allowed="psycopg 3.2 or newer",
            hint="Install it with: pip install 'cytorecon[postgres]'.",
        ) from error


@contextmanager
def reading(engine: Engine, subject: str) -> Iterator[Connection]:
    """Open one consistent view of the whole database; a writer may go on meanwhile.

    Raises
    ------
    StoreError
        If the database cannot be read; the text names `subject`.
    """
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with (
        translated(subject),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def writing(engine: Engine, subject: str) -> Iterator[Connection]:
    """Open a transaction that writes: all of the block happens, or nothing.

    Raises
    ------
    StoreError
        If the database cannot be written; the text names `subject`.
    """
    with (
        translated(subject),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def streamed(connection: Connection, statement: Executable, rows: int) -> Iterator[Result[tuple[Any, ...]]]:
    """Give the rows of a query, so many at a time, whatever the size of the table."""
    with connection.execute(statement, execution_options={"yield_per": rows}) as found:
        yield found


def sqlite_issues(version: tuple[int, int, int] = sqlite3.sqlite_version_info[:3]) -> tuple[Issue, ...]:
    """Return what is known to be wrong with SQLite `version` (default: the one in use).

    Examples
    --------
    >>> [issue.code for issue in sqlite_issues((3, 40, 1))]
    ['store.sqlite_wal_reset']
    >>> sqlite_issues((3, 51, 3))
    ()
    """
    # A back-port line counts as fixed only from its own fix upwards.
    if version >= _WAL_RESET_FIXED[-1] or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _WAL_RESET_FIXED
    ):
        return ()
    return (
        Issue(
            "store.sqlite_wal_reset",
            Severity.WARNING,
            f"SQLite {'.'.join(map(str, version))}",
            "This version can, very rarely, lose a change when two programs write a study at once.",
            "Use SQLite 3.51.3 or newer, or let one program at a time write the study.",
        ),
    )


def _prepare(connection: sqlite3.Connection, database: Path, *, immutable: bool = False) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    if immutable:
        return
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        connection.close()
        raise StoreError(
            "The disk of the study does not support SQLite's write-ahead log.",
            subject=str(database.parent),
            found=f"journal mode {mode}",
            allowed="a local disk",
            hint="Keep the study on a local disk, or in PostgreSQL.",
        )
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        begin_writing(raw, busy_timeout=BUSY_TIMEOUT_SECONDS)
    else:
        connection.exec_driver_sql("BEGIN DEFERRED")
