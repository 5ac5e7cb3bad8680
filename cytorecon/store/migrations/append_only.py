"""Triggers of tables to which rows are only added, as schemas 1 to 4 have them."""

from __future__ import annotations

from alembic import op

_SQLITE_UNLESS = "WHEN COALESCE((SELECT max(erasing) FROM study), 0) = 0 "
_POSTGRESQL_UNLESS = "IF TG_OP = 'DELETE' AND (SELECT bool_or(erasing) FROM study) THEN RETURN NULL; END IF; "


def make_append_only(table: str, *, erasable: bool = False) -> None:
    """Refuse changes of rows; since schema 4 some may be deleted while a patient is erased."""
    if op.get_bind().dialect.name == "sqlite":
        unless = _SQLITE_UNLESS if erasable else ""
        for verb, condition in (("UPDATE", ""), ("DELETE", unless)):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    unless = _POSTGRESQL_UNLESS if erasable else ""
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {unless}RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )


def make_changeable(table: str) -> None:
    """Take the triggers away."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute(f"DROP FUNCTION {table}_is_append_only")
