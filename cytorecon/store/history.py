"""The history of a study: one line per change, only ever added to, and a chain of hashes.

A line holds the wall-clock time of the change. Together with the day of a tube that is uploaded
while the patient is still in the ward, it bounds a calendar date: so the history stays in the
store and goes into no report, table or log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, column, insert, inspect, select, table, update

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.chain import GENESIS, Details, Line, Mark, canonical

Clock = Callable[[], datetime]

#: Who made a change, when nobody said so.
UNKNOWN: Final = "unknown"
#: Of a line: by how many seconds its clock is behind the line before.
CLOCK_BACK: Final = "clock_back_seconds"
_FIRST_CHAINED_SCHEMA: Final = 4


class Change(StrEnum):
    """What can happen to a study."""

    CREATED = "created"
    SETTINGS_SET = "settings_set"
    PATIENT_SAVED = "patient_saved"
    TUBE_SAVED = "tube_saved"
    TUBE_REMOVED = "tube_removed"
    TUBE_RESTORED = "tube_restored"
    RESULT_DISCARDED = "result_discarded"
    SHEET_REPLACED = "sheet_replaced"
    GATE_DECIDED = "gate_decided"
    UPGRADED = "upgraded"
    USER_SAVED = "user_saved"
    RULE_SET = "rule_set"
    APPROVED = "approved"
    PATIENT_ERASED = "patient_erased"
    LOCKED = "locked"
    UNLOCKED = "unlocked"


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
    who : str
        Who did it.
    erased : bool
        Whether tube and reason were erased with a patient.
    """

    revision: int
    at: str
    what: Change
    tube: str = ""
    reason: str = ""
    who: str = UNKNOWN
    erased: bool = False


def system_clock() -> datetime:
    """Return the time of the computer, UTC."""
    return datetime.now(UTC)


def patient_of(tube: str) -> str:
    """Return the patient of a tube's name.

    Examples
    --------
    >>> patient_of("P01/d30/1")
    'P01'
    """
    return tube.rsplit("/", 2)[0]


def append(
    connection: Connection,
    subject: str,
    at: datetime,
    what: Change,
    *,
    who: str = UNKNOWN,
    patient: str = "",
    tube: str = "",
    reason: str = "",
    after_sha256: str = "",
    mark: Mark | None = None,
) -> int:
    """Count one change and write its line; return the new revision.

    Call it first in a transaction: the row of the study is then locked against other writers.

    Parameters
    ----------
    connection : Connection
        A transaction that writes.
    subject : str
        The study, for messages.
    at : datetime
        Now. When it is earlier than the line before, the line says so (``clock_back_seconds``).
    what : Change
        What is done.
    who : str
        By whom.
    patient, tube, reason, after_sha256 : str
        See :class:`~cytorecon.store.chain.Details`; the patient of `tube` by default.
    mark : mapping, optional
        What the chain itself says, for good.

    Raises
    ------
    StoreError
        If the study was written by another version: the chain of an older one has another form.
    """
    head = schema.study
    counted = (
        update(head)
        .where(head.c.schema_version == schema.SCHEMA_VERSION)
        .values(revision=head.c.revision + 1)
        .returning(head.c.revision)
    )
    revision = connection.execute(counted).scalar_one_or_none()
    if revision is None:
        raise _of_another_schema(connection, subject)
    stamp = at.astimezone(UTC).isoformat(timespec="seconds")
    previous = connection.execute(
        select(schema.history.c.at, schema.history.c.hash).where(schema.history.c.revision == revision - 1)
    ).one_or_none()
    content = dict(mark or {}) | (_clock_back(previous.at, stamp) if previous is not None else {})
    details = Details(
        secrets.token_hex(16), patient or (patient_of(tube) if tube else ""), tube, reason, after_sha256
    )
    line = Line(
        revision, stamp, what.value, who, canonical(content), details.sha256,
        previous.hash if previous is not None else GENESIS,
    )  # fmt: skip
    connection.execute(insert(schema.history), asdict(line) | {"hash": line.hash})
    connection.execute(insert(schema.history_details), asdict(details) | {"revision": revision})
    return int(revision)


def _clock_back(before: str, now: str) -> dict[str, str | int | list[int]]:
    back = (datetime.fromisoformat(before) - datetime.fromisoformat(now)).total_seconds()
    return {CLOCK_BACK: int(back)} if back > 0 else {}


def _of_another_schema(connection: Connection, subject: str) -> StoreError:
    found = connection.execute(select(schema.study.c.schema_version)).scalar_one_or_none()
    if found is not None and found < schema.SCHEMA_VERSION:
        return needs_upgrade(subject, found)
    return StoreError(
        "The study was changed by a newer version of cytorecon meanwhile; nothing was changed.",
        subject=subject,
        found=f"schema {found}",
        allowed=f"schema {schema.SCHEMA_VERSION}",
        hint="Open it with that version or a newer one.",
    )


def needs_upgrade(subject: str, found: int) -> StoreError:
    """Return the error for a study of an older schema, which can be read and not written."""
    return StoreError(
        "The study was written by an older version of cytorecon; it can be read, and nothing was changed.",
        subject=subject,
        found=f"schema {found}",
        allowed=f"schema {schema.SCHEMA_VERSION}",
        hint="Bring it up to date with: cytorecon db upgrade STUDY. A copy of a study folder is made first.",
    )


def entries(connection: Connection) -> tuple[HistoryEntry, ...]:
    """Return all changes, oldest first."""
    version = connection.execute(select(schema.study.c.schema_version)).scalar_one()
    if version < _FIRST_CHAINED_SCHEMA or not inspect(connection).has_table(schema.history_details.name):
        return _entries_before_the_chain(connection)
    lines, details = schema.history, schema.history_details
    wanted = (
        select(lines.c.revision, lines.c.at, lines.c.what, lines.c.who, details.c.tube, details.c.reason)
        .join(details, details.c.revision == lines.c.revision, isouter=True)
        .order_by(lines.c.revision)
    )
    return tuple(
        HistoryEntry(
            row.revision, row.at, Change(row.what), row.tube or "", row.reason or "", row.who,
            erased=row.tube is None,
        )
        for row in connection.execute(wanted)
    )  # fmt: skip


def _entries_before_the_chain(connection: Connection) -> tuple[HistoryEntry, ...]:
    names = ("revision", "at", "what", "tube", "reason")
    old = table("history", *map(column, names))
    rows = connection.execute(select(old).order_by(old.c.revision))
    return tuple(HistoryEntry(row.revision, row.at, Change(row.what), row.tube, row.reason) for row in rows)
