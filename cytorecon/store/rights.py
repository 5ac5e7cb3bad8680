"""Whether who may sign, and how many must, is what the history says last.

Rows of users and rules can be put back to what they were: the history cannot, so it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, select, text

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.chain import Details, Line, Mark, canonical, digest
from cytorecon.store.history import Change

_LINES = schema.history
_DETAILS = schema.history_details

TWO_SIGN: Final = "two persons sign"
ONE_SIGNS: Final = "one person signs"
_BEFORE_THE_NAME: Final = "user "
_GUARDED: Final = ("approvals", "history", "history_details", "overrides")


def user_sha256(name: str, role: str, active: bool, password_hash: str) -> str:
    """Return the hash of a user as the history notes it."""
    return digest(canonical([name, role, active, password_hash]))


def user_mark(name: str) -> Mark:
    """Return what the chain says of a change of a user, for good."""
    return {"user": name}


def rule_mark(*, four_eyes: bool) -> Mark:
    """Return what the chain says of a change of the rule, for good."""
    return {"four_eyes": int(four_eyes)}


def two_must_sign(connection: Connection) -> bool:
    """Tell whether two persons must sign: the history says so, or the study does."""
    stored = bool(connection.execute(select(schema.study.c.four_eyes)).scalar_one())
    return stored or bool(_said_of_rule(connection))


def check_rights(connection: Connection, name: str, subject: str) -> None:
    """Check that the user `name` and the rule of four eyes are what the history says last.

    Raises
    ------
    StoreError
        If they are not: nothing is signed then.
    """
    for what, found in (*_users(connection, name), *_rule(connection)):
        raise StoreError(
            "The signature is refused: what is stored is not what the program wrote. Nothing was signed.",
            subject=subject,
            field=what,
            found=found,
            allowed="what the last line of the history about it was written with",
            hint="Run: cytorecon audit verify STUDY. To set it again: cytorecon db user, or db rule; the "
            "history tells who did.",
        )


def misfits(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield what of users, rules and guards is not as the program wrote it, with what was found."""
    yield from _users(connection)
    yield from _rule(connection)
    if connection.execute(select(schema.study.c.erasing)).scalar_one():
        yield "study", "a mark that a patient is being erased, which lets rows of the history be deleted"
    there = _triggers(connection)
    for name in _expected_triggers(connection.dialect.name):
        if name not in there:
            yield f"trigger {name}", "none"


def _users(connection: Connection, name: str | None = None) -> Iterator[tuple[str, str]]:
    table = schema.users
    stored = {
        row.name: user_sha256(row.name, row.role, row.active, row.password_hash)
        for row in connection.execute(select(table).order_by(table.c.name))
    }
    said = {_user_of(line): line.after_sha256 for line in _lines_of(connection, Change.USER_SAVED)}
    for user in sorted(stored.keys() | said.keys()):
        if name not in (None, user) or stored.get(user) == said.get(user):
            continue
        if user not in stored:
            yield f"user {user}", "none"
        else:
            yield f"user {user}", "another role, password or state"


def _rule(connection: Connection) -> Iterator[tuple[str, str]]:
    stored = bool(connection.execute(select(schema.study.c.four_eyes)).scalar_one())
    if stored != bool(_said_of_rule(connection)):
        yield "rule of four eyes", TWO_SIGN if stored else ONE_SIGNS


def _said_of_rule(connection: Connection) -> bool | None:
    lines = _lines_of(connection, Change.RULE_SET)
    if not lines:
        return None
    mark = json.loads(lines[-1].mark)
    return bool(mark["four_eyes"]) if "four_eyes" in mark else bool(lines[-1].reason == TWO_SIGN)


def _user_of(line: Row[tuple[Any, ...]]) -> str:
    mark = json.loads(line.mark)
    # before it stood in the mark: "user CD, approver"
    return str(mark.get("user") or line.reason.removeprefix(_BEFORE_THE_NAME).split(",")[0])


def _lines_of(connection: Connection, change: Change) -> list[Row[tuple[Any, ...]]]:
    """Return the lines of a kind, oldest first, as far as each is what it was written as."""
    beside = [_DETAILS.c[name] for name in ("nonce", "patient", "tube", "reason", "after_sha256")]
    found = connection.execute(
        select(*_LINES.c, *beside)
        .join(_DETAILS, _DETAILS.c.revision == _LINES.c.revision)
        .where(_LINES.c.what == change.value)
        .order_by(_LINES.c.revision)
    )
    return [row for row in found if _is_whole(row)]


def _is_whole(row: Row[tuple[Any, ...]]) -> bool:
    details = Details(row.nonce, row.patient, row.tube, row.reason, row.after_sha256)
    line = Line(row.revision, row.at, row.what, row.who, row.mark, row.details_sha256, row.prev_hash)
    return (details.sha256, line.hash) == (str(row.details_sha256), str(row.hash))


def _expected_triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [f"{table}_no_{verb}" for table in _GUARDED for verb in ("delete", "update")]
    return [f"{table}_append_only" for table in _GUARDED]


def _triggers(connection: Connection) -> set[str]:
    """Return the triggers that work."""
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        found = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND pg_table_is_visible(pg_class.oid)"
        )
    return set(connection.execute(text(found)).scalars())
