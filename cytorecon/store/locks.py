"""Patients whose results are locked: nothing replaces them until somebody unlocks them.

A lock is a line of the history, and so is its end: nothing else is stored, so a lock cannot be changed
without a trace (docs/decisions/0052).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.history import Change

_CHANGES = (Change.LOCKED.value, Change.UNLOCKED.value)


@dataclass(frozen=True, slots=True)
class Lock:
    """Why the results of a patient stay as they are.

    Parameters
    ----------
    patient : str
        Pseudonym.
    by, why : str
        Who locked them, and the reason.
    at : str
        Time, ISO 8601, UTC. Like the history it goes into no report.
    """

    patient: str
    by: str
    why: str
    at: str

    @property
    def words(self) -> str:
        """By whom, since when and why."""
        return f"locked by {self.by} since {self.at}: {self.why}"


class LockedError(StoreError):
    """The results of a patient are locked.

    Parameters
    ----------
    lock : Lock
        By whom and why.
    subject : str
        The study.
    """

    def __init__(self, lock: Lock, subject: str) -> None:
        self.lock = lock
        super().__init__(
            "The results of this patient are locked; nothing was changed.",
            subject=subject,
            field=f"patient {lock.patient}",
            found=lock.words,
            allowed="a patient whose results are not locked",
            hint=f"To change them, first: cytorecon unlock STUDY {lock.patient} --by INITIALS --why TEXT.",
        )


def read_locks(connection: Connection) -> dict[str, Lock]:
    """Return the patients that are locked now; in a study of an older schema, none."""
    return {lock.patient: lock for lock in _last_lines(connection, None).values() if lock is not None}


def lock_of(connection: Connection, patient: str) -> Lock | None:
    """Return the lock of a patient; looks at the lines about that patient only."""
    return _last_lines(connection, patient).get(patient)


def check_unlocked(connection: Connection, patient: str, subject: str) -> None:
    """Check that the results of a patient may be changed.

    Raises
    ------
    LockedError
        If they are locked.
    """
    lock = lock_of(connection, patient)
    if lock is not None:
        raise LockedError(lock, subject)


def _last_lines(connection: Connection, patient: str | None) -> dict[str, Lock | None]:
    """Return patient -> lock, or None after it was taken off."""
    lines, details = schema.history, schema.history_details
    if not inspect(connection).has_table(details.name):
        return {}
    wanted = (
        select(lines.c.at, lines.c.what, lines.c.who, details.c.patient, details.c.reason)
        .join(details, details.c.revision == lines.c.revision)
        .where(lines.c.what.in_(_CHANGES))
        .order_by(lines.c.revision)
    )
    if patient is not None:
        wanted = wanted.where(details.c.patient == patient)
    found: dict[str, Lock | None] = {}
    for row in connection.execute(wanted):
        is_locked = row.what == Change.LOCKED.value
        found[row.patient] = Lock(row.patient, row.who, row.reason, row.at) if is_locked else None
    return found
