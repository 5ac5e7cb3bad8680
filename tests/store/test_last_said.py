"""What was deleted, hidden or put back by hand is named: the history says what must be there."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, text

from cytorecon.errors import StoreError
from cytorecon.store import (
    StudyApprovals,
    StudyLocks,
    StudyStore,
    erase_patient,
    schema,
    users,
    verify_history,
)
from cytorecon.store.location import parse_location
from tests.store.examples import STUDY, TUBES, failed, result_of
from tests.store.old_studies import connected
from tests.store.test_audit import HINT, by_hand, complaint_of

WORDS = "four words and a number 7"


@pytest.fixture
def kept(store: StudyStore, location: str, monkeypatch: pytest.MonkeyPatch) -> StudyStore:
    """Give a study with results of both patients, a lock, users and the rule of four eyes."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(users, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    for tube in TUBES:
        store.save_tube(tube, result_of(tube.tube))
    with StudyLocks.open(location) as locks:
        locks.lock("P01", by="AB", why="reported")
    with StudyApprovals.open(location) as approvals:
        approvals.save_user("CD", "approver", WORDS)
        approvals.save_user("EF", "approver", WORDS)
        approvals.set_four_eyes(needed=True)
    return store


def of_a_user(location: str, name: str) -> str:
    """Return the statement that puts a user back to what is stored now."""
    with connected(location) as connection:
        row = connection.execute(text(f"SELECT role, password_hash FROM users WHERE name = '{name}'")).one()
    return (
        f"UPDATE users SET role = '{row.role}', active = true, password_hash = '{row.password_hash}' "
        f"WHERE name = '{name}'"
    )


@pytest.mark.parametrize(
    ("statements", "what", "found"),
    [
        (("DELETE FROM results WHERE tube = 'P02/d30/1'",), "result of P02/d30/1", "none"),
        (("DELETE FROM results WHERE tube = 'P02/d30/1'", "DELETE FROM tubes WHERE tube = 'P02/d30/1'"),
         "result of P02/d30/1", "none"),
        (("DELETE FROM events WHERE patient = 'P01'", "DELETE FROM results WHERE tube LIKE 'P01/%'",
          "DELETE FROM tubes WHERE patient = 'P01'", "DELETE FROM patients WHERE patient = 'P01'"),
         "patient P01, who is locked", "none"),
        (("UPDATE tubes SET removed = true WHERE tube = 'P01/d30/1'",), "tube P01/d30/1",
         "a tube that was taken out"),
        (("UPDATE study SET four_eyes = false",), "rule of four eyes", "one person signs"),
        (("UPDATE study SET erasing = true",), "study",
         "a mark that a patient is being erased, which lets rows of the history be deleted"),
        (("DELETE FROM users WHERE name = 'CD'",), "user CD", "none"),
        (("UPDATE users SET role = 'admin' WHERE name = 'CD'",), "user CD",
         "another role, password or state"),
    ],
)  # fmt: skip
def test_what_must_be_there_is_named(
    kept: StudyStore, location: str, statements: tuple[str, ...], what: str, found: str
) -> None:
    verify_history(location)
    by_hand(location, *statements)
    assert complaint_of(location) == (
        f"{parse_location(location)}, {what}: What is stored is not what the program wrote. Found: {found}. "
        f"Allowed: what the last line of the history about it was written with. {HINT}."
    )


@pytest.mark.parametrize("table", ["history", "history_details", "overrides", "approvals"])
def test_a_trigger_that_is_gone_is_named(kept: StudyStore, location: str, table: str) -> None:
    name = f"{table}_no_update"
    with connected(location) as connection:
        if connection.dialect.name == "postgresql":
            name = f"{table}_append_only"
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
        else:
            connection.execute(text(f"DROP TRIGGER {name}"))
    assert f"trigger {name}: What is stored is not what the program wrote." in complaint_of(location)


