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
    false,
)

#: Raise it whenever tables or documents change so that older software cannot read them, and add the step
#: to ``migrations/versions``.
SCHEMA_VERSION: Final = 4

metadata = MetaData()

#: One row: the study itself. `revision` counts the changes; adding one to it is the first
#: statement of every write, which makes writers of one PostgreSQL database queue up. `erasing` is true inside
#: the transaction that erases a patient, and at no other time.
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
    Column("four_eyes", Boolean, nullable=False, server_default=false()),
    Column("erasing", Boolean, nullable=False, server_default=false()),
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

#: Of the sheet of readouts; new in schema 3.
readouts = Table(
    "readouts",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("patient", String, ForeignKey("patients.patient"), nullable=False),
    Column("document", Text, nullable=False),
)

#: The chain (:mod:`cytorecon.store.chain`): nothing in it names a patient, so nothing of it is ever erased.
history = Table(
    "history",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("what", String, nullable=False),
    Column("who", String, nullable=False),
    Column("mark", Text, nullable=False),
    Column("details_sha256", String, nullable=False),
    Column("prev_hash", String, nullable=False),
    Column("hash", String, nullable=False),
)

#: What may have to be erased of a line of the history: the chain holds its digest only.
history_details = Table(
    "history_details",
    metadata,
    Column("revision", Integer, ForeignKey("history.revision"), primary_key=True, autoincrement=False),
    Column("nonce", String, nullable=False),
    Column("patient", String, nullable=False, index=True),
    Column("tube", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("after_sha256", String, nullable=False),
)

#: What people decided about gates; new in schema 2.
overrides = Table(
    "overrides",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("document", Text, nullable=False),
)


#: Who may sign.
users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("password_hash", String, nullable=False),
)

#: Signatures. `patient` is no foreign key: a signature outlives the patient's place in the sheet.
approvals = Table(
    "approvals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, ForeignKey("history.revision"), nullable=False),
    Column("patient", String, nullable=False, index=True),
    Column("signed_by", String, ForeignKey("users.name"), nullable=False),
    Column("signed_sha256", String, nullable=False),
    Column("document", Text, nullable=False),
)


#: Files that the study keeps (:mod:`cytorecon.store.kept`). `dataset` is -1 where the reader chose.
files = Table(
    "files",
    metadata,
    Column("file_sha256", String, primary_key=True),
    Column("dataset", Integer, primary_key=True, autoincrement=False),
    Column("blob_sha256", String, nullable=False),
    Column("document", Text, nullable=False),
)

#: Keys of the jobs whose result is stored, in the transaction that stored it.
work = Table(
    "work",
    metadata,
    Column("key", String, primary_key=True),
    Column("tube", String, nullable=False),
)


def append_only(table: str, dialect: str, *, erasable: bool) -> list[str]:
    """Return the statements that keep rows of `table` as they are.

    Parameters
    ----------
    table : str
        Name.
    dialect : {"sqlite", "postgresql"}
        For which database.
    erasable : bool
        Whether rows may be deleted while ``study.erasing`` is true.
    """
    if dialect == "sqlite":
        unless = "WHEN COALESCE((SELECT max(erasing) FROM study), 0) = 0 " if erasable else ""
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb, condition in (("UPDATE", ""), ("DELETE", unless))
        ]
    unless = (
        "IF TG_OP = 'DELETE' AND (SELECT bool_or(erasing) FROM study) THEN RETURN NULL; END IF; "
        if erasable
        else ""
    )
    return [
        f"""
        CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {unless}RAISE EXCEPTION '{table} is append-only'; END $$
        """,
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()
        """,
    ]


@event.listens_for(history, "after_create")
@event.listens_for(history_details, "after_create")
@event.listens_for(overrides, "after_create")
@event.listens_for(approvals, "after_create")
def _make_append_only(table: Table, connection: Connection, **_options: object) -> None:
    erasable = table is not history
    for statement in append_only(table.name, connection.dialect.name, erasable=erasable):
        connection.exec_driver_sql(statement)
