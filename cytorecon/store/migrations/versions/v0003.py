"""Schema 3: readouts from outside the cytometer; their table may be there already, as that of schema 2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    if not sa.inspect(op.get_bind()).has_table("readouts"):
        op.create_table(
            "readouts",
            sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("patient", sa.String, sa.ForeignKey("patients.patient"), nullable=False),
            sa.Column("document", sa.Text, nullable=False),
        )
    op.execute("UPDATE study SET schema_version = 3")
