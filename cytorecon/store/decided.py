"""What people decided about gates: rows that are only ever added."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, inspect, select

from cytorecon.gating.overrides import Override
from cytorecon.store import schema
from cytorecon.store.documents import OVERRIDE, from_text, to_text

#: Called with all records there are; nothing is added when it raises.
OverrideCheck = Callable[[tuple[Override, ...]], None]


def unchecked(_records: tuple[Override, ...]) -> None:
    """Accept any record, whatever the earlier ones."""


def read_overrides(connection: Connection, subject: str) -> tuple[Override, ...]:
    """Return all records, oldest first; none in a study of schema 1, which has no table for them."""
    table = schema.overrides
    if not inspect(connection).has_table(table.name):
        return ()
    rows = connection.execute(select(table.c.number, table.c.document).order_by(table.c.number))
    return tuple(
        from_text(OVERRIDE, row.document, subject=subject, field=f"override {row.number}") for row in rows
    )


def append_override(connection: Connection, record: Override, subject: str, check: OverrideCheck) -> None:
    """Add one record."""
    check(read_overrides(connection, subject))
    table = schema.overrides
    last = connection.execute(select(func.coalesce(func.max(table.c.number), 0))).scalar_one()
    row = {"number": last + 1, "id": record.id, "document": to_text(OVERRIDE, record)}
    connection.execute(insert(table), row)
