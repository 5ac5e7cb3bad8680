"""Say in plain words what a database complains about."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cytorecon.errors import StoreError


@dataclass(frozen=True, slots=True)
class _Fault:
    message: str
    allowed: str
    hint: str


_DAMAGED = _Fault(
    "The study database is damaged or cut off; nothing was changed.",
    "a complete database written by cytorecon",
    "Restore a backup into a new place with: cytorecon db restore BACKUP.zip --to PLACE. "
    "Without one, analyse the sample sheet again into a new folder.",
)
_READ_ONLY = _Fault(
    "The study cannot be written; nothing was changed.",
    "a folder and a database that this user may write",
    "Check the permissions, or copy the study to a folder of your own.",
)
_FULL = _Fault(
    "The disk is full; nothing was changed.",
    "free space on the disk of the study",
    "Make room and try again.",
)
_BUSY = _Fault(
    "Another program kept the study locked for too long; nothing was changed.",
    "one writer at a time, each for a moment",
    "Try again when the other program is done.",
)
_CANNOT_OPEN = _Fault(
    "The study database cannot be opened.",
    "an existing study in a folder that this user may write",
    "Check the location, and the permissions of the folder and of the files in it.",
)
_DEVICE = _Fault(
    "The disk of the study does not answer as it should; nothing was changed.",
    "a disk that reads and writes without errors",
    "Check the disk, then try again.",
)
_UNREACHABLE = _Fault(
    "The PostgreSQL server cannot be reached.",
    "a running server, an existing database and a user who may use it",
    "Check host, port, database name, user and password of the URL.",
)
_LOST = _Fault(
    "The connection to the PostgreSQL server was lost; the change that was being made may not be stored.",
    "a server that runs on",
    "Once it runs again, go on without starting anew: look whether the change is there, else make it again.",
)
_OTHER = _Fault(
    "The study database refuses; nothing was changed.",
    "a database made by cytorecon",
    "If it happens again, report the text above.",
)

# Primary result codes of SQLite (rescode.html); SQLITE_READONLY_DIRECTORY and the like share the
# first two words with their primary code.
_SQLITE: Final = {
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_FULL": _FULL,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_CANTOPEN": _CANNOT_OPEN,
    "SQLITE_IOERR": _DEVICE,
}
# PostgreSQL error codes, appendix A: the first two characters are the class.
_POSTGRESQL: Final = {
    "08": _UNREACHABLE,
    "28": _UNREACHABLE,
    "3D": _UNREACHABLE,
    "25": _READ_ONLY,
    "42501": _READ_ONLY,
    "53100": _FULL,
    "55P03": _BUSY,
    "57": _UNREACHABLE,
    "XX": _DAMAGED,
}


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Turn database errors inside the block into :class:`StoreError` about `subject`.

    Raises
    ------
    StoreError
        In place of any SQLAlchemy or sqlite3 error. SQL and its values are left out of the
        text, for they are patient data.
    """
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _as_error(_LOST, error.orig or error, subject) from None
        raise _store_error(error.orig or error, subject) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _store_error(error, subject) from None


def _store_error(error: BaseException, subject: str) -> StoreError:
    return _as_error(_fault(error), error, subject)


def _as_error(fault: _Fault, error: BaseException, subject: str) -> StoreError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return StoreError(
        fault.message, subject=subject, found=lines[0].rstrip("."), allowed=fault.allowed, hint=fault.hint
    )


def _fault(error: BaseException) -> _Fault:
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "")
        return _SQLITE.get("_".join(name.split("_")[:2]), _OTHER)
    state = getattr(error, "sqlstate", None)
    if state is None and type(error).__name__ == "OperationalError":
        return _UNREACHABLE  # psycopg: no connection, so the server never sent a code
    return _POSTGRESQL.get(state or "", _POSTGRESQL.get((state or "")[:2], _OTHER))
