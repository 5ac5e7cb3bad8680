"""Backups and copies: the same study at another place, or nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from cytorecon.errors import StoreError
from cytorecon.store import (
    StudyStore,
    back_up,
    copy_study,
    restore_backup,
    upgrade_study,
    verify_history,
)
from cytorecon.store.location import parse_location
from cytorecon.study.model import Patient
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of, without_paths
from tests.store.old_studies import connected, content_of, make_old
from tests.store.test_concurrency import marks, writer
from tests.store.test_overrides import record

BLOB = b"FCS3.1 and so on" * 1000
NAME = hashlib.sha256(BLOB).hexdigest()


@pytest.fixture
def full(store: StudyStore) -> StudyStore:
    """Give a study with rows in every table that a batch fills; names in another order than bytes."""
    for name in ("a", "B", "Ä", "_", "10", "9"):
        store.save_patient(Patient(patient=name))
    store.save_tube(TUBES[0], result_of("P02/d30/1", plot_bytes=30_000))
    store.add_override(record(0.5))
    store.remove_tube("P02/d30/1", reason='clotted, "µ", Ω 😀\n\x1f')
    return store


def put_blob(folder: Path, content: bytes = BLOB, name: str = NAME) -> Path:
    path = folder / name[:2] / f"{name}.fcs"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def other_place(location: str, tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> str:
    """Return an empty place on the asked kind of database."""
    if kind == "folder":
        return str(tmp_path / "another")
    if "://" not in location:
        return str(request.getfixturevalue("postgres_url"))
    with connected(location) as connection:
        connection.execute(text("CREATE SCHEMA other"))
    return f"{location}&options=-csearch_path%3Dother"


TARGETS = pytest.mark.parametrize("kind", ["folder", pytest.param("server", marks=pytest.mark.postgres)])


def everything_in(location: str) -> dict[str, list[tuple[object, ...]]]:
    with connected(location) as connection:
        return content_of(connection)


def complaint_of(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return str(caught.value)


@TARGETS
def test_a_backup_is_restored_on_any_database(
    full: StudyStore, location: str, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    note = back_up(location, tmp_path / "study.zip")
    target = other_place(location, tmp_path, request, kind)
    moved = restore_backup(tmp_path / "study.zip", target)
    assert moved.tables == note.tables
    assert moved.head == note.head == verify_history(target).head == verify_history(location).head
    assert {table.name: table.rows for table in note.tables} == {
        "study": 1, "patients": 8, "tubes": 3, "results": 1, "events": 2, "readouts": 0, "history": 10,
        "history_details": 10, "overrides": 1, "users": 0, "approvals": 0, "files": 0, "work": 0,
    }  # fmt: skip
    with StudyStore.open(target) as again:
        assert again.study() == full.study()
        assert again.history() == full.history()
        assert again.overrides() == full.overrides()
        assert again.tube_result("P02/d30/1") == full.tube_result("P02/d30/1")
        again.save_tube(TUBES[0], result_of("P02/d30/1", events=7))
    assert verify_history(target, head=note.head).since == 1


@TARGETS
def test_a_copy_is_the_same_row_by_row(
    full: StudyStore, location: str, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    target = other_place(location, tmp_path, request, kind)
    moved = copy_study(location, target)
    assert moved.head == verify_history(target).head == verify_history(location).head
    assert moved.rows == sum(map(len, everything_in(location).values())) - 1  # without alembic's
    # SQLite has no booleans
    assert repr(everything_in(target)).replace("True", "1").replace("False", "0") == repr(
        everything_in(location)
    ).replace("True", "1").replace("False", "0")


def test_the_same_study_gives_the_same_bytes(full: StudyStore, location: str, tmp_path: Path) -> None:
    back_up(location, tmp_path / "a.zip")
    back_up(location, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("version", [1, 3])
def test_a_backup_of_an_older_study_is_restored_and_upgraded(
    location: str, tmp_path: Path, version: int
) -> None:
    make_old(location, version)
    note = back_up(location, tmp_path / "study.zip")
    assert (note.schema_version, note.head) == (version, "")
    target = str(tmp_path / "another")
    restore_backup(tmp_path / "study.zip", target)
    with StudyStore.open(target) as store:
        assert store.study() == without_paths(STUDY)
    assert upgrade_study(target, software_version="0.2.0").before == version
    verify_history(target)


def test_a_backup_while_others_write_is_of_one_moment(
    store: StudyStore, location: str, tmp_path: Path
) -> None:
    with writer(location, -1) as process:
        assert process.stdout is not None
        for _ in range(4):
            process.stdout.readline()
        back_up(location, tmp_path / "study.zip")
        process.stdout.readline()
        assert process.poll() is None
    restore_backup(tmp_path / "study.zip", tmp_path / "another")
    with StudyStore.open(tmp_path / "another") as again:
        found = marks(again)
        assert max(found.values()) - min(found.values()) == 2
        assert max(found.values()) + 2 == again.revision()


# ------------------------------------------------------------------ files that are kept


def test_kept_files_go_with_a_folder(full: StudyStore, location: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept" if "://" in location else Path(location) / "blobs"
    given = kept if "://" in location else None
    put_blob(kept)
    (kept / NAME[:2] / ".new-0123").write_bytes(b"unfinished")
    note = back_up(location, tmp_path / "study.zip", files=given)
    assert [(file.sha256, file.size) for file in note.files] == [(NAME, len(BLOB))]
    assert restore_backup(tmp_path / "study.zip", tmp_path / "another").files == 1
    copy_study(location, tmp_path / "copy", files=given)
    for place in ("another", "copy"):
        path = tmp_path / place / "blobs" / NAME[:2] / f"{NAME}.fcs"
        assert path.read_bytes() == BLOB
        assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.postgres
def test_kept_files_need_a_folder_beside_a_database(tmp_path: Path, postgres_url: str) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0"):
        put_blob(place / "blobs")
    expected = (
        f"{parse_location(postgres_url)}: The study keeps files, and a database has no place for them. "
        "Found: 1 files. Allowed: a folder for them. Name it with --blobs (restore) or --to-blobs (copy)."
    )
    assert complaint_of(lambda: copy_study(place, postgres_url)) == expected
    assert not StudyStore.exists(postgres_url)
    copy_study(place, postgres_url, to_files=tmp_path / "files")
    assert (tmp_path / "files" / NAME[:2] / f"{NAME}.fcs").read_bytes() == BLOB


def test_a_kept_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0"):
        put_blob(place / "blobs", BLOB[:-1] + b"X")
    words = (
        f"file {NAME[:12]}: A kept file was changed; it was not taken over. Found: another SHA-256. "
        "Allowed: the content that was put in. Restore it from an earlier backup, and check the disk."
    )
    assert complaint_of(lambda: back_up(place, tmp_path / "study.zip")) == f"{place}, {words}"
    another = tmp_path / "another"
    assert complaint_of(lambda: copy_study(place, another)) == f"{another}, {words}"
    assert not (tmp_path / "study.zip").exists()
    assert not StudyStore.exists(another)
    assert not list(another.rglob("*.fcs"))


def test_a_folder_for_files_that_cannot_be_made(tmp_path: Path) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0"):
        put_blob(place / "blobs")
    (tmp_path / "taken").write_bytes(b"")
    taken = tmp_path / "taken"
    assert complaint_of(lambda: copy_study(place, tmp_path / "another", to_files=taken)) == (
        f"{taken}: The place for files cannot be used. Found: not a directory. "
        "Allowed: a place that this user may read and write. "
        "Check the place, its permissions and its disk."
    )


# ------------------------------------------------------------------ refused


def test_a_study_is_never_replaced(full: StudyStore, location: str, tmp_path: Path) -> None:
    back_up(location, tmp_path / "study.zip")
    before = everything_in(location)
    expected = (
        f"{parse_location(location)}: There is a study here already; it was left as it is. "
        "Allowed: a new place. Open it, or choose another place."
    )
    assert complaint_of(lambda: restore_backup(tmp_path / "study.zip", location)) == expected
    assert complaint_of(lambda: copy_study(location, location)) == expected
    assert everything_in(location) == before
    assert "There is a file of this name already" in complaint_of(
        lambda: back_up(location, tmp_path / "study.zip")
    )


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Give a backup of a small study with a kept file."""
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
        put_blob(place / "blobs")
    back_up(place, tmp_path / "study.zip")
    return tmp_path / "study.zip"


