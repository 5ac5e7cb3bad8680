"""What the store says when something is wrong, word for word."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, update

from cytorecon.errors import StoreError
from cytorecon.store import StudyStore, engine, folder, schema, verify_history
from cytorecon.store.location import Folder, parse_location
from cytorecon.study.model import ClinicalEvent, Tube
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of

RESTORE = (
    "Restore a backup into a new place with: cytorecon db restore BACKUP.zip --to PLACE. "
    "Without one, analyse the sample sheet again into a new folder."
)


def message_of(action: Callable[[], object]) -> str:
    """Return the whole text of the StoreError that `action` raises."""
    with pytest.raises(StoreError) as caught:
        action()
    return str(caught.value)


def shown(location: str) -> str:
    """Return `location` as errors name it: without a password."""
    return str(parse_location(location))


def create(location: str | Path) -> StudyStore:
    return StudyStore.create(location, STUDY, SETTINGS, software_version="0.1.0")


@pytest.fixture
def study_folder(tmp_path: Path) -> Path:
    """Give the folder of a closed study with one result."""
    place = tmp_path / "study"
    with create(place) as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1", plot_bytes=20_000))
    assert [path.name for path in place.iterdir()] == ["study.sqlite"]
    return place


# ------------------------------------------------------------------ on each database


def test_creating_twice(store: StudyStore, location: str) -> None:
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    assert message_of(lambda: create(location)) == (
        f"{shown(location)}: There is a study here already; it was left as it is. "
        "Allowed: a new place. Open it, or choose another place."
    )
    assert store.done().keys() == {"P02/d30/1"}


def test_study_of_a_newer_version(store: StudyStore, location: str) -> None:
    with store._engine.begin() as connection:
        connection.execute(update(schema.study).values(schema_version=5, software_version="9.1.0"))
    assert message_of(lambda: StudyStore.open(location)) == (
        f"{shown(location)}: The study was written by a newer version of cytorecon; it was left as it is. "
        "Found: schema 5, written by cytorecon 9.1.0. Allowed: schema 4 or older. "
        "Open it with that version or a newer one."
    )


def test_a_study_that_another_program_brought_up_to_date(store: StudyStore, location: str) -> None:
    with store._engine.begin() as connection:
        connection.execute(update(schema.study).values(schema_version=5))
    assert message_of(lambda: store.set_settings("{}")) == (
        f"{shown(location)}: The study was changed by a newer version of cytorecon meanwhile; nothing was "
        "changed. Found: schema 5. Allowed: schema 4. Open it with that version or a newer one."
    )


def test_no_study_row(store: StudyStore, location: str) -> None:
    with store._engine.begin() as connection:
        connection.execute(schema.study.delete())
    assert message_of(lambda: StudyStore.open(location)) == (
        f"{shown(location)}: The database lacks its study row; it was left as it is. "
        f"Allowed: a complete database written by cytorecon. {RESTORE}"
    )


def test_damaged_document(store: StudyStore, location: str) -> None:
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    with store._engine.begin() as connection:
        connection.execute(update(schema.results).values(document='{"tube":"P02/d30/1","status":"odd"}'))
    expected = (
        f"{shown(location)}, result of P02/d30/1: A stored document cannot be read. "
        "Found: status: Input should be 'done' or 'failed'. "
        "Allowed: a document written by this version of cytorecon. "
        "Open the study with the version that wrote it, or restore it from a backup."
    )
    assert message_of(lambda: store.tube_result("P02/d30/1")) == expected
    assert message_of(store.result) == expected
    with store._engine.begin() as connection:
        connection.execute(update(schema.results).values(document="{}", plots="[{"))
    assert "Found: tube: Field required." in message_of(lambda: store.tube_result("P02/d30/1"))


def test_result_of_another_tube(store: StudyStore, location: str) -> None:
    assert message_of(lambda: store.save_tube(TUBES[0], result_of("P01/d30/1"))) == (
        f"{shown(location)}, tube P02/d30/1: The result belongs to another tube. Found: P01/d30/1. "
        "Allowed: P02/d30/1. Save each result with its own tube."
    )


def test_tube_of_an_unknown_patient(store: StudyStore, location: str) -> None:
    tube = Tube(tube="P9/d1/1", patient="P9", day=1)
    expected = (
        f"{shown(location)}: The study has no such patient. Found: P9. Allowed: a patient of the study. "
        "Save the patient first."
    )
    assert message_of(lambda: store.save_tube(tube, result_of("P9/d1/1"))) == expected
    event = ClinicalEvent(patient="P9", kind="cmv", start_day=3)
    assert message_of(lambda: store.replace_sheet(STUDY.model_copy(update={"events": (event,)}))) == expected


def test_unknown_tube(store: StudyStore, location: str) -> None:
    expected = (
        f"{shown(location)}: The study has no such tube. Found: P9/d1/1. Allowed: a tube of the study. "
        "Names look like P01/d30/1: patient, day, number."
    )
    assert message_of(lambda: store.tube_result("P9/d1/1")) == expected
    assert message_of(lambda: store.remove_tube("P9/d1/1", reason="clotted")) == expected
    assert message_of(lambda: store.restore_tube("P9/d1/1")) == expected


def test_removing_twice_and_restoring_what_is_there(store: StudyStore, location: str) -> None:
    place = f"{shown(location)}, tube P01/d30/1"
    assert message_of(lambda: store.restore_tube("P01/d30/1")) == (
        f"{place}: The tube is not removed. Allowed: a tube that is removed. Look the tube up in the history."
    )
    store.remove_tube("P01/d30/1", reason="clotted")
    assert message_of(lambda: store.remove_tube("P01/d30/1", reason="clotted")) == (
        f"{place}: The tube is removed already. Allowed: a tube that is part of the study. "
        "Look the tube up in the history."
    )


def test_removing_without_a_reason(store: StudyStore, location: str) -> None:
    assert message_of(lambda: store.remove_tube("P01/d30/1", reason=" ")) == (
        f"{shown(location)}, tube P01/d30/1: A removal needs a reason. Allowed: a few words. "
        "Say why, for those who read the history."
    )


def test_two_tubes_of_one_name_leave_nothing_behind(location: str) -> None:
    twice = STUDY.model_copy(update={"tubes": (TUBES[0], TUBES[0])})
    assert message_of(lambda: StudyStore.create(location, twice, "{}", software_version="0.1.0")) == (
        f"{shown(location)}: Two tubes of the study have the same name. Found: P02/d30/1. "
        "Allowed: one tube of each name. Give each row of the sample sheet a tube of its own."
    )
    assert not StudyStore.exists(location)


# ------------------------------------------------------------------ folders


def test_no_folder(tmp_path: Path) -> None:
    place = tmp_path / "nowhere"
    assert message_of(lambda: StudyStore.open(place)) == (
        f"{place}: There is no such folder. "
        "Allowed: a study folder made by cytorecon, which holds study.sqlite. Check the spelling."
    )
    assert not place.exists()


def test_a_file_instead_of_a_folder(study_folder: Path) -> None:
    place = study_folder / "study.sqlite"
    assert message_of(lambda: StudyStore.open(place)) == (
        f"{place}: A study is a folder; this is a file. "
        "Allowed: a study folder made by cytorecon, which holds study.sqlite. "
        "Give the folder that holds study.sqlite."
    )


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    assert message_of(lambda: StudyStore.open(tmp_path)) == (
        f"{tmp_path}: The folder holds no study. Found: no study.sqlite in it. "
        "Allowed: a study folder made by cytorecon, which holds study.sqlite. "
        "Make a study with: cytorecon batch MANIFEST --out FOLDER."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"patient,day\n" * 500, "a file of another kind"),
        (b"SQLite format 3\x00 and then nothing", "33 bytes, which is not a whole number of database pages"),
    ],
)
def test_a_broken_database_is_left_as_it_is(tmp_path: Path, content: bytes, found: str) -> None:
    database = tmp_path / "study.sqlite"
    database.write_bytes(content)
    assert message_of(lambda: StudyStore.open(tmp_path)) == (
        f"{tmp_path}: study.sqlite is not a complete database; it was left as it is. "
        f"Found: {found}. Allowed: a database written by cytorecon. {RESTORE}"
    )
    assert StudyStore.exists(tmp_path)
    assert "There is a study here already" in message_of(lambda: create(tmp_path))
    assert database.read_bytes() == content
    assert list(tmp_path.iterdir()) == [database]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.51, 0.9, 0.999])
def test_a_truncated_database(study_folder: Path, share: float) -> None:
    database = study_folder / "study.sqlite"
    whole = database.read_bytes()
    rest = whole[: int(len(whole) * share)]
    database.write_bytes(rest)
    assert message_of(lambda: StudyStore.open(study_folder)) == (
        f"{study_folder}: study.sqlite is not a complete database; it was left as it is. "
        f"Found: {len(rest)} bytes, which is not a whole number of database pages. "
        f"Allowed: a database written by cytorecon. {RESTORE}"
    )
    assert database.read_bytes() == rest


@pytest.mark.parametrize("pages", [1, 5, -1])
def test_a_database_cut_between_pages(study_folder: Path, pages: int) -> None:
    database = study_folder / "study.sqlite"
    whole = database.read_bytes()
    database.write_bytes(whole[: pages * 4096])
    assert message_of(lambda: StudyStore.open(study_folder)) == (
        f"{study_folder}: The study database is damaged or cut off; nothing was changed. "
        "Found: database disk image is malformed. "
        f"Allowed: a complete database written by cytorecon. {RESTORE}"
    )


def test_a_write_ahead_log_that_was_taken_away(study_folder: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with StudyStore.open(study_folder) as store:
        store.save_tube(TUBES[1], result_of("P01/d30/1"))
        # what a program that is killed leaves behind
        shutil.copytree(study_folder, left, dirs_exist_ok=True)
    log = (left / "study.sqlite-wal").rename(tmp_path / "log")
    before = {path.name: path.read_bytes() for path in left.iterdir()}
    for action in (StudyStore.open, verify_history):
        assert message_of(lambda action=action: action(left)) == (  # type: ignore[misc]
            f"{left}: The last changes of the study are missing: its write-ahead log was removed; "
            "it was left as it is. Found: study.sqlite-shm without study.sqlite-wal. "
            f"Allowed: both of them, or none. Put study.sqlite-wal back where it was. {RESTORE}"
        )
    assert {path.name: path.read_bytes() for path in left.iterdir()} == before
    assert "There is a study here already" in message_of(lambda: create(left))
    log.rename(left / "study.sqlite-wal")
    with StudyStore.open(left) as store:
        assert store.done().keys() == {"P02/d30/1", "P01/d30/1"}


def test_one_flipped_bit_is_refused_or_named_and_never_gives_another_result(study_folder: Path) -> None:
    database = study_folder / "study.sqlite"
    content = database.read_bytes()
    with StudyStore.open(study_folder) as store:
        whole = store.result().tubes
    chance = random.Random(1)
    refused = 0
    for _ in range(40):
        place = chance.randrange(len(content))
        damaged = bytearray(content)
        damaged[place] ^= 1 << chance.randrange(8)
        database.write_bytes(damaged)
        try:
            verify_history(study_folder)
            with StudyStore.open(study_folder) as store:
                assert store.result().tubes == whole, f"byte {place}"
        except StoreError:
            refused += 1
        assert StudyStore.exists(study_folder)
    assert refused >= 5


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "study.sqlite")) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    assert message_of(lambda: StudyStore.open(tmp_path)) == (
        f"{tmp_path}: The database holds no cytorecon study; it was left as it is. Found: 1 other tables. "
        "Allowed: a database made by cytorecon. "
        "Give the place of a study, or make one with: cytorecon batch MANIFEST --out PLACE."
    )


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "study.sqlite").mkdir()
    assert message_of(lambda: StudyStore.open(tmp_path)) == (
        f"{tmp_path}: study.sqlite cannot be read. Found: Is a directory. "
        "Allowed: a file that this user may read. Check its permissions."
    )


def test_creating_where_a_file_is(tmp_path: Path) -> None:
    place = tmp_path / "taken" / "study"
    place.parent.write_text("hello", encoding="utf-8")
    assert message_of(lambda: create(place)) == (
        f"{place}: The folder cannot be written. Found: Not a directory. "
        "Allowed: a folder that this user may write. Choose another folder, or ask for permission."
    )


def create_beside_another(place: Path) -> None:
    """Create a study in `place` while another program finishes one there."""
    with folder.new_database(Folder(place)) as database:
        database.write_bytes(b"mine")
        (place / "study.sqlite").write_bytes(b"theirs")


def no_hard_links(*_paths: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("link", [os.link, no_hard_links])
def test_creating_while_somebody_else_was_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: Callable[..., None]
) -> None:
    monkeypatch.setattr(os, "link", link)
    place = tmp_path / "study"
    assert message_of(lambda: create_beside_another(place)) == (
        f"{place}: There is a study here already; it was left as it is. "
        "Allowed: a new place. Open it, or choose another place."
    )
    assert (place / "study.sqlite").read_bytes() == b"theirs"
    assert [path.name for path in place.iterdir()] == ["study.sqlite"]


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", no_hard_links)
    with create(tmp_path / "study") as store:
        assert len(store.study().tubes) == 3


def test_a_network_share(study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "network_filesystem_of", lambda path: "nfs4")
    for place, action in ((study_folder, StudyStore.open), (tmp_path / "new", create)):
        assert message_of(lambda action=action, place=place: action(place)) == (  # type: ignore[misc]
            f"{place}: A study cannot be kept on a network share: its database could be damaged there. "
            "Found: file system nfs4. Allowed: a local disk. "
            "Use a folder on a local disk, or a PostgreSQL database that several machines can reach."
        )


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_places_that_may_not_be_written(powerless: Path) -> None:
    (powerless / "study.sqlite").chmod(0o400)
    powerless.chmod(0o500)
    assert message_of(lambda: create(powerless / "new")) == (
        f"{powerless / 'new'}: The folder cannot be written. Found: Permission denied. "
        "Allowed: a folder that this user may write. Choose another folder, or ask for permission."
    )
    with StudyStore.open(powerless) as store:
        assert message_of(lambda: store.set_settings("new")) == (
            f"{powerless}: The study cannot be written; nothing was changed. "
            "Found: attempt to write a readonly database. "
            "Allowed: a folder and a database that this user may write. "
            "Check the permissions, or copy the study to a folder of your own."
        )
    (powerless / "study.sqlite").chmod(0o000)
    assert message_of(lambda: StudyStore.open(powerless)) == (
        f"{powerless}: study.sqlite cannot be read. Found: Permission denied. "
        "Allowed: a file that this user may read. Check its permissions."
    )


# ------------------------------------------------------------------ SQLite at work


def test_a_full_disk(study_folder: Path) -> None:
    with StudyStore.open(study_folder) as store:
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite's own way to run out of space
        big = result_of("P01/d30/1", plot_bytes=400_000)
        assert message_of(lambda: store.save_tube(TUBES[1], big)) == (
            f"{study_folder}: The disk is full; nothing was changed. Found: database or disk is full. "
            "Allowed: free space on the disk of the study. Make room and try again."
        )
        assert store.done().keys() == {"P02/d30/1"}
        assert store.revision() == 2
    with StudyStore.open(study_folder) as store:
        store.save_tube(TUBES[1], big)


def test_a_study_that_stays_locked(study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cytorecon.store.turns.WAIT_SECONDS", 0.02)
    with (
        closing(sqlite3.connect(study_folder / "study.sqlite", isolation_level=None)) as other,
        StudyStore.open(study_folder) as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert message_of(lambda: store.set_settings("{}")) == (
            f"{study_folder}: Another program kept the study locked for too long; nothing was changed. "
            "Found: database is locked. Allowed: one writer at a time, each for a moment. "
            "Try again when the other program is done."
        )
        assert store.settings() == SETTINGS, "reading does not wait for a writer"


def test_a_database_damaged_in_the_middle(study_folder: Path) -> None:
    database = study_folder / "study.sqlite"
    content = bytearray(database.read_bytes())
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'results'").fetchone()
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    database.write_bytes(content)
    with StudyStore.open(study_folder) as store:
        assert message_of(store.result) == (
            f"{study_folder}: The study database is damaged or cut off; nothing was changed. "
            "Found: database disk image is malformed. "
            f"Allowed: a complete database written by cytorecon. {RESTORE}"
        )


def test_a_database_that_vanishes_or_cannot_be_opened(study_folder: Path) -> None:
    (study_folder / "study.sqlite-wal").mkdir()
    assert message_of(lambda: StudyStore.open(study_folder)) == (
        f"{study_folder}: The study database cannot be opened. Found: unable to open database file. "
        "Allowed: an existing study in a folder that this user may write. "
        "Check the location, and the permissions of the folder and of the files in it."
    )


def test_a_disk_without_a_write_ahead_log(tmp_path: Path) -> None:
    # A database in memory has none, and says "memory" when asked for it.
    with closing(sqlite3.connect(":memory:")) as connection:
        assert message_of(lambda: engine._prepare(connection, tmp_path / "study.sqlite")) == (
            f"{tmp_path}: The disk of the study does not support SQLite's write-ahead log. "
            "Found: journal mode memory. Allowed: a local disk. "
            "Keep the study on a local disk, or in PostgreSQL."
        )


def test_any_other_complaint_of_the_database_keeps_values_out(study_folder: Path) -> None:
    with StudyStore.open(study_folder) as store:
        with store._engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE results")
        assert message_of(lambda: store.save_tube(TUBES[1], result_of("P01/d30/1"))) == (
            f"{study_folder}: The study database refuses; nothing was changed. "
            "Found: no such table: results. Allowed: a database made by cytorecon. "
            "If it happens again, report the text above."
        )


# ------------------------------------------------------------------ URLs and PostgreSQL


def test_urls_of_other_databases() -> None:
    assert message_of(lambda: StudyStore.open("mysql://lab:secret@host/db")) == (
        "mysql://…: A study cannot be kept in this kind of database. Found: mysql. "
        "Allowed: a folder, or a URL such as postgresql+psycopg://user@host/database. "
        "Give a folder, or a PostgreSQL URL."
    )
    assert message_of(lambda: StudyStore.open("postgresql+psycopg://lab:secret@host:port/db")) == (
        "postgresql+psycopg://…: The database URL cannot be read. "
        "Allowed: a folder, or a URL such as postgresql+psycopg://user@host/database. "
        "Percent-encode special characters of user and password."
    )
    assert message_of(lambda: StudyStore.exists("postgresql+psycopg://lab:secret@host")) == (
        "postgresql+psycopg://lab:***@host: The URL names no database. "
        "Allowed: a folder, or a URL such as postgresql+psycopg://user@host/database. "
        "Create an empty database for this study and name it in the URL."
    )


def test_no_driver_for_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert message_of(lambda: StudyStore.open("postgresql+psycopg://lab:secret@host/db")) == (
        "postgresql+psycopg://lab:***@host/db: PostgreSQL needs a driver that is not installed. "
        "Found: no module psycopg. Allowed: psycopg 3.2 or newer. "
        "Install it with: pip install 'cytorecon[postgres]'."
    )


@pytest.mark.postgres
def test_an_empty_postgresql_database_is_no_study(postgres_url: str) -> None:
    assert message_of(lambda: StudyStore.open(postgres_url)) == (
        f"{shown(postgres_url)}: The database holds no cytorecon study; it was left as it is. "
        "Found: no tables. Allowed: a database made by cytorecon. "
        "Give the place of a study, or make one with: cytorecon batch MANIFEST --out PLACE."
    )


@pytest.mark.postgres
def test_a_postgresql_database_that_does_not_exist(postgres_url: str) -> None:
    url = postgres_url.replace("cytorecon_test_", "nothing_")
    for action in (StudyStore.open, StudyStore.exists, create):
        text = message_of(lambda action=action: action(url))  # type: ignore[misc]
        assert text.startswith(f"{shown(url)}: The PostgreSQL server cannot be reached. Found: connection ")
        assert text.endswith(
            "Allowed: a running server, an existing database and a user who may use it. "
            "Check host, port, database name, user and password of the URL."
        )


@pytest.mark.postgres
def test_a_postgresql_user_who_may_only_read(postgres_url: str) -> None:
    create(postgres_url).close()
    owner = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        database = owner.url.database
        connection.exec_driver_sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    owner.dispose()
    with StudyStore.open(postgres_url) as store:
        assert message_of(lambda: store.set_settings("{}")) == (
            f"{shown(postgres_url)}: The study cannot be written; nothing was changed. "
            "Found: cannot execute UPDATE in a read-only transaction. "
            "Allowed: a folder and a database that this user may write. "
            "Check the permissions, or copy the study to a folder of your own."
        )
        assert store.settings() == SETTINGS
