"""Signatures are of exactly what was seen, by whom they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from cytorecon.errors import StoreError
from cytorecon.store import StudyApprovals, StudyStore, User, schema, users, verify_history
from cytorecon.store.location import parse_location
from cytorecon.study.model import ClinicalEvent, Patient
from tests.store.conftest import TickingClock
from tests.store.examples import STUDY, TUBES, result_of
from tests.store.old_studies import connected, make_old
from tests.store.test_audit import by_hand, complaint_of
from tests.store.test_overrides import record

WORDS = "four words and a number 7"
VERSION = "0.1.0"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory: what argon2 does with more is not tested here."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(users, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))


@pytest.fixture
def approvals(store: StudyStore, location: str) -> Iterator[StudyApprovals]:
    """Give a study with results of both patients, and users of each role."""
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    store.save_tube(TUBES[1], result_of("P01/d30/1"))
    with StudyApprovals.open(location, clock=TickingClock(), who="admin") as approvals:
        for name, role in (("CD", "approver"), ("EF", "admin"), ("AB", "approver"), ("GH", "editor")):
            approvals.save_user(name, role, f"{WORDS} of {name}")  # type: ignore[arg-type]
        yield approvals


def seen(approvals: StudyApprovals, *patients: str) -> dict[str, str]:
    return {
        state.patient: state.now.sha256
        for state in approvals.states(software_version=VERSION)
        if state.patient in patients
    }


def sign(approvals: StudyApprovals, *patients: str, by: str = "CD") -> None:
    approvals.sign(seen(approvals, *patients), by=by, password=f"{WORDS} of {by}", software_version=VERSION)


def states(approvals: StudyApprovals, version: str = VERSION) -> dict[str, str]:
    return {state.patient: state.state for state in approvals.states(software_version=version)}


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return str(caught.value)


def test_a_signature_is_of_one_patient_as_it_stands(approvals: StudyApprovals, location: str) -> None:
    assert states(approvals) == {"P02": "not approved", "P01": "not approved"}
    before = seen(approvals, "P02")["P02"]
    sign(approvals, "P02")
    assert states(approvals) == {"P02": "approved", "P01": "not approved"}
    with StudyStore.open(location) as store:
        result = store.result(plots=False)
        assert approvals.approved(result, software_version=VERSION) == {"P02"}
        new_result(store)
        assert approvals.approved(result, software_version=VERSION) == {"P02"}
        assert approvals.approved(store.result(plots=False), software_version=VERSION) == frozenset()
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
    (state, _) = approvals.states(software_version=VERSION)
    (signature,) = state.approvals
    assert (signature.by, signature.at, signature.sha256) == ("CD", "2031-05-01T12:04:00+00:00", before)
    assert signature.document == state.now
    assert signature.document.sha256 == before
    assert verify_history(location).lines == 10


def new_result(store: StudyStore) -> None:
    store.save_tube(TUBES[0], result_of("P02/d30/1", events=513))


def new_event(store: StudyStore) -> None:
    event = ClinicalEvent(patient="P02", kind="cmv", start_day=3)
    store.replace_sheet(STUDY.model_copy(update={"events": (*STUDY.events, event)}))


def known_age(store: StudyStore) -> None:
    store.save_patient(Patient(patient="P02", age_years=40.0))


def removed_tube(store: StudyStore) -> None:
    store.remove_tube("P02/d30/1", reason="clotted")


@pytest.mark.parametrize("change", [new_result, new_event, known_age, removed_tube])
def test_whatever_changes_later_leaves_the_signature_on_what_was_signed(
    approvals: StudyApprovals, store: StudyStore, change: Callable[[StudyStore], None]
) -> None:
    sign(approvals, "P01", "P02")
    signed = seen(approvals, "P02")["P02"]
    change(store)
    assert states(approvals) == {"P02": "changed since it was approved", "P01": "approved"}
    (state, _) = approvals.states(software_version=VERSION)
    assert [one.sha256 for one in state.approvals] == [signed]


def test_what_is_undone_is_what_was_signed(approvals: StudyApprovals, store: StudyStore) -> None:
    sign(approvals, "P02")
    removed_tube(store)
    store.restore_tube("P02/d30/1")
    assert states(approvals)["P02"] == "approved"


def test_another_version_of_the_software_was_not_signed(approvals: StudyApprovals) -> None:
    sign(approvals, "P02")
    assert states(approvals, "0.2.0")["P02"] == "changed since it was approved"


def test_what_changed_while_it_was_looked_at_is_not_signed(
    approvals: StudyApprovals, store: StudyStore, location: str
) -> None:
    looked_at = seen(approvals, "P01", "P02")
    new_result(store)
    now = seen(approvals, "P02")["P02"]
    said = refusal(
        lambda: approvals.sign(looked_at, by="CD", password=f"{WORDS} of CD", software_version=VERSION)
    )
    assert said == (
        f"{parse_location(location)}, patient P02: The results were changed after they were shown; "
        f"nothing was signed. Found: {now}. Allowed: {looked_at['P02']}. "
        "Look at them again, then sign what stands now."
    )
    assert states(approvals) == {"P02": "not approved", "P01": "not approved"}


def test_a_gate_edited_while_an_approval_is_signed_is_never_under_the_signature(
    approvals: StudyApprovals, store: StudyStore, location: str
) -> None:
    start = Barrier(2, timeout=60)
    password = f"{WORDS} of CD"

    def edit(number: int) -> None:
        with StudyStore.open(location) as other:
            start.wait()
            other.add_override(record(number / 1000))
            other.save_tube(TUBES[1], result_of("P01/d30/1", events=number))

    def signed(looked_at: dict[str, str]) -> bool:
        start.wait()
        try:
            approvals.sign(looked_at, by="CD", password=password, software_version=VERSION)
        except StoreError as error:
            refusals.append(error.message)
            return False
        return True

    signatures, refusals = [], list[str]()
    with ThreadPoolExecutor(2) as pool:
        for number in range(600, 620):
            looked_at = seen(approvals, "P01")
            editing = pool.submit(edit, number)
            signatures += [looked_at["P01"]] if pool.submit(signed, looked_at).result() else []
            editing.result()
            # what was edited is not what was signed, whoever came first: the report is a draft
            result = store.result(plots=False)
            assert approvals.approved(result, software_version=VERSION) == frozenset()
    assert set(refusals) <= {"The results were changed after they were shown; nothing was signed."}
    (_, state) = approvals.states(software_version=VERSION)
    assert [one.sha256 for one in state.approvals] == signatures
    assert [one.document.sha256 for one in state.approvals] == signatures


@pytest.mark.parametrize(
    ("by", "password"),
    [
        ("CD", f"{WORDS} of EF"),
        ("CD", ""),
        ("nobody", f"{WORDS} of CD"),
        ("GH", f"{WORDS} of GH"),
        ("cd", f"{WORDS} of CD"),
    ],
)
def test_a_signature_needs_the_password_of_one_who_may_sign(
    approvals: StudyApprovals, location: str, by: str, password: str
) -> None:
    asked = seen(approvals, "P02")
    said = refusal(lambda: approvals.sign(asked, by=by, password=password, software_version=VERSION))
    assert said == (
        f"{parse_location(location)}, user {by}: The signature is refused; nothing was signed. "
        "Found: a name or password that does not fit, or a user who may not sign. "
        "Allowed: an active user with the role approver or admin, and the password. "
        "Users are made with: cytorecon db user STUDY NAME --role approver."
    )
    assert states(approvals)["P02"] == "not approved"


def test_who_is_not_active_or_has_a_new_password(approvals: StudyApprovals) -> None:
    approvals.save_user("CD", "approver", f"{WORDS} of CD", active=False)
    assert "The signature is refused" in refusal(lambda: sign(approvals, "P02"))
    approvals.save_user("CD", "approver", "another one, as long")
    assert "The signature is refused" in refusal(lambda: sign(approvals, "P02"))
    assert approvals.users()[1] == User(name="CD", role="approver")


def test_a_password_written_in_another_form_is_the_same(approvals: StudyApprovals) -> None:
    approvals.save_user("CD", "approver", "Gänseblümchen 1234")
    asked = seen(approvals, "P02")
    approvals.sign(asked, by="CD", password="Ga\u0308nseblu\u0308mchen 1234", software_version=VERSION)
    assert states(approvals)["P02"] == "approved"


def test_one_person_signs_once(approvals: StudyApprovals, location: str) -> None:
    sign(approvals, "P02")
    assert refusal(lambda: sign(approvals, "P02")) == (
        f"{parse_location(location)}, patient P02: This person signed these results already; nothing was "
        "signed. Found: a signature by CD. Allowed: one signature a person. "
        "With the rule of four eyes, another person signs."
    )


def test_nothing_to_sign(approvals: StudyApprovals, store: StudyStore, location: str) -> None:
    store.save_patient(Patient(patient="P03"))
    words = f"{WORDS} of CD"
    for patient, found in (("P03", "no tube with a result"), ("P9", "no such patient")):
        said = refusal(
            lambda name=patient: approvals.sign(  # type: ignore[misc]
                {name: ""}, by="CD", password=words, software_version=VERSION
            )
        )
        assert said == (
            f"{parse_location(location)}, patient {patient}: There is nothing to sign; nothing was signed. "
            f"Found: {found}. Allowed: a patient of the study with results. Run the batch first."
        )


def test_four_eyes_are_two_persons_of_whom_one_set_no_gate(
    approvals: StudyApprovals, store: StudyStore
) -> None:
    store.add_override(record(0.5))  # by AB, of a tube of P01
    sign(approvals, "P01", by="AB")
    assert states(approvals)["P01"] == "approved"
    approvals.set_four_eyes(needed=True)
    assert states(approvals)["P01"] == "needs a second person"
    sign(approvals, "P01", by="CD")
    assert states(approvals)["P01"] == "approved"
    approvals.save_user("cd", "approver", f"{WORDS} of cd")
    assert states(approvals)["P01"] == "approved"
    sign(approvals, "P02", by="CD")
    assert states(approvals)["P02"] == "needs a second person"
    approvals.set_four_eyes(needed=False)
    assert states(approvals)["P02"] == "approved"


def test_two_who_both_set_gates_are_not_enough(approvals: StudyApprovals, store: StudyStore) -> None:
    approvals.set_four_eyes(needed=True)
    store.add_override(record(0.5))
    store.add_override(record(0.25).model_copy(update={"by": "cd"}))
    sign(approvals, "P01", by="AB")
    sign(approvals, "P01", by="CD")
    assert states(approvals)["P01"] == "needs a second person"
    sign(approvals, "P01", by="EF")
    assert states(approvals)["P01"] == "approved"


def test_who_set_a_gate_of_a_whole_batch_is_known_by_the_results_that_rest_on_it(
    approvals: StudyApprovals, store: StudyStore
) -> None:
    of_batch = record(0.5).model_copy(update={"scope": "batch", "target": "b1"})
    store.add_override(of_batch)
    result = result_of("P01/d30/1")
    gates = (replace(result.gates[0], override=of_batch.id), *result.gates[1:])
    store.save_tube(TUBES[1], result.model_copy(update={"gates": gates}))
    approvals.set_four_eyes(needed=True)
    sign(approvals, "P01", "P02", by="AB")
    sign(approvals, "P01", "P02", by="CD")
    assert states(approvals) == {"P01": "approved", "P02": "approved"}
    store.add_override(of_batch.model_copy(update={"by": "CD"}))
    assert states(approvals)["P01"] == "approved"


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_signature_cannot_be_changed(approvals: StudyApprovals, verb: str) -> None:
    sign(approvals, "P02")
    table = schema.approvals
    statement = update(table).values(signed_by="EF") if verb == "update" else delete(table)
    with pytest.raises(DBAPIError, match="approvals is append-only"), approvals._engine.begin() as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE approvals SET signed_by = 'EF'", "signature 1"),
        ("UPDATE approvals SET patient = 'P01'", "signature 1"),
        ("DELETE FROM approvals", "signature 1"),
        ("UPDATE users SET role = 'admin' WHERE name = 'GH'", "user GH"),
        ("UPDATE users SET password_hash = 'x' WHERE name = 'CD'", "user CD"),
    ],
)
def test_the_history_knows_signatures_and_users(
    approvals: StudyApprovals, location: str, statement: str, what: str
) -> None:
    sign(approvals, "P02")
    verify_history(location)
    by_hand(location, statement)
    assert f", {what}: What is stored is not what the program wrote." in complaint_of(location)


def test_names_and_passwords_that_cannot_be_used(approvals: StudyApprovals, location: str) -> None:
    place = parse_location(location)
    for name in ("", "a@b.org", "-x", "x" * 41, "Ä", "a\nb"):
        assert "This cannot be the name of a user." in refusal(
            lambda name=name: approvals.save_user(name, "approver", WORDS)  # type: ignore[misc]
        )
    assert refusal(lambda: approvals.save_user("a@b.org", "approver", WORDS)) == (
        f"{place}: This cannot be the name of a user. Found: a@b.org. Allowed: up to 40 letters, digits "
        "and . _ -. Take initials or a short name, no e-mail."
    )
    assert refusal(lambda: approvals.save_user("CD", "approver", "too short 1234")) == (
        f"{place}: The password cannot be used. Found: 14 characters. Allowed: 15 to 1024. "
        "Take several words."
    )


def test_no_password_is_on_the_disk(approvals: StudyApprovals) -> None:
    with approvals._engine.connect() as connection:
        hashes = connection.execute(select(schema.users.c.password_hash)).scalars().all()
        lines = str(connection.execute(text("SELECT * FROM history_details")).all())
    assert all(kept.startswith("$argon2id$v=19$") for kept in hashes)
    assert len(set(hashes)) == 4
    assert WORDS not in lines + str(hashes)


def test_an_older_study_has_no_signatures(location: str) -> None:
    make_old(location, 3)
    with StudyApprovals.open(location) as approvals:
        with StudyStore.open(location) as store:
            result = store.result()
        assert approvals.approved(result, software_version=VERSION) == frozenset()
        assert "Bring it up to date with: cytorecon db upgrade STUDY." in refusal(
            lambda: approvals.states(software_version=VERSION)
        )


def test_a_signed_document_that_was_damaged(approvals: StudyApprovals, location: str) -> None:
    sign(approvals, "P02")
    by_hand(location, "UPDATE approvals SET document = '{}'")
    with connected(location):
        assert f"{parse_location(location)}, signature 1: A stored document cannot be read." in refusal(
            lambda: states(approvals)
        )
