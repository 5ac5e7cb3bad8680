"""The run of the steps by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from cytorecon.store import migrations, schema

#: Alembic's own table: which step was the last.
VERSION_TABLE: Final = "alembic_version"


def revision_of(schema_version: int) -> str:
    """Return Alembic's name of a schema version.

    Examples
    --------
    >>> revision_of(4)
    '0004'
    """
    return f"{schema_version:04d}"


def mark_as(connection: Connection, schema_version: int) -> None:
    """Note that the tables are those of `schema_version`, without making any."""
    MigrationContext.configure(connection).stamp(_script(), revision_of(schema_version))


def migrate(connection: Connection, schema_version: int = schema.SCHEMA_VERSION) -> None:
    """Bring the tables to `schema_version`; make them when there are none.

    A study that was written before Alembic is recognised by its tables. Its own number says what the newest
    program was that wrote it, not which tables there are, so each step looks for itself.
    """
    if not inspect(connection).has_table(VERSION_TABLE) and inspect(connection).has_table(schema.study.name):
        mark_as(connection, 1)
    script = _script()

    def steps(heads: tuple[str, ...], _context: MigrationContext) -> list[MigrationStep]:
        wanted = script.iterate_revisions(revision_of(schema_version), heads or "base")
        return [
            MigrationStep.upgrade_from_script(script.revision_map, step) for step in reversed(list(wanted))
        ]

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(Path(migrations.__file__).parent))
