"""Files that rows name and that are not there are named: by audit, backup, copy and restore."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cytorecon.errors import StoreError
from cytorecon.store import (
    KeptFile,
    LostFile,
    StudyStore,
    back_up,
    copy_study,
    restore_backup,
    verify_history,
)
from cytorecon.store.location import parse_location
from tests.cli.test_keeping import said
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of, sha256_of

CONTENTS = {"P02/d30/1": b"FCS3.1 of one" * 100, "P01/d30/1": b"FCS3.1 of another" * 100}
NAMES = {tube: hashlib.sha256(content).hexdigest() for tube, content in CONTENTS.items()}
LOST = LostFile(sha256=NAMES["P01/d30/1"], tubes=("P01/d30/1",), found="not there")


def path_of(blobs: Path, tube: str) -> Path:
    return blobs / NAMES[tube][:2] / f"{NAMES[tube]}.fcs"


@pytest.fixture
def blobs(store: StudyStore, location: str, tmp_path: Path) -> Path:
    """Give a study that keeps the files of two tubes, of which one is lost; return where they are."""
    folder = tmp_path / "kept" if "://" in location else Path(location) / "blobs"
    for tube in TUBES[:2]:
        store.save_tube(tube, result_of(tube.tube))
        store.keep_file(KeptFile(file_sha256=sha256_of(tube.tube), blob_sha256=NAMES[tube.tube]))
    path = path_of(folder, "P02/d30/1")
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENTS["P02/d30/1"])
    return folder


def test_a_lost_file_is_named_by_everything_that_carries_a_study(
    blobs: Path, location: str, tmp_path: Path
) -> None:
    assert verify_history(location, files=blobs).lost == (LOST,)
    note = back_up(location, tmp_path / "study.zip", files=blobs)
    assert (len(note.files), note.lost) == (1, (LOST,))
    moved = restore_backup(tmp_path / "study.zip", tmp_path / "again")
    assert (moved.files, moved.lost, moved.left_out) == (1, (LOST,), 0)
    copied = copy_study(location, tmp_path / "copy", files=blobs)
    assert (copied.files, copied.lost) == (1, (LOST,))
    path = path_of(blobs, "P01/d30/1")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert [file.found for file in verify_history(location, files=blobs).lost] == ["empty"]
    path.write_bytes(CONTENTS["P01/d30/1"])
    assert verify_history(location, files=blobs, read_files=True).lost == ()
    assert back_up(location, tmp_path / "whole.zip", files=blobs).lost == ()


def test_a_changed_file_is_named_when_files_are_read(blobs: Path, location: str) -> None:
    path = path_of(blobs, "P02/d30/1")
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    assert verify_history(location, files=blobs).lost == (LOST,)
    found = verify_history(location, files=blobs, read_files=True).lost
    assert {file.tubes: file.found for file in found} == {
        ("P02/d30/1",): "another content than was put in",
        ("P01/d30/1",): "not there",
    }


def test_files_are_left_out_only_when_asked(blobs: Path, location: str, tmp_path: Path) -> None:
    note = back_up(location, tmp_path / "bare.zip", files=blobs, without_files=True)
    assert (note.files, note.lost, note.without_files) == ((), (), True)
    moved = restore_backup(tmp_path / "bare.zip", tmp_path / "bare")
    assert (moved.files, moved.lost, moved.left_out) == (0, (), 2)
    copied = copy_study(location, tmp_path / "copy", without_files=True)
    assert (copied.files, copied.lost, copied.left_out) == (0, (), 2)


@pytest.mark.postgres
def test_a_place_that_nobody_named(tmp_path: Path, postgres_url: str) -> None:
    with StudyStore.create(postgres_url, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
        store.keep_file(KeptFile(file_sha256=sha256_of("P02/d30/1"), blob_sha256=NAMES["P02/d30/1"]))
    words = (
        "Found: 1 files in its rows. Allowed: the folder or URL where they are, or to leave them out. "
        "Name it with --blobs PLACE, or say --without-files."
    )
    complaint = f"{parse_location(postgres_url)}: The study keeps files, and their place was not named; "
    with pytest.raises(StoreError) as caught:
        back_up(postgres_url, tmp_path / "study.zip")
    assert str(caught.value) == f"{complaint}nothing was backed up. {words}"
    assert not (tmp_path / "study.zip").exists()
    with pytest.raises(StoreError) as caught:
        copy_study(postgres_url, tmp_path / "copy")
    assert str(caught.value) == f"{complaint}nothing was copied. {words}"
    assert not StudyStore.exists(tmp_path / "copy")
    assert verify_history(postgres_url).unseen == 1
    back_up(postgres_url, tmp_path / "study.zip", without_files=True)
    assert restore_backup(tmp_path / "study.zip", tmp_path / "again").left_out == 1


def test_commands_name_what_is_lost_and_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, file = str(tmp_path / "study"), str(tmp_path / "study.zip")
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[1], result_of("P01/d30/1"))
        store.keep_file(KeptFile(file_sha256=sha256_of("P01/d30/1"), blob_sha256=LOST.sha256))
    line = (
        f"missing: file {LOST.sha256[:12]} of P01/d30/1: not there. Name the right place with --files, or "
        "restore it from a backup.\n"
    )
    commands = (
        ("audit", "verify", place),
        ("db", "backup", place, "--out", file),
        ("db", "restore", file, "--to", str(tmp_path / "again")),
        ("db", "copy", place, "--to", str(tmp_path / "copy")),
    )
    for words in commands:
        code, _, err = said(capsys, *words)
        assert (code, err) == (2, line)
    missing = [{"sha256": LOST.sha256, "tubes": ["P01/d30/1"], "found": "not there"}]
    code, out, _ = said(capsys, "audit", "verify", place, "--json")
    assert (code, json.loads(out)["missing"]) == (2, missing)
    code, _, err = said(capsys, "db", "copy", place, "--to", str(tmp_path / "bare"), "--without-files")
    assert (code, err) == (0, "1 kept files were left out; what needs them cannot be done here.\n")


@pytest.mark.parametrize("words", [("batch", "sheet.csv", "--blobs"), ("db", "backup", "s", "--files")])
def test_the_memory_of_a_command_is_no_place(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, *words, "memory://x", "--out", str(tmp_path / "out"))
    assert code == 1
    assert "The memory of this command ends with it" in " ".join(err.split())
