from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from cytorecon.errors import FcsError, FcsTruncatedError
from cytorecon.fcs import list_datasets, read_fcs
from cytorecon.fcs.source import Source, open_source
from tests.fcs.fcs_bytes import fcs_bytes, write


def refusal(path: Path | str) -> str:
    with pytest.raises(FcsError) as caught:
        read_fcs(path)
    return str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tube.fcs")
    assert refusal(tmp_path / "tube.fcs") == (
        "tube.fcs: This is not a file. Found: a named pipe. Allowed: an FCS file. "
        "Save what it gives to a file first, and name that."
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices with names here")
def test_a_device_is_refused() -> None:
    assert refusal("/dev/zero") == (
        "zero: This is not a file. Found: a device. Allowed: an FCS file. "
        "Save what it gives to a file first, and name that."
    )


def test_a_name_no_file_can_have() -> None:
    assert refusal("tube\x00.fcs") == (
        "tube\x00.fcs: The file cannot be opened. Found: a name no file can have."
    )


def test_parts_end_where_the_file_ends() -> None:
    source = Source(io.BytesIO(b"0123456789"), 10, "")
    assert [source.part(2, 5), source.part(8, 99), source.part(11, 12), source.part(5, 2)] == [
        b"234", b"89", b"", b"",
    ]  # fmt: skip


def test_a_file_that_becomes_shorter() -> None:
    source = Source(io.BytesIO(b"01234"), 10, "tube.fcs")
    with pytest.raises(FcsTruncatedError) as caught:
        source.part(2, 8)
    assert str(caught.value) == (
        "tube.fcs: The file became shorter while it was read. Found: 5 bytes. Allowed: 10 bytes. "
        "Wait until it is copied in full."
    )


def test_a_file_that_is_written_to(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes())
    with open_source(path) as source:
        source.check_unchanged()
        with path.open("ab") as handle:
            handle.write(b"more")
        with pytest.raises(FcsError) as caught:
            source.check_unchanged()
    assert str(caught.value) == (
        "tube.fcs: The file was changed while it was read. Wait until it is written in full."
    )


def test_the_hash_is_that_of_the_whole_file(tmp_path: Path) -> None:
    content = fcs_bytes() + b"behind"
    sample = read_fcs(write(tmp_path, content))
    assert sample.sha256 == hashlib.sha256(content).hexdigest()
    (tmp_path / "tube.fcs").unlink()
    assert sample.sha256 == hashlib.sha256(content).hexdigest()  # known by now


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_there_is_no_hash_of_another_file(tmp_path: Path, change: str) -> None:
    path = write(tmp_path, fcs_bytes())
    sample = read_fcs(path)
    if change == "removed":
        path.unlink()
    else:
        write(tmp_path, fcs_bytes(limit=1000), "other.fcs").replace(path)
    with pytest.raises(FcsError) as caught:
        _ = sample.sha256
    assert str(caught.value) == (
        "tube.fcs, SHA-256: The file was changed or moved after it was read. Read it again."
    )


def test_the_folder_may_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, fcs_bytes())
    monkeypatch.chdir(tmp_path)
    sample = read_fcs("tube.fcs")
    monkeypatch.chdir(tmp_path.parent)
    assert sample.sha256 == hashlib.sha256(fcs_bytes()).hexdigest()


def test_a_path_does_not_show_in_a_sample(tmp_path: Path) -> None:
    assert str(tmp_path) not in repr(read_fcs(write(tmp_path, fcs_bytes())))


def test_listing_reads_the_beginning_only(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes())
    with path.open("r+b") as handle:
        handle.truncate(8 * 2**30)  # a sparse file of 8 GiB
    (info,) = list_datasets(path)
    assert info.n_events == 10
