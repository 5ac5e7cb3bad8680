"""The history is a chain: whatever is changed by hand is named."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from cytorecon.errors import StoreError
from cytorecon.store import StudyStore, Verified, export_history, verify_history
from cytorecon.store.chain import GENESIS
from cytorecon.store.location import parse_location
from cytorecon.study.model import Patient
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of
from tests.store.old_studies import connected, make_old
from tests.store.test_overrides import record

HINT = (
    "Somebody changed the database by other means, or the disk did. Compare it with a backup "
    "(cytorecon db restore BACKUP.zip --to PLACE)"
)


@pytest.fixture
def written(store: StudyStore) -> StudyStore:
    """Give a study with a line of many kinds: 7 lines."""
    store.save_patient(Patient(patient="P03"))
    store.save_tube(TUBES[0], result_of("P02/d30/1"), reason="first")
    store.add_override(record(0.5))
    store.save_tube(TUBES[0], result_of("P02/d30/1", events=9))
    store.set_settings('{"a": 1}')
    store.remove_tube("P02/d30/1", reason="clotted")
    return store


def by_hand(location: str, *statements: str) -> None:
    """Change the database as somebody with all rights would, who leaves the triggers as they were."""
    with connected(location) as connection:
        triggers = _without_triggers(connection)
        for statement in statements:
            connection.execute(text(statement))
        for trigger in triggers:
            connection.exec_driver_sql(trigger)


def _without_triggers(connection: Connection) -> list[str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return []
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in found:
        connection.execute(text(f"DROP TRIGGER {name}"))
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    return [sql for _, sql in found]


def complaint_of(location: str, *, head: str = "") -> str:
    with pytest.raises(StoreError) as caught:
        verify_history(location, head=head)
    return str(caught.value)


def test_an_untouched_history_fits_and_its_head_changes_with_each_line(
    written: StudyStore, location: str
) -> None:
    first = verify_history(location)
    assert first == Verified(7, first.head)
    assert len(first.head) == 64
    written.set_settings("{}")
    second = verify_history(location, head=first.head)
    assert second == Verified(8, second.head, since=1)
    assert second.head != first.head
    assert verify_history(location, head=second.head).since == 0


@pytest.mark.parametrize(
    ("statement", "line", "found"),
    [
        ("UPDATE history SET who = 'CD' WHERE revision = 3", 3, "a hash that is not that of its content"),
        ("UPDATE history SET at = '2031-05-01T13:00:00+00:00' WHERE revision = 1", 1,
         "a hash that is not that of its content"),
        ("UPDATE history SET hash = anew WHERE revision = 4", 4, "a hash that is not that of its content"),
        ("UPDATE history_details SET reason = 'was fine' WHERE revision = 7", 7,
         "another tube or reason than it was written with"),
        ("UPDATE history_details SET tube = 'P01/d30/1' WHERE revision = 5", 5,
         "another tube or reason than it was written with"),
        ("DELETE FROM history_details WHERE revision = 2", 2,
         "no tube and reason, although nothing about it was erased"),
        ("UPDATE study SET revision = 6", 7, "7 lines, where the study counts 6"),
    ],
)  # fmt: skip
def test_a_line_changed_by_hand_is_named(
    written: StudyStore, location: str, statement: str, line: int, found: str
) -> None:
    by_hand(location, statement.replace("anew", f"'{'a' * 64}'"))
    assert complaint_of(location) == (
        f"{parse_location(location)}, line {line}: The history was changed after it was written. "
        f"Found: {found}. Allowed: lines as the program wrote them. {HINT} or with an exported history."
    )


@pytest.mark.parametrize(("gone", "found"), [(4, "line 5 in its place"), (1, "line 2 in its place")])
def test_a_line_that_was_taken_out_is_named(
    written: StudyStore, location: str, gone: int, found: str
) -> None:
    by_hand(
        location,
        f"DELETE FROM history_details WHERE revision = {gone}",
        f"DELETE FROM history WHERE revision = {gone}",
    )
    assert f"line {gone}: The history was changed" in complaint_of(location)
    assert f"Found: {found}." in complaint_of(location)


def test_the_last_line_taken_out_with_its_count_is_seen_by_a_head_that_was_noted_down(
    written: StudyStore, location: str
) -> None:
    head = verify_history(location).head
    written.set_settings("{}")
    last = verify_history(location).head
    by_hand(
        location,
        "DELETE FROM history_details WHERE revision = 8",
        "DELETE FROM history WHERE revision = 8",
        "UPDATE study SET revision = 7",
        "UPDATE study SET settings = '{\"a\": 1}'",
    )
    assert verify_history(location) == Verified(7, head)
    assert complaint_of(location, head=last) == (
        f"{parse_location(location)}, head: The history does not hold the line of this hash. "
        f"Found: {head} at its end. Allowed: {last}. {HINT} or with an exported history."
    )


def test_a_line_written_anew_with_its_own_hash_breaks_the_next(written: StudyStore, location: str) -> None:
    from cytorecon.store.audit import _line_of, _lines

    with connected(location) as connection:
        row = next(row for row in connection.execute(_lines()).all() if row.revision == 3)
        line = _line_of(row)
        forged = type(line)(3, line.at, line.what, "CD", line.mark, line.details_sha256, line.prev_hash)
    by_hand(location, f"UPDATE history SET who = 'CD', hash = '{forged.hash}' WHERE revision = 3")
    assert "line 4: " in complaint_of(location)
    assert "Found: the hash of another line before it." in complaint_of(location)


@pytest.mark.parametrize(
    ("statement", "what", "found"),
    [
        ("UPDATE results SET document = replace(document, '9', '8')", "result of P02/d30/1",
         "another result"),
        ("UPDATE results SET plots = '[]'", "result of P02/d30/1", "another result"),
        ("INSERT INTO results SELECT 'P01/d30/1', status, file_sha256, document, plots FROM results",
         "result of P01/d30/1", "a result that nothing wrote"),
        ("UPDATE study SET settings = '{}'", "settings", "other settings"),
        ("UPDATE overrides SET document = replace(document, 'dim', 'dark')", "decision 1", "another one"),
        ("DELETE FROM overrides", "decision 1", "none"),
        ("INSERT INTO overrides SELECT 2, id, document FROM overrides", "decision 2",
         "one that nothing wrote"),
        ("INSERT INTO users VALUES ('CD', 'approver', true, 'x')", "user CD",
         "another role, password or state"),
    ],
)  # fmt: skip
def test_what_is_stored_is_held_against_the_history(
    written: StudyStore, location: str, statement: str, what: str, found: str
) -> None:
    by_hand(location, statement)
    assert complaint_of(location) == (
        f"{parse_location(location)}, {what}: What is stored is not what the program wrote. Found: "
        f"{found}. "
        f"Allowed: what the last line of the history about it was written with. {HINT}."
    )


def test_a_result_that_went_away_is_no_misfit(written: StudyStore, location: str) -> None:
    written.replace_sheet(STUDY.model_copy(update={"tubes": TUBES[1:]}), remove_missing=True)
    assert verify_history(location).lines == written.revision()


@pytest.mark.parametrize("version", [1, 3])
def test_an_upgraded_study_is_held_against_what_was_stored_then(location: str, version: int) -> None:
    from cytorecon.store import upgrade_study

    make_old(location, version, decided=version > 1)
    assert "The study was written by an older version of cytorecon" in complaint_of(location)
    upgrade_study(location, software_version="0.2.0")
    verify_history(location)
    by_hand(location, "UPDATE results SET plots = '[]'")
    assert "result of P02/d30/1: What is stored is not what the program wrote." in complaint_of(location)


def test_a_clock_set_back_is_marked_and_the_order_stays(location: str) -> None:
    noon = datetime(2031, 5, 1, 12, tzinfo=UTC)
    times = iter([noon, noon + timedelta(days=1), noon - timedelta(hours=1), datetime.fromtimestamp(0, UTC)])
    with StudyStore.create(
        location, STUDY, SETTINGS, software_version="0.1.0", clock=lambda: next(times), who="AB"
    ) as store:
        for number in range(3):
            store.set_settings(str(number))
        assert [entry.revision for entry in store.history()] == [1, 2, 3, 4]
        assert {entry.who for entry in store.history()} == {"AB"}
    assert verify_history(location).clock_back == (3, 4)
    with connected(location) as connection:
        marks = connection.execute(text("SELECT mark FROM history ORDER BY revision")).scalars().all()
    assert marks == ["{}", "{}", '{"clock_back_seconds":90000}', '{"clock_back_seconds":1935399600}']


def test_who_decided_about_a_gate_stands_in_the_history(written: StudyStore) -> None:
    assert [entry.who for entry in written.history() if entry.what == "gate_decided"] == ["AB"]


def test_the_chain_itself_names_no_patient(written: StudyStore, location: str) -> None:
    with connected(location) as connection:
        everything = str(connection.execute(text("SELECT * FROM history")).all())
    assert "P0" not in everything
    assert "clotted" not in everything


def test_the_export_can_be_verified_by_anybody(written: StudyStore, location: str, tmp_path: Path) -> None:
    """The formula of the decision file, without our code."""
    import hashlib

    out = tmp_path / "history.jsonl"
    verified = export_history(location, out)
    *lines, end = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert end == {"head": verified.head, "lines": 7}
    previous = GENESIS

    def sha256(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    def canonical(content: object) -> str:
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    for line in lines:
        assert line["details_sha256"] == sha256(canonical(line.pop("details")))
        assert line.pop("prev_hash") == previous
        found = line.pop("hash")
        line["mark"] = canonical(line["mark"])
        assert found == sha256(previous + canonical(line))
        previous = found
    assert previous == verified.head


def test_an_export_never_replaces_a_file(written: StudyStore, location: str, tmp_path: Path) -> None:
    out = tmp_path / "history.jsonl"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        export_history(location, out)
    assert str(caught.value) == (
        f"{out}: There is a file of this name already; it was left as it is. Allowed: a new name. "
        "Choose another name, or move the file away."
    )
    assert out.read_text(encoding="utf-8") == "mine"
    with pytest.raises(StoreError) as caught:
        export_history(location, tmp_path / "no" / "history.jsonl")
    assert str(caught.value) == (
        f"{tmp_path / 'no' / 'history.jsonl'}: The file cannot be written; nothing was left behind. "
        "Found: No such file or directory. "
        "Allowed: a new file in a folder that this user may write, with room for it. "
        "Choose another place, or make room."
    )


def test_damaged_pages_are_found_before_anything_else(tmp_path: Path) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1", plot_bytes=50_000))
    with closing(sqlite3.connect(place / "study.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM tubes WHERE tube = 'P02/d30/1'")
        connection.commit()
    assert complaint_of(str(place)) == (
        f"{place}: The study database is damaged. Found: a row of results that belongs to nothing. "
        f"Allowed: a database as the program wrote it. {HINT} or with an exported history."
    )
