"""The history of a study: one line per change, only ever added to.

A line holds the wall-clock time of the change. Together with the day of a tube that is uploaded
while the patient is still in the ward, it bounds a calendar date: so the history stays in the
store and goes into no report, table or log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from cytorecon.store import schema

Clock = Callable[[], datetime]


class Change(StrEnum):
    """What can happen to a study."""

    CREATED = "created"
    SETTINGS_SET = "settings_set"
    PATIENT_SAVED = "patient_saved"
    TUBE_SAVED = "tube_saved"
    TUBE_REMOVED = "tube_removed"
    TUBE_RESTORED = "tube_restored"
    SHEET_REPLACED = "sheet_replaced"
    GATE_DECIDED = "gate_decided"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change.

    Parameters
    ----------
    revision : int
        1 for the creation of the study, then one more per change.
    at : str
        Time of the change, ISO 8601, UTC.
    what : Change
        What was done.
    tube : str
        The tube it was done to; empty when it was none.
    reason : str
        Why, in the user's words, or what else it was done to.
    """

    revision: int
    at: str
    what: Change
    tube: str = ""
    reason: str = ""


def system_clock() -> datetime:
    """Return the time of the computer, UTC."""
    return datetime.now(UTC)


def append(connection: Connection, at: datetime, what: Change, *, tube: str = "", reason: str = "") -> int:
    """Count one change and write its line; return the new revision.

    Call it first in a transaction: the row of the study is then locked against other writers.
    """
    counted = (
        update(schema.study).values(revision=schema.study.c.revision + 1).returning(schema.study.c.revision)
    )
    revision = connection.execute(counted).scalar_one()
    line = {
        "revision": revision,
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "what": what.value,
        "tube": tube,
        "reason": reason,
    }
    connection.execute(insert(schema.history), line)
    return int(revision)


def entries(connection: Connection) -> tuple[HistoryEntry, ...]:
    """Return all changes, oldest first."""
    table = schema.history
    rows = connection.execute(select(table).order_by(table.c.revision))
    return tuple(HistoryEntry(row.revision, row.at, Change(row.what), row.tube, row.reason) for row in rows)
