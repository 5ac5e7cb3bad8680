"""Studies of older versions: read as they are, brought up to date wholly or not at all."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, inspect, select, text, update

from cytorecon.errors import StoreError
from cytorecon.store import SCHEMA_VERSION, StudyStore, Upgraded, schema, upgrade_study, verify_history
from cytorecon.store.engine import postgresql_engine, sqlite_engine, writing
from cytorecon.store.history import Change, HistoryEntry
from cytorecon.store.location import Folder, parse_location
from cytorecon.store.migrating import migrate
from tests.store.conftest import TickingClock
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of, without_paths
from tests.store.old_studies import DECIDED, LINES, connected, content_of, make_old
from tests.store.test_overrides import record

OLDER = range(1, SCHEMA_VERSION)


@pytest.mark.parametrize("version", OLDER)
def test_an_older_study_is_read_and_the_error_of_a_change_names_the_command(
    location: str, version: int
) -> None:
    make_old(location, version)
    with StudyStore.open(location) as store:
        assert store.study() == without_paths(STUDY)
        assert store.tube_result("P02/d30/1") == result_of("P02/d30/1")
        assert store.overrides() == ()
        assert store.revision() == 5
        assert [(entry.what, entry.tube, entry.reason) for entry in store.history()] == list(LINES)
        with pytest.raises(StoreError) as caught:
            store.save_tube(TUBES[0], result_of("P02/d30/1"))
        assert store.revision() == 5
    assert str(caught.value) == (
        f"{parse_location(location)}: The study was written by an older version of cytorecon; "
        f"it can be read, and nothing was changed. Found: schema {version}. Allowed: schema 4. "
        "Bring it up to date with: cytorecon db upgrade STUDY. A copy of a study folder is made first."
    )


@pytest.mark.parametrize("version", OLDER)
def test_upgrading_keeps_everything_and_chains_the_history(location: str, version: int) -> None:
    make_old(location, version, decided=version > 1)
    done = upgrade_study(location, software_version="0.2.0", who="AB", clock=TickingClock())
    is_folder = "://" not in location
    copy = Path(location) / "study-before-schema-4.sqlite" if is_folder else None
    assert done == Upgraded(version, 4, copy)
    with StudyStore.open(location) as store:
        assert store.study() == without_paths(STUDY)
        assert store.settings() == SETTINGS
        assert store.tube_result("P02/d30/1") == result_of("P02/d30/1")
        assert store.overrides() == ((record(0.5),) if version > 1 else ())
        *old, last = store.history()
        lines = [*LINES, *([DECIDED] if version > 1 else [])]
        assert [(entry.what, entry.tube, entry.reason) for entry in old] == lines
        assert last == HistoryEntry(
            len(lines) + 1, "2031-05-01T12:00:00+00:00", Change.UPGRADED, "", "", who="AB"
        )
        store.save_tube(TUBES[0], result_of("P02/d30/1", events=9))
        store.add_override(record(0.25))
    verify_history(location)
    assert upgrade_study(location, software_version="0.2.0") == Upgraded(4, 4)


def test_a_first_schema_that_a_later_program_gave_one_table_only(location: str) -> None:
    """Programs of schema 3 called a study of schema 1 theirs once they had made the table they needed."""
    make_old(location, 1)
    with connected(location) as connection:
        connection.execute(text("UPDATE study SET schema_version = 3"))
    assert upgrade_study(location, software_version="0.2.0").before == 3
    with StudyStore.open(location) as store:
        store.add_override(record(0.5))
        assert store.study().readouts == ()


def test_the_copy_is_the_study_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "study"
    make_old(str(place), 3, decided=True)
    with connected(place) as connection:
        before = content_of(connection)
    copy = upgrade_study(place, software_version="0.2.0").copy
    assert copy is not None
    old = tmp_path / "old"
    old.mkdir()
    copy.rename(old / "study.sqlite")
    with connected(old) as connection:
        assert content_of(connection) == before
    assert upgrade_study(old, software_version="0.2.0").after == 4
    assert [path.name for path in place.iterdir()] == ["study.sqlite"]


def test_a_second_copy_gets_another_name(tmp_path: Path) -> None:
    make_old(str(tmp_path / "study"), 2)
    (tmp_path / "study" / "study-before-schema-4.sqlite").write_bytes(b"mine")
    copy = upgrade_study(tmp_path / "study", software_version="0.2.0").copy
    assert copy == tmp_path / "study" / "study-before-schema-4-2.sqlite"
    assert (tmp_path / "study" / "study-before-schema-4.sqlite").read_bytes() == b"mine"


def test_a_newer_study_is_left_as_it_is(store: StudyStore, location: str) -> None:
    with store._engine.begin() as connection:
        connection.execute(update(schema.study).values(schema_version=5))
    with pytest.raises(StoreError, match="written by a newer version"):
        upgrade_study(location, software_version="0.2.0")


# ------------------------------------------------------------------ killed on the way


def upgrade_and_be_killed(location: str, at_statement: int) -> bool:
    """Upgrade in a process that is killed before a statement; tell whether it got so far."""
    child = os.fork()
    if child == 0:
        try:
            _die_before(at_statement)
            upgrade_study(location, software_version="0.2.0")
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _die_before(at_statement: int) -> None:
    from sqlalchemy import Engine

    count = 0

    def counted(*_arguments: object) -> None:
        nonlocal count
        count += 1
        if count == at_statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", counted)
    event.listen(Engine, "commit", counted)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_it_is_the_old_schema_or_the_new(location: str) -> None:
    make_old(location, 1)
    with connected(location) as connection:
        before = content_of(connection)
    kills, statement = 0, 1
    while upgrade_and_be_killed(location, statement):
        kills += 1
        with connected(location) as connection:
            assert content_of(connection) == before, f"killed before statement {statement}"
        statement += 3
    assert kills > 15
    with StudyStore.open(location) as store:
        assert store.history()[-1].what == "upgraded"
        assert store.tube_result("P02/d30/1") == result_of("P02/d30/1")
    if "://" not in location:
        with closing(sqlite3.connect(Path(location) / "study.sqlite")) as plain:
            assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# ------------------------------------------------------------------ one schema, made in two ways


def shape_of(connection: Connection) -> dict[str, object]:
    """Return what the database itself says of its tables and triggers."""
    inspector = inspect(connection)
    found: dict[str, object] = {}
    for name in sorted(inspector.get_table_names()):
        columns = [
            (c["name"], repr(c["type"]), c["nullable"], c["default"], c.get("autoincrement"))
            for c in inspector.get_columns(name)
        ]
        found[name] = (
            columns,
            inspector.get_pk_constraint(name),
            inspector.get_foreign_keys(name),
            inspector.get_indexes(name),
            [check["sqltext"] for check in inspector.get_check_constraints(name)],
        )
    if connection.dialect.name == "sqlite":
        triggers = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    else:
        triggers = text(
            "SELECT tgname, pg_get_triggerdef(pg_trigger.oid), "
            "regexp_replace(pg_get_functiondef(tgfoid), '\\s+', ' ', 'g') "
            "FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace ORDER BY tgname"
        )
    own = connection.dialect.default_schema_name or "main"
    return found | {
        "triggers": [
            tuple(str(cell).replace(f" {own}.", " ") for cell in row) for row in connection.execute(triggers)
        ]
    }


@pytest.mark.parametrize("version", [0, *OLDER])
def test_the_steps_lead_to_the_schema_of_a_new_study(store: StudyStore, location: str, version: int) -> None:
    with store._engine.connect() as connection:
        made = shape_of(connection)
    other = _another(location)
    if version:
        make_old(other, version)
        upgrade_study(other, software_version="0.2.0")
    else:
        _from_nothing(other)
    with connected(other) as connection:
        assert shape_of(connection) == made
        assert connection.execute(select(text("version_num")).select_from(text("alembic_version"))).all() == [
            ("0004",)
        ]
    assert len(made["triggers"]) == (8 if "://" not in location else 4)  # type: ignore[arg-type]


def _from_nothing(location: str) -> None:
    place = parse_location(location)
    if isinstance(place, Folder):
        place.path.mkdir()
        engine = sqlite_engine(place.database, create=True)
    else:
        engine = postgresql_engine(place.url)
    with writing(engine, location) as connection:
        migrate(connection)
    engine.dispose()


def _another(location: str) -> str:
    if "://" not in location:
        return f"{location}-2"
    with connected(location) as connection:  # a second schema of the same database, searched first
        connection.execute(text("CREATE SCHEMA other"))
    return f"{location}&options=-csearch_path%3Dother"
