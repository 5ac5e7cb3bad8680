"""Schema 1: patients, tubes, results, events and the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cytorecon.store.migrations.append_only import make_append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "study",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("software_version", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("issues", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
    )
    op.create_table(
        "patients",
        sa.Column("patient", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "tubes",
        sa.Column("tube", sa.String, primary_key=True),
        sa.Column("patient", sa.String, sa.ForeignKey("patients.patient"), nullable=False),
        sa.Column("upload", sa.Boolean, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("ix_tubes_patient", "tubes", ["patient"])
    op.create_table(
        "results",
        sa.Column("tube", sa.String, sa.ForeignKey("tubes.tube"), primary_key=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("file_sha256", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("plots", sa.Text, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("patient", sa.String, sa.ForeignKey("patients.patient"), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("tube", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    make_append_only("history")