def test_what_the_program_takes_out_is_no_misfit(kept: StudyStore, location: str) -> None:
    kept.remove_tube("P02/d30/1", reason="clotted")
    verify_history(location)
    by_hand(location, "UPDATE tubes SET removed = false WHERE tube = 'P02/d30/1'")
    assert "tube P02/d30/1: " in complaint_of(location)
    assert "Found: a tube that was not taken out." in complaint_of(location)
    by_hand(location, "UPDATE tubes SET removed = true WHERE tube = 'P02/d30/1'")
    kept.restore_tube("P02/d30/1")
    verify_history(location)
    sheet = STUDY.model_copy(update={"tubes": [tube for tube in TUBES if tube.patient == "P01"]})
    kept.replace_sheet(sheet, remove_missing=True)
    verify_history(location)
    kept.replace_sheet(STUDY)
    assert "P02/d30/1" in {tube.tube for tube in kept.study().tubes}
    verify_history(location)
    kept.save_tube(TUBES[0], result_of("P02/d30/1"))
    verify_history(location)
    by_hand(location, "DELETE FROM results WHERE tube = 'P02/d30/1'")
    assert "result of P02/d30/1: " in complaint_of(location)


def test_a_result_put_back_after_its_tube_went_is_named(store: StudyStore, location: str) -> None:
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    with connected(location) as connection:
        row = connection.execute(select(schema.results)).mappings().one()
    store.replace_sheet(STUDY.model_copy(update={"tubes": TUBES[1:]}), remove_missing=True)
    store.replace_sheet(STUDY)
    with connected(location) as connection:
        connection.execute(insert(schema.results), dict(row))
    assert "result of P02/d30/1: What is stored is not" in complaint_of(location)
    assert "Found: a result that nothing wrote." in complaint_of(location)


def test_results_that_a_sheet_discards_have_lines(store: StudyStore, location: str) -> None:
    store.save_tube(TUBES[0], failed("P02/d30/1"))
    later = TUBES[0].model_copy(update={"lymphocytes_cells_per_ul": 70.0})
    store.replace_sheet(STUDY.model_copy(update={"tubes": (later, *TUBES[1:])}))
    lines = [(entry.tube, entry.reason) for entry in store.history() if entry.what == "result_discarded"]
    assert lines == [
        ("P02/d30/1", "the sample sheet says something else of it, and it had failed"),
    ]
    verify_history(location)


def test_an_erasure_keeps_what_is_said_of_others(kept: StudyStore, location: str) -> None:
    kept.remove_tube("P02/d30/1", reason="exchanged with P01")
    with StudyLocks.open(location) as locks:
        locks.lock("P02", by="AB", why="as P01")
    erase_patient(location, "P01", by="EF", why="asked by letter")
    verify_history(location)
    assert set(kept.locks()) == {"P02"}
    by_hand(location, "UPDATE tubes SET removed = false")
    assert "tube P02/d30/1: " in complaint_of(location)


def test_who_was_put_back_by_hand_cannot_sign(kept: StudyStore, location: str) -> None:
    back = of_a_user(location, "CD")
    with StudyApprovals.open(location) as approvals:
        approvals.save_user("CD", "viewer", "other words and a number 8")
        by_hand(location, back)
        seen = {one.patient: one.now.sha256 for one in approvals.states(software_version="0.1.0")}
        with pytest.raises(StoreError) as caught:
            approvals.sign(seen, by="CD", password=WORDS, software_version="0.1.0")
        assert str(caught.value) == (
            f"{parse_location(location)}, user CD: The signature is refused: what is stored is not what the "
            "program wrote. Nothing was signed. Found: another role, password or state. Allowed: what the "
            "last line of the history about it was written with. Run: cytorecon audit verify STUDY. To set "
            "it again: cytorecon db user, or db rule; the history tells who did."
        )
        assert "user CD: " in complaint_of(location)
        approvals.sign(seen, by="EF", password=WORDS, software_version="0.1.0")


def test_a_rule_put_back_by_hand_approves_nothing_and_signs_nothing(kept: StudyStore, location: str) -> None:
    with StudyApprovals.open(location) as approvals:
        seen = {one.patient: one.now.sha256 for one in approvals.states(software_version="0.1.0")}
        approvals.sign(seen, by="EF", password=WORDS, software_version="0.1.0")
        by_hand(location, "UPDATE study SET four_eyes = false")
        states = {one.state for one in approvals.states(software_version="0.1.0")}
        assert states == {"needs a second person"}
        with pytest.raises(StoreError, match="rule of four eyes: The signature is refused"):
            approvals.sign(seen, by="CD", password=WORDS, software_version="0.1.0")
        approvals.set_four_eyes(needed=False)
        assert {one.state for one in approvals.states(software_version="0.1.0")} == {"approved"}
    verify_history(location)
