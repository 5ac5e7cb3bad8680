"""A patient who is erased is in no byte any more, and the history still fits."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, event, select, text

from cytorecon.errors import Issue, Severity, StoreError
from cytorecon.gating.overrides import Override
from cytorecon.store import (
    Erased,
    StudyApprovals,
    StudyStore,
    back_up,
    erase_patient,
    restore_backup,
    schema,
    upgrade_study,
    users,
    verify_history,
)
from cytorecon.store.location import parse_location
from cytorecon.study.model import Patient, Readout
from tests.store.conftest import TickingClock
from tests.store.examples import STUDY, TUBES, result_of
from tests.store.old_studies import connected, make_old
from tests.store.test_audit import by_hand, complaint_of
from tests.store.test_overrides import record

WORDS = "four words and a number 7"
WHY = "asked by letter"
BLOBS = {tube.tube: f"FCS3.1 of {tube.tube}".encode() for tube in TUBES}


def sha256_of(tube: str) -> str:
    return hashlib.sha256(BLOBS[tube]).hexdigest()


@pytest.fixture
def rich(store: StudyStore, location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a study that knows P01 in every way there is, and return the folder of its kept files."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(users, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    files = tmp_path / "kept" if "://" in location else Path(location) / "blobs"
    readout = Readout(patient="P01", day=14, readout="anc", value=510, unit="cells/µL")
    store.replace_sheet(STUDY.model_copy(update={"readouts": (readout,)}))
    for tube in TUBES[:2]:
        store.save_tube(tube, result_of(tube.tube, sha256=sha256_of(tube.tube)), reason="of P02, not P01")
    store.save_patient(Patient(patient="P01", age_years=7.0))
    store.add_override(record(0.5))
    store.add_override(of_other_tube())
    store.set_settings('{"a": 1}', reason="a batch with P01/d30/1")
    store.change_issues(lambda issues: (*issues, Issue("x.y", Severity.INFO, "P01/d30/1", "It is odd.")))
    with StudyApprovals.open(location, clock=TickingClock()) as approvals:
        approvals.save_user("CD", "approver", WORDS)
        seen = {one.patient: one.now.sha256 for one in approvals.states(software_version="0.1.0")}
        approvals.sign(seen, by="CD", password=WORDS, software_version="0.1.0")
    for tube in TUBES[:2]:
        path = files / sha256_of(tube.tube)[:2] / f"{sha256_of(tube.tube)}.fcs"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(BLOBS[tube.tube])
    store.remove_tube("P02/d30/1", reason="exchanged with P01")
    store.restore_tube("P02/d30/1")
    return files


def of_other_tube() -> Override:
    return record(0.25).model_copy(update={"target": "P02/d30/1"})


def erase(location: str, files: Path, patient: str = "P01", why: str = WHY) -> Erased:
    return erase_patient(location, patient, by="EF", why=why, files=files, clock=TickingClock())


def traces_in(location: str) -> list[str]:
    """Return the tables in which P01 is named, whatever the column."""
    with connected(location) as connection:
        return [
            table.name
            for table in schema.metadata.sorted_tables
            if "P01" in str(connection.execute(select(table)).all())
        ]


def test_nothing_of_the_patient_is_left_and_nothing_of_others_is_gone(
    store: StudyStore, rich: Path, location: str
) -> None:
    head = verify_history(location).head
    assert len(traces_in(location)) == 9
    other = store.tube_result("P02/d30/1")
    done = erase(location, rich)
    assert (done.tubes, done.files, done.still_named, done.copies) == (2, 1, (), ())
    assert done.lines == 7
    assert traces_in(location) == []
    study = store.study()
    assert [patient.patient for patient in study.patients] == ["P02"]
    assert [tube.tube for tube in study.tubes] == ["P02/d30/1"]
    assert [event.patient for event in study.events] == ["P02"]
    assert study.readouts == ()
    assert study.issues == STUDY.issues
    assert store.tube_result("P02/d30/1") == other
    assert store.overrides() == (of_other_tube(),)
    with StudyApprovals.open(location) as approvals:
        states = approvals.states(software_version="0.1.0")
    assert [(state.patient, state.state) for state in states] == [("P02", "approved")]
    assert [path.stem for path in rich.rglob("*.fcs")] == [sha256_of("P02/d30/1")]
    assert verify_history(location, head=head).erased == done.lines


def test_the_history_says_that_somebody_was_erased_and_not_who(
    store: StudyStore, rich: Path, location: str
) -> None:
    done = erase(location, rich)
    last = store.history()[-1]
    assert (last.what, last.who, last.reason, last.tube) == ("patient_erased", "EF", WHY, "")
    erased = [entry for entry in store.history() if entry.erased]
    assert len(erased) == done.lines
    assert {(entry.tube, entry.reason) for entry in erased} == {("", "")}
    again = [entry for entry in store.history() if entry.reason.startswith("noted again")]
    assert [(entry.what, entry.tube) for entry in again] == [
        ("tube_saved", "P02/d30/1"),
        ("settings_set", ""),
    ]
    with connected(location) as connection:
        mark = json.loads(
            connection.execute(text("SELECT mark FROM history ORDER BY revision DESC LIMIT 1")).scalar_one()
        )
    assert mark["revisions"] == [entry.revision for entry in erased]
    assert mark["tubes"] == 2
    assert mark["patient_sha256"] == hashlib.sha256(f"{mark['salt']}\0P01".encode()).hexdigest()


def test_no_byte_of_the_folder_names_the_patient(tmp_path: Path) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, "{}", software_version="0.1.0") as store:
        for events in range(20):
            store.save_tube(TUBES[1], result_of("P01/d30/1", events=events, plot_bytes=20_000))
    everything = b"".join(path.read_bytes() for path in place.iterdir())
    assert b"P01" in everything
    assert erase_patient(place, "P01", by="EF", why=WHY).swept
    everything = b"".join(path.read_bytes() for path in place.iterdir())
    assert b"P01" not in everything
    assert b"P02/d30/1" in everything


def test_a_reader_keeps_the_space_from_being_overwritten_and_the_next_call_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, "{}", software_version="0.1.0") as store:
        store.save_tube(TUBES[1], result_of("P01/d30/1"))
        with store._engine.begin() as connection:
            connection.execute(select(schema.study)).all()
            assert not erase_patient(place, "P01", by="EF", why=WHY).swept
        revision = store.revision()
        assert erase_patient(place, "P01", by="EF", why=WHY) == Erased(0, 0, 0, (), (), swept=True)
        assert store.revision() == revision
    assert b"P01" not in b"".join(path.read_bytes() for path in place.iterdir())


def test_what_still_names_the_patient_is_said(store: StudyStore, rich: Path, location: str) -> None:
    why = record(0.5).model_copy(update={"scope": "batch", "target": "b1", "why": "as in P01/d30/1"})
    store.add_override(why)
    store.save_patient(Patient(patient="P011"))
    assert erase(location, rich).still_named == ("overrides",)
    assert [patient.patient for patient in store.study().patients] == ["P02", "P011"]


def test_a_copy_that_an_upgrade_made_is_named(tmp_path: Path) -> None:
    make_old(str(tmp_path / "study"), 3, decided=True)
    copy = upgrade_study(tmp_path / "study", software_version="0.2.0").copy
    done = erase_patient(tmp_path / "study", "P01", by="EF", why=WHY)
    assert done.copies == (copy,)
    assert done.lines == 2
    assert verify_history(tmp_path / "study").erased == 2
    assert traces_in(str(tmp_path / "study")) == []


def test_a_file_that_another_patient_shares_stays(store: StudyStore, rich: Path, location: str) -> None:
    shared = result_of("P01/d-7/1", sha256=sha256_of("P02/d30/1"))
    store.save_tube(TUBES[2], shared)
    assert erase(location, rich).files == 1
    assert [path.stem for path in rich.rglob("*.fcs")] == [sha256_of("P02/d30/1")]


def test_a_study_with_an_erased_patient_is_backed_up_and_goes_on(
    store: StudyStore, rich: Path, location: str, tmp_path: Path
) -> None:
    erase(location, rich)
    store.save_tube(TUBES[0], result_of("P02/d30/1", sha256=sha256_of("P02/d30/1"), events=9))
    store.add_override(of_other_tube())
    note = back_up(location, tmp_path / "study.zip", files=rich)
    restore_backup(tmp_path / "study.zip", tmp_path / "again")
    assert verify_history(tmp_path / "again").head == note.head


def test_details_that_only_somebody_s_hand_erased_are_named(
    store: StudyStore, rich: Path, location: str
) -> None:
    erase(location, rich)
    by_hand(location, "DELETE FROM history_details WHERE revision = 1")
    assert "line 1: The history was changed after it was written." in complaint_of(location)


def test_rows_are_deleted_only_while_a_patient_is_erased(
    store: StudyStore, rich: Path, location: str
) -> None:
    from sqlalchemy.exc import DBAPIError

    erase(location, rich)
    with connected(location) as connection:
        assert connection.execute(select(schema.study.c.erasing)).scalar_one() is False
    with pytest.raises(DBAPIError, match="append-only"), store._engine.begin() as connection:
        connection.execute(delete(schema.history_details))


@pytest.mark.parametrize(("why", "found"), [(" ", "no reason"), ("P01 asked", "the pseudonym in it")])
def test_a_reason_that_cannot_stay(store: StudyStore, location: str, why: str, found: str) -> None:
    with pytest.raises(StoreError) as caught:
        erase_patient(location, "P01", by="EF", why=why)
    assert str(caught.value) == (
        f"{parse_location(location)}: An erasure needs a reason, which does not name the patient. "
        f"Found: {found}. Allowed: a few words. Say on what ground, for those who read the history."
    )


def test_somebody_nobody_knows(store: StudyStore, location: str) -> None:
    with pytest.raises(StoreError) as caught:
        erase_patient(location, "P9", by="EF", why=WHY)
    assert str(caught.value) == (
        f"{parse_location(location)}: The study has no such patient; nothing was erased. Found: P9. "
        "Allowed: a patient of the study. Write the pseudonym as the study does."
    )
    assert store.revision() == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_on_the_way_the_patient_is_there_or_gone(
    store: StudyStore, rich: Path, location: str, tmp_path: Path
) -> None:
    store.close()
    head = verify_history(location).head
    kills, statement = 0, 20
    while _erased_and_killed(location, rich, statement):
        kills += 1
        verified = verify_history(location, head=head)
        assert verified.since == 0 or traces_in(location) == []
        statement += 12
    assert kills >= 3
    assert traces_in(location) == []
    verify_history(location, head=head)


def _erased_and_killed(location: str, files: Path, at_statement: int) -> bool:
    from sqlalchemy import Engine

    child = os.fork()
    if child == 0:
        count = 0

        def counted(*_arguments: object) -> None:
            nonlocal count
            count += 1
            if count == at_statement:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            event.listen(Engine, "before_cursor_execute", counted)
            event.listen(Engine, "commit", counted)
            erase(location, files)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


# ------------------------------------------------------------------ the old sheet again


def test_the_old_sheet_brings_nobody_back(store: StudyStore, rich: Path, location: str) -> None:
    erase(location, rich)
    issue = Issue("row.odd", Severity.INFO, "P01/d30/1", "It is odd.")
    written = store.replace_sheet(STUDY.model_copy(update={"issues": (*STUDY.issues, issue)}))
    assert [str(issue) for issue in written.not_stored] == [
        f"error: manifest row {tube.row}: Patient P01 was erased on request. What the sheets say of the "
        "patient is left out. Take it out of the sheets. If consent was given anew: cytorecon batch MANIFEST "
        "--out STUDY --consent-anew P01; the history tells it."
        for tube in STUDY.tubes
        if tube.patient == "P01"
    ]
    assert traces_in(location) == []
    alone = STUDY.model_copy(update={"tubes": TUBES[:1], "events": ()})
    assert [issue.subject for issue in store.replace_sheet(alone).not_stored] == ["patient P01"]
    assert traces_in(location) == []
    verify_history(location)


def test_consent_given_anew_stands_in_the_history(store: StudyStore, rich: Path, location: str) -> None:
    erase(location, rich)
    written = store.replace_sheet(STUDY, consent_anew=["P01", "P02"])
    assert written.not_stored == ()
    assert [tube.tube for tube in store.study().tubes] == [tube.tube for tube in TUBES]
    reasons = [entry.reason for entry in store.history() if entry.what == "patient_saved"]
    assert reasons[-1] == "patient P01, who was erased: consent was given anew"
    assert store.replace_sheet(STUDY).not_stored == ()
    store.save_tube(TUBES[1], result_of("P01/d30/1"))
    verify_history(location)
    assert erase(location, rich).tubes == 2
    assert traces_in(location) == []
    assert len(store.replace_sheet(STUDY).not_stored) == 2


def test_no_other_door_brings_somebody_back(store: StudyStore, rich: Path, location: str) -> None:
    erase(location, rich)
    doors: tuple[Callable[[], object], ...] = (
        lambda: store.save_patient(Patient(patient="P01")),
        lambda: store.complete_patient(Patient(patient="P01")),
        lambda: store.check_unlocked("P01"),
        lambda: store.save_tube(TUBES[1], result_of("P01/d30/1"), patient=Patient(patient="P01")),
    )
    for door in doors:
        with pytest.raises(StoreError) as caught:
            door()
        assert str(caught.value) == (
            f"{parse_location(location)}, patient P01: This patient was erased on request; nothing was "
            "changed. Found: the pseudonym of somebody who was erased. Allowed: another patient. If consent "
            "was given anew: cytorecon batch MANIFEST --out STUDY --consent-anew P01; the history tells it."
        )
    assert traces_in(location) == []
