"""Take turns at writing a SQLite database.

SQLite itself asks every 100 ms, after a quarter of a second, whether the other writer is done. One that
writes again at once is hardly ever found between two transactions, so others wait for seconds, and give up
in the end. Here every waiting writer asks every few milliseconds, at random times: whoever waits soon finds
the gap (figures: docs/reliability.md).
"""

from __future__ import annotations

import random
import sqlite3
import time
from typing import Final

#: A writer gives up after so long; most transactions take milliseconds, an upgrade of a large study longer.
WAIT_SECONDS: Final = 60.0

#: Seconds between two tries: shorter than a transaction, long enough to leave the processor to others.
_PAUSE: Final = (0.0005, 0.004)


def begin_writing(connection: sqlite3.Connection, *, busy_timeout: float) -> None:
    """Begin a transaction that writes, as soon as no other one is under way.

    Parameters
    ----------
    connection : Connection
        Without a transaction.
    busy_timeout : float
        Seconds that all other statements of the connection wait for a lock.

    Raises
    ------
    sqlite3.OperationalError
        If others write for longer than :data:`WAIT_SECONDS`, or the database refuses.
    """
    end = time.monotonic() + WAIT_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _begun(connection, last=time.monotonic() >= end):
            # no secret: only so that two who wait do not ask in step
            time.sleep(random.uniform(*_PAUSE))  # noqa: S311
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(busy_timeout * 1000)}")


def _begun(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise
        return False
    return True
