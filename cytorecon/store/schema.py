"""Tables of a study, the same on SQLite and PostgreSQL.

Results are kept as JSON documents (the models of :mod:`cytorecon.results` and
:mod:`cytorecon.study.model`); columns exist only for what is searched or ordered by.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
)

#: Raise it whenever tables or documents change so that older software cannot read them.
SCHEMA_VERSION: Final = 3

metadata = MetaData()

#: One row: the study itself. `revision` counts the changes; adding one to it is the first
#: statement of every write, which makes writers of one PostgreSQL database queue up.
study = Table(
    "study",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("software_version", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("issues", Text, nullable=False),
    Column("settings", Text, nullable=False),
)

patients = Table(
    "patients",
    metadata,
    Column("patient", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

tubes = Table(
    "tubes",
    metadata,
    Column("tube", String, primary_key=True),
    Column("patient", String, ForeignKey("patients.patient"), nullable=False, index=True),
    Column("upload", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("document", Text, nullable=False),
)

#: `plots` comes last: SQLite then reads a result without touching the pages of its pictures.
results = Table(
    "results",
    metadata,
    Column("tube", String, ForeignKey("tubes.tube"), primary_key=True),
    Column("status", String, nullable=False),
    Column("file_sha256", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("plots", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("patient", String, ForeignKey("patients.patient"), nullable=False),
    Column("document", Text, nullable=False),
)

#: Of the sheet of readouts. A study of schema 1 or 2 gets it with its first readout.
readouts = Table(
    "readouts",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("patient", String, ForeignKey("patients.patient"), nullable=False),
    Column("document", Text, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("what", String, nullable=False),
    Column("tube", String, nullable=False),
    Column("reason", Text, nullable=False),
)

#: What people decided about gates. A study of schema 1 gets it with its first record.
overrides = Table(
    "overrides",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("document", Text, nullable=False),
)


def _append_only(table: str, dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"""
        CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$
        """,
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()
        """,
    ]


@event.listens_for(history, "after_create")
@event.listens_for(overrides, "after_create")
def _make_append_only(table: Table, connection: Connection, **_options: object) -> None:
    for statement in _append_only(table.name, connection.dialect.name):
        connection.exec_driver_sql(statement)
