"""Hold what is stored against the lines of the history that say what was written."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.chain import canonical, digest
from cytorecon.store.engine import streamed
from cytorecon.store.history import Change

_LINES = schema.history
_DETAILS = schema.history_details
_AT_A_TIME = 50


def check_what_is_stored(connection: Connection, subject: str) -> None:
    """Check results, settings, decisions, users and signatures.

    Raises
    ------
    StoreError
        Naming the first that is not what the program wrote.
    """
    for what, found in (
        *_results(connection),
        *_settings(connection),
        *_added(connection, Change.GATE_DECIDED, _decisions(connection), "decision"),
        *_added(connection, Change.APPROVED, _signatures(connection), "signature"),
        *_users(connection),
    ):
        raise StoreError(
            "What is stored is not what the program wrote.",
            subject=subject,
            field=what,
            found=found,
            allowed="what the last line of the history about it was written with",
            hint="Somebody changed the database by other means, or the disk did. Compare it with a backup "
            "(cytorecon db restore BACKUP.zip --to PLACE).",
        )


def user_sha256(name: str, role: str, active: bool, password_hash: str) -> str:
    """Return the hash of a user as the history notes it."""
    return digest(canonical([name, role, active, password_hash]))


def signature_text(patient: str, signed_by: str, signed_sha256: str, document: str) -> str:
    """Return a signature as the history notes its hash."""
    return canonical([patient, signed_by, signed_sha256, document])


def _results(connection: Connection) -> Iterator[tuple[str, str]]:
    table = schema.results
    noted = _last_of_tubes(connection)
    wanted = select(table.c.tube, table.c.document, table.c.plots).order_by(table.c.tube)
    with streamed(connection, wanted, _AT_A_TIME) as stored:
        for row in stored:
            expected = noted.get(row.tube, "")
            if expected != digest(row.document, row.plots):
                yield f"result of {row.tube}", "another result" if expected else "a result that nothing wrote"


def _last_of_tubes(connection: Connection) -> dict[str, str]:
    """Return tube -> hash of the result that its last line was written with."""
    last = (
        select(func.max(_DETAILS.c.revision))
        .join(_LINES, _LINES.c.revision == _DETAILS.c.revision)
        .where(_LINES.c.what == Change.TUBE_SAVED.value)
        .group_by(_DETAILS.c.tube)
    )
    rows = connection.execute(
        select(_DETAILS.c.tube, _DETAILS.c.after_sha256).where(_DETAILS.c.revision.in_(last))
    )
    return {row.tube: row.after_sha256 for row in rows}


def _settings(connection: Connection) -> Iterator[tuple[str, str]]:
    stored = connection.execute(select(schema.study.c.settings)).scalar_one()
    if _noted(connection, Change.CREATED, Change.SETTINGS_SET)[-1:] != [digest(stored)]:
        yield "settings", "other settings"


def _noted(connection: Connection, *changes: Change) -> list[str]:
    """Return the hashes that lines were written with, oldest first; erased ones left out."""
    found = connection.execute(
        select(_DETAILS.c.after_sha256)
        .join(_LINES, _LINES.c.revision == _DETAILS.c.revision)
        .where(_LINES.c.what.in_([change.value for change in changes]))
        .order_by(_LINES.c.revision)
    )
    return list(found.scalars())


def _decisions(connection: Connection) -> list[str]:
    table = schema.overrides
    return list(connection.execute(select(table.c.document).order_by(table.c.number)).scalars())


def _signatures(connection: Connection) -> list[str]:
    table = schema.approvals
    found = connection.execute(select(table).order_by(table.c.number))
    return [signature_text(row.patient, row.signed_by, row.signed_sha256, row.document) for row in found]


def _added(connection: Connection, change: Change, stored: list[str], what: str) -> Iterator[tuple[str, str]]:
    """Yield the first document of a table to which rows are only added that no line was written with."""
    noted = _noted(connection, change)
    for place, document in enumerate(stored):
        if noted[place : place + 1] != [digest(document)]:
            yield f"{what} {place + 1}", "another one" if place < len(noted) else "one that nothing wrote"
            return
    if len(noted) > len(stored):
        yield f"{what} {len(stored) + 1}", "none"


def _users(connection: Connection) -> Iterator[tuple[str, str]]:
    noted = set(_noted(connection, Change.USER_SAVED))
    for row in connection.execute(select(schema.users).order_by(schema.users.c.name)):
        if user_sha256(row.name, row.role, row.active, row.password_hash) not in noted:
            yield f"user {row.name}", "another role, password or state"
