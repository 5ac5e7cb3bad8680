"""Uploads are read in a process of their own, with limits."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import CytoreconError, FcsError, FcsTruncatedError
from cytorecon.fcs import read_fcs
from cytorecon.intake import archive_kind, quarantine, receive
from cytorecon.intake.answer import Answer, Refusal
from cytorecon.intake.limits import LIMITED
from cytorecon.knowledge.deidentification import QuarantineLimits, load_deidentification
from tests.fcs.fcs_bytes import fcs_bytes, write
from tests.intake.made import WORD, planted_file

HINT = "Export it again from the cytometer; a large file can be analysed with cytorecon batch."


def limits(**changed: int) -> QuarantineLimits:
    known = load_deidentification().quarantine
    return known.model_copy(
        update={
            name: getattr(known, name).model_copy(update={"value": value}) for name, value in changed.items()
        }
    )


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Give temporary files a place of their own, which must be empty afterwards."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield None
    assert list(place.iterdir()) == []


def test_the_sample_is_that_of_the_file_under_the_files_own_hash(tmp_path: Path) -> None:
    path = write(tmp_path, planted_file())
    received = receive(path)
    np.testing.assert_array_equal(received.sample.events, read_fcs(path).events)
    assert received.sample.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert WORD not in repr(received)
    assert WORD not in repr(dict(received.sample.keywords))
    assert "$SRC" in received.removed.keywords


def test_what_was_noticed_in_the_file_is_not_lost(tmp_path: Path) -> None:
    """The clean file has a checksum that fits."""
    content = bytearray(fcs_bytes() + b"00012345")
    issues = receive(write(tmp_path, bytes(content))).sample.issues
    assert [issue.code for issue in issues].count("fcs.checksum") == 1
    assert len({(issue.code, issue.subject) for issue in issues}) == len(issues)


def test_one_data_set_can_be_chosen(tmp_path: Path) -> None:
    assert receive(write(tmp_path, fcs_bytes()), dataset=0).sample.n_events == 10


def test_an_error_comes_back_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes()[:-20])
    with pytest.raises(FcsTruncatedError) as here:
        read_fcs(path)
    with pytest.raises(FcsTruncatedError) as there:
        receive(path)
    assert str(there.value) == str(here.value)


def test_an_unknown_kind_of_error_is_one_of_reading() -> None:
    assert isinstance(Refusal.of(CytoreconError("No.")).error(), FcsError)
    assert str(Refusal(kind="Anything", message="No.", subject="a").error()) == "a: No."


@pytest.mark.skipif("memory" not in LIMITED, reason="this system has no limit on memory")
def test_too_little_memory_is_one_clear_message(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes(np.zeros((200_000, 5), np.uint8), datatype="I", bits=8))
    with pytest.raises(FcsError) as caught:
        receive(path, limits=limits(address_space=60))
    assert str(caught.value) == (
        "tube.fcs: The file could not be read within the limits for uploads. "
        f"Found: more than 60 MB of memory or 128 MB for a file are needed. {HINT}"
    )


def test_too_large_a_new_file_is_one_clear_message(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes(np.zeros((200_000, 5), np.uint8), datatype="I", bits=8))
    with pytest.raises(FcsError) as caught:
        receive(path, limits=limits(file_size=1))
    assert str(caught.value) == (
        "tube.fcs: The file could not be read within the limits for uploads. "
        f"Found: more than 2048 MB of memory or 1 MB for a file are needed. {HINT}"
    )


def test_narrow_numbers_do_not_unfold_in_the_server_without_end(tmp_path: Path) -> None:
    """3 MB of 8-bit numbers are written as 12 MB; 25 MB of single bits would be 800 MB to read here."""
    path = write(tmp_path, fcs_bytes(np.zeros((3_000_000, 1), np.uint8), ("Time",), datatype="I", bits=8))
    assert receive(path, limits=limits(file_size=13)).sample.n_events == 3_000_000
    with pytest.raises(FcsError, match="or 11 MB for a file are needed"):
        receive(path, limits=limits(file_size=11))


def test_no_end_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_MODULE", "tests.intake.sleeper")
    with pytest.raises(FcsError) as caught:
        receive(write(tmp_path, fcs_bytes()), limits=limits(wall_clock=1))
    assert str(caught.value) == (
        "tube.fcs: The file could not be read within the limits for uploads. "
        f"Found: it takes longer than 1 s. {HINT}"
    )


def test_an_endless_loop_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_MODULE", "tests.intake.spinner")
    with pytest.raises(FcsError) as caught:
        receive(write(tmp_path, fcs_bytes()), limits=limits(processor_time=1))
    assert str(caught.value) == (
        "tube.fcs: The file could not be read within the limits for uploads. "
        f"Found: it needs more than 1 s of processor time. {HINT}"
    )


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("tests.intake.no_such_module", "the process that read it ended"),
        ("tests.intake.killed", "the process that read it ended with signal 9"),
        ("tests.intake.silent", "the process that read it gave no answer"),
        ("tests.intake.babbler", "the process that read it gave no answer"),
    ],
)
def test_a_crash_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, found: str
) -> None:
    monkeypatch.setattr(quarantine, "_MODULE", module)
    with pytest.raises(FcsError) as caught:
        receive(write(tmp_path, fcs_bytes()))
    assert str(caught.value) == (
        f"tube.fcs: The file could not be read within the limits for uploads. Found: {found}. {HINT}"
    )


@pytest.mark.parametrize("attempt", ["connect", "start", "write", "remove", "rename", "handle"])
def test_the_process_connects_to_nothing_starts_nothing_and_writes_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attempt: str
) -> None:
    monkeypatch.setattr(quarantine, "_MODULE", "tests.intake.escaper")
    path = write(tmp_path, attempt.encode())
    with pytest.raises(FcsError, match="Found: the process that read it ended"):
        receive(path)
    assert path.exists()
    assert not path.with_name("escaped").exists()


@pytest.mark.skipif("memory" not in LIMITED, reason="this system has no limit on memory")
def test_memory_without_end_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_MODULE", "tests.intake.hog")
    with pytest.raises(FcsError, match="Found: the process that read it ended"):
        receive(write(tmp_path, fcs_bytes()), limits=limits(address_space=400))


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"Rar!\x1a\x07\x01", "a rar archive"),
        (b"\xfd7zXZ\x00", "an xz archive"),
        (b"BZh9", "a bzip2 archive"),
        (b"\x00" * 257 + b"ustar", "a tar archive"),
        (b"\x28\xb5\x2f\xfd", "a zstandard archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"FCS3.1", ""),
        (b"", ""),
    ],
)
def test_archives_are_told_by_their_first_bytes(start: bytes, kind: str) -> None:
    assert archive_kind(start) == kind


def test_an_answer_travels_as_json() -> None:
    answer = Answer(refusal=Refusal(kind="FcsError", message="No."))
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
