"""Schema 4: the history becomes a chain of hashes; users, signatures, erasure of a patient, kept files.

Lines written before are chained as they are found: the chain proves nothing about what happened to them
before this step. What they say of the present (results, decisions, settings) is hashed from what is stored.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa
from alembic import op

from cytorecon.store.chain import GENESIS, Details, Line, digest
from cytorecon.store.migrations.append_only import make_append_only, make_changeable

revision = "0004"
down_revision = "0003"

_PATIENT_SAVED = "patient "


def upgrade() -> None:
    """Add columns and tables, and chain the history."""
    op.add_column("study", sa.Column("four_eyes", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("study", sa.Column("erasing", sa.Boolean, nullable=False, server_default=sa.false()))
    make_changeable("overrides")
    make_append_only("overrides", erasable=True)
    connection = op.get_bind()
    after = _hashes_of_what_is_stored(connection)
    targets = _targets_of_decisions(connection)
    old = connection.execute(
        sa.text("SELECT revision, at, what, tube, reason FROM history ORDER BY revision")
    ).all()
    make_changeable("history")
    op.drop_table("history")
    history, details = _make_history()
    previous = GENESIS
    for row in old:
        patient = row.tube.rsplit("/", 2)[0] or targets.get(row.revision, "")
        if row.what == "patient_saved":
            patient = row.reason.removeprefix(_PATIENT_SAVED)
        own = Details(secrets.token_hex(16), patient, row.tube, row.reason, after.get(row.revision, ""))
        line = Line(row.revision, row.at, row.what, "unknown", "{}", own.sha256, previous)
        connection.execute(sa.insert(history), asdict(line) | {"hash": line.hash})
        connection.execute(sa.insert(details), asdict(own) | {"revision": row.revision})
        previous = line.hash
    _make_users_and_approvals()
    _make_files_and_work()
    op.execute("UPDATE study SET schema_version = 4")


def _hashes_of_what_is_stored(connection: sa.Connection) -> dict[int, str]:
    """Return revision -> hash of what it wrote, where that is still as it was written."""
    found: dict[int, str] = {}
    last = connection.execute(
        sa.text("SELECT tube, max(revision) AS revision FROM history WHERE what = 'tube_saved' GROUP BY tube")
    )
    last_saved = {row.tube: row.revision for row in last}
    results = sa.text("SELECT document, plots FROM results WHERE tube = :tube")
    for tube, number in last_saved.items():
        row = connection.execute(results, {"tube": tube}).one_or_none()
        if row is not None:
            found[number] = digest(row.document, row.plots)
    settings = connection.execute(sa.text("SELECT settings FROM study")).scalar()
    number = connection.execute(
        sa.text("SELECT max(revision) FROM history WHERE what IN ('created', 'settings_set')")
    ).scalar()
    if settings is not None and number is not None:
        found[number] = digest(settings)
    return found | {line: digest(document) for line, document in _decisions(connection).items()}


def _decisions(connection: sa.Connection) -> dict[int, str]:
    """Return revision -> document: records and their lines were written in pairs, in one order."""
    lines = connection.execute(
        sa.text("SELECT revision FROM history WHERE what = 'gate_decided' ORDER BY revision")
    )
    records = connection.execute(sa.text("SELECT document FROM overrides ORDER BY number"))
    return {line: document for (line,), (document,) in zip(lines, records, strict=False)}


def _targets_of_decisions(connection: sa.Connection) -> Mapping[int, str]:
    found = {}
    for line, document in _decisions(connection).items():
        content = json.loads(document)
        if content["scope"] == "sample":
            found[line] = content["target"].rsplit("/", 2)[0]
    return found


def _make_history() -> tuple[sa.Table, sa.Table]:
    history = op.create_table(
        "history",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("details_sha256", sa.String, nullable=False),
        sa.Column("prev_hash", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    make_append_only("history")
    details = op.create_table(
        "history_details",
        sa.Column(
            "revision", sa.Integer, sa.ForeignKey("history.revision"), primary_key=True, autoincrement=False
        ),
        sa.Column("nonce", sa.String, nullable=False),
        sa.Column("patient", sa.String, nullable=False),
        sa.Column("tube", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("after_sha256", sa.String, nullable=False),
    )
    op.create_index("ix_history_details_patient", "history_details", ["patient"])
    make_append_only("history_details", erasable=True)
    return history, details


def _make_users_and_approvals() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.String, nullable=False),
    )
    op.create_table(
        "approvals",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer, sa.ForeignKey("history.revision"), nullable=False),
        sa.Column("patient", sa.String, nullable=False),
        sa.Column("signed_by", sa.String, sa.ForeignKey("users.name"), nullable=False),
        sa.Column("signed_sha256", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("ix_approvals_patient", "approvals", ["patient"])
    make_append_only("approvals", erasable=True)


def _make_files_and_work() -> None:
    op.create_table(
        "files",
        sa.Column("file_sha256", sa.String, primary_key=True),
        sa.Column("dataset", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("blob_sha256", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "work",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("tube", sa.String, nullable=False),
    )
