"""Schema 2: what people decided about gates.

Programs of schema 2 and 3 made the table in an older study with its first record, and called the study one
of their own schema: so it may be there already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cytorecon.store.migrations.append_only import make_append_only

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    if not sa.inspect(op.get_bind()).has_table("overrides"):
        op.create_table(
            "overrides",
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("id", sa.String, nullable=False),
            sa.Column("document", sa.Text, nullable=False),
        )
        make_append_only("overrides")
    op.execute("UPDATE study SET schema_version = 2")