def refused(backup: Path) -> str:
    """Restore it in vain; return why."""
    target = backup.parent / "another"
    said = complaint_of(lambda: restore_backup(backup, target))
    assert not StudyStore.exists(target)
    assert not list(target.rglob("*.fcs"))
    return said


def test_any_flipped_byte_is_found_or_changes_nothing(backup: Path) -> None:
    whole = backup.read_bytes()
    target = backup.parent / "another"
    expected, refusals = everything_in(str(backup.parent / "study")), 0
    for place in range(3, len(whole), len(whole) // 20):
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            restore_backup(backup, target)
        except StoreError:
            refusals += 1
            assert not StudyStore.exists(target)
            continue
        assert everything_in(str(target)) == expected
        for path in sorted(target.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    assert refusals > 12


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_backup_that_was_cut_off(backup: Path, share: float) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * share)])
    assert refused(backup) == (
        f"{backup}: The file is no backup of a study, or it is damaged; nothing was restored. "
        "Found: File is not a zip file. Allowed: a file written by: cytorecon db backup. Take another backup."
    )


def rewritten(backup: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write the archive anew, each entry as `change` says; valid as an archive."""
    with zipfile.ZipFile(backup) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(backup, "w") as archive:
        for name, content in entries.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        ("tables/patients.jsonl", b"41.5", b"14.5", "table patients with other rows than were written"),
        ("tables/history.jsonl", b"created", b"Created", "table history with other rows than were written"),
        ("tables/tubes.jsonl", b'{"', b'{"x', None),
        ("backup.json", b"cytorecon-backup-1", b"cytorecon-backup-9",
         "backup.json: Input should be 'cytorecon-backup-1'"),
        ("backup.json", b'"schema_version":4', b'"schema_version":3', None),
        ("backup.json", b'"name":"', b'"name":"../', "backup.json: String should match"),
        ("backup.json", b'"patients"', b'"nothing"', "no tables/nothing.jsonl in it"),
    ],
)  # fmt: skip
def test_a_backup_that_somebody_changed(
    backup: Path, name: str, old: bytes, new: bytes, found: str | None
) -> None:
    rewritten(backup, lambda entry, content: content.replace(old, new) if entry == name else content)
    said = refused(backup)
    if found is not None:
        assert f"it is damaged; nothing was restored. Found: {found}" in said


def test_a_row_that_does_not_fit(backup: Path) -> None:
    rewritten(backup, lambda name, content: b"[1]\n" if name == "tables/readouts.jsonl" else content)
    assert refused(backup) == (
        "table readouts: A row does not fit its table. Allowed: the columns document, patient, position. "
        "The backup is damaged, or no backup of a study. Take another one."
    )


def test_a_forged_history_with_fitting_hashes_is_found(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        rows = archive.read("tables/history.jsonl")
    forged = rows.replace(b'"unknown"', b'"nobody"')
    old, new = (hashlib.sha256(lines).hexdigest().encode() for lines in (rows, forged))
    rewritten(backup, lambda _name, content: content.replace(rows, forged).replace(old, new))
    assert "line 1: The history was changed after it was written." in refused(backup)


def test_a_backup_of_a_newer_version(backup: Path) -> None:
    rewritten(
        backup,
        lambda name, content: content.replace(b'"schema_version":4', b'"schema_version":5'),
    )
    assert refused(backup) == (
        f"{backup}: The backup was written by a newer version of cytorecon; nothing was restored. "
        "Found: schema 5, written by cytorecon 0.1.0. Allowed: schema 4 or older. "
        "Restore it with that version or a newer one."
    )


def test_no_backup_at_all(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.zip"
    assert "Found: No such file or directory." in refused(nothing)
    with zipfile.ZipFile(nothing, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "Found: no backup.json in it." in refused(nothing)


def test_a_study_whose_history_does_not_fit_is_not_backed_up(tmp_path: Path) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0"):
        pass
    with closing(sqlite3.connect(place / "study.sqlite")) as connection:
        connection.execute("UPDATE study SET settings = '{}'")
        connection.commit()
    assert "settings: What is stored is not what the program wrote." in complaint_of(
        lambda: back_up(place, tmp_path / "study.zip")
    )
    assert not (tmp_path / "study.zip").exists()


# ------------------------------------------------------------------ killed on the way


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_while_restoring_there_is_no_study_and_the_next_try_works(
    full: StudyStore, location: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    back_up(location, tmp_path / "study.zip")
    kind = "server" if "://" in location else "folder"
    target = other_place(location, tmp_path, request, kind)
    full.close()
    kills, statement = 0, 1
    while _restored_and_killed(tmp_path / "study.zip", target, statement):
        kills += 1
        assert not StudyStore.exists(target), f"killed before statement {statement}"
        statement += 25
    assert kills > 2
    verify_history(target)


def _restored_and_killed(backup: Path, target: str, at_statement: int) -> bool:
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
            restore_backup(backup, target)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
