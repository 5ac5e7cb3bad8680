"""All rows of a study in one form, whichever database holds them: for backups, copies and their proof.

Tables are read as the database itself describes them, so a study of an older schema has this form, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, MetaData, Table, insert, inspect, select, text

from cytorecon.errors import StoreError
from cytorecon.store import migrating, schema
from cytorecon.store.chain import canonical
from cytorecon.store.engine import streamed
from cytorecon.values import Frozen

_ROWS_AT_A_TIME: Final = 50


class TableNote(Frozen):
    """What the rows of one table come to.

    Parameters
    ----------
    name : str
        Of the table.
    rows : int
        How many.
    sha256 : str
        Of their lines (:func:`lines_of`).
    """

    name: str = Field(pattern=r"^[a-z_]{1,40}$")
    rows: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def tables_of(connection: Connection) -> Sequence[Table]:
    """Return the tables of a study that there are, each after those it refers to."""
    found = MetaData()
    there = inspect(connection).get_table_names()
    found.reflect(connection, only=[name for name in schema.metadata.tables if name in there])
    return found.sorted_tables


def lines_of(connection: Connection, table: Table) -> Generator[str]:
    """Yield each row as canonical JSON, ordered by the bytes of the primary key.

    Run it to its end, or close it: rows come from the database as they are asked for.
    """
    wanted = select(table).order_by(*(_by_bytes(column, connection) for column in table.primary_key))
    with streamed(connection, wanted, _ROWS_AT_A_TIME) as rows:
        for row in rows.mappings():
            yield canonical(dict(row))


def _by_bytes(column: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """Return what orders alike everywhere: PostgreSQL orders text by the rules of a language."""
    is_text = column.type.python_type is str
    return column.collate("C") if is_text and connection.dialect.name == "postgresql" else column


class Tally:
    """Counts and hashes the lines of one table while they pass."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows = 0
        self._sha256 = hashlib.sha256()

    def of(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield `lines` as they are."""
        for line in lines:
            self._rows += 1
            self._sha256.update(f"{line}\n".encode())
            yield line

    @property
    def note(self) -> TableNote:
        """What has passed so far."""
        return TableNote(name=self._name, rows=self._rows, sha256=self._sha256.hexdigest())


def notes_of(connection: Connection) -> tuple[TableNote, ...]:
    """Return what the rows of each table come to."""
    found = []
    for table in tables_of(connection):
        tally = Tally(table.name)
        for _line in tally.of(lines_of(connection, table)):
            pass
        found.append(tally.note)
    return tuple(found)


def make_tables(connection: Connection, schema_version: int, names: Iterable[str]) -> Sequence[Table]:
    """Make the empty tables of a schema in an empty database, each after those it refers to."""
    migrating.migrate(connection, schema_version)
    there = inspect(connection).get_table_names()
    for name in names:
        # a table that programs make when they first need it
        if name not in there and name in schema.metadata.tables:
            schema.metadata.tables[name].create(connection)
    return tables_of(connection)


def fill(connection: Connection, table: Table, lines: Iterable[str]) -> None:
    """Insert the rows of `lines` into `table`.

    Raises
    ------
    StoreError
        If a line is not a row of this table.
    """
    names = {column.name for column in table.columns}
    rows = (_row(line, names, table.name) for line in lines)
    while batch := list(islice(rows, _ROWS_AT_A_TIME)):
        connection.execute(insert(table), batch)


def _row(line: str, names: set[str], table: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or row.keys() != names:
        raise StoreError(
            "A row does not fit its table.",
            field=f"table {table}",
            allowed=f"the columns {', '.join(sorted(names))}",
            hint="The backup is damaged, or no backup of a study. Take another one.",
        )
    return row


def schema_version_of(connection: Connection) -> int:
    """Return the schema version of the study."""
    return int(connection.execute(text("SELECT schema_version FROM study")).scalar_one())
