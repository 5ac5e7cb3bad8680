"""Files by content: whole or not there, one of each, and never used when they were changed."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest

from cytorecon.errors import StoreError
from cytorecon.store.blobs import BlobChangedError, Blobs, FolderBlobs
from cytorecon.store.remote_blobs import RemoteBlobs, open_blobs

CONTENT = b"FCS3.1" + bytes(range(256)) * 9000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.fcs"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    if request.param == "folder":
        yield open_blobs(tmp_path, str(tmp_path / "blobs"))
        return
    place = f"/{uuid.uuid4().hex}"
    yield open_blobs(tmp_path, f"memory:/{place}")
    system = fsspec.filesystem("memory")
    if system.exists(place):
        system.rm(place, recursive=True)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_put_in_comes_out(blobs: Blobs, source: Path, tmp_path: Path) -> None:
    assert blobs.put(source) == blobs.put(source) == SHA256
    blobs.fetch(SHA256, tmp_path / "out.fcs")
    assert (tmp_path / "out.fcs").read_bytes() == CONTENT
    assert blobs.put(source, ".zip") == SHA256


def test_a_file_is_called_by_its_content(source: Path, tmp_path: Path) -> None:
    FolderBlobs(tmp_path / "blobs").put(source)
    assert files_in(tmp_path / "blobs") == [f"{SHA256[:2]}/{SHA256}.fcs"]


def test_what_is_not_kept_is_said(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        blobs.fetch("ab" * 32, tmp_path / "out.fcs")
    error = caught.value
    assert (error.message, error.field, error.allowed, error.hint) == (
        "The file is not kept here.",
        "file abababababab",
        "the place where the study's files are kept",
        "Give that place with --blobs, or restore it from a backup.",
    )
    assert not (tmp_path / "out.fcs").exists()


def changed_words(error: StoreError) -> tuple[str, str, str, str, str]:
    return (error.message, error.field, error.found, error.allowed, error.hint)


CHANGED = (
    "A kept file was changed on its disk; it is not used.",
    f"file {SHA256[:12]}",
    "another SHA-256",
    "the content that was put in",
    "Restore it from a backup, and check the disk.",
)


def test_one_flipped_byte_is_refused_and_not_put_right(source: Path, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put(source)
    (kept,) = (tmp_path / "blobs").rglob("*.fcs")
    flipped = bytearray(CONTENT)
    flipped[1000] ^= 1
    kept.write_bytes(flipped)
    with pytest.raises(BlobChangedError) as caught:
        blobs.fetch(SHA256, tmp_path / "out.fcs")
    assert changed_words(caught.value) == CHANGED
    assert not (tmp_path / "out.fcs").exists()
    with pytest.raises(BlobChangedError):
        blobs.put(source)
    assert kept.read_bytes() == flipped


def test_a_changed_object_is_refused(source: Path, tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    root = f"/{uuid.uuid4().hex}"
    blobs = RemoteBlobs(system, root)
    blobs.put(source)
    path = f"{root}/{SHA256[:2]}/{SHA256}.fcs"
    system.pipe_file(path, CONTENT[:-1] + b"\xff\xff")
    for attempt in (lambda: blobs.fetch(SHA256, tmp_path / "out.fcs"), lambda: blobs.put(source)):
        with pytest.raises(BlobChangedError) as caught:
            attempt()
        assert changed_words(caught.value) == CHANGED
    system.rm(root, recursive=True)


def test_eight_threads_put_one_file(source: Path, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: blobs.put(source), range(8))) == {SHA256}
    assert files_in(tmp_path / "blobs") == [f"{SHA256[:2]}/{SHA256}.fcs"]


#: Eight processes that begin at the same moment, without the eight imports.
_PUT = """
import os, sys
from pathlib import Path
from cytorecon.store.blobs import FolderBlobs
begin, wait = os.pipe()[::-1]
for _ in range(8):
    if os.fork() == 0:
        os.close(begin)
        os.read(wait, 1)
        stored = FolderBlobs(Path(sys.argv[1])).put(Path(sys.argv[2]))
        os.write(1, f"{stored}\\n".encode())  # in one write: lines of eight processes never mix
        os._exit(0)
os.close(begin)
sys.exit(max(os.wait()[1] for _ in range(8)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_eight_processes_put_one_file(source: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PUT, str(tmp_path / "blobs"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [SHA256] * 8
    assert files_in(tmp_path / "blobs") == [f"{SHA256[:2]}/{SHA256}.fcs"]


def test_a_full_disk_leaves_nothing_and_it_goes_on_when_there_is_room(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(StoreError) as caught:
            blobs.put(source)
    error = caught.value
    assert (error.message, error.subject, error.found, error.allowed, error.hint) == (
        "The disk is full; nothing was changed.",
        str(tmp_path / "blobs"),
        "no space left on device",
        "free space on the disk for files",
        "Make room and try again.",
    )
    assert files_in(tmp_path / "blobs") == []
    assert blobs.put(source) == SHA256


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where this user may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode:
        pytest.skip("this user may not mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_real_full_disk(source: Path, small_disk: Path) -> None:
    blobs = FolderBlobs(small_disk / "blobs")
    with pytest.raises(StoreError) as caught:
        blobs.put(source)
    assert caught.value.message == "The disk is full; nothing was changed."
    assert files_in(small_disk) == []
    source.write_bytes(CONTENT[:1000])
    sha256 = blobs.put(source)
    assert files_in(small_disk) == [f"blobs/{sha256[:2]}/{sha256}.fcs"]


def test_a_place_that_is_no_folder_is_said(source: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        FolderBlobs(source / "blobs").put(source)
    error = caught.value
    assert (error.message, error.found, error.allowed, error.hint) == (
        "The place for files cannot be used.",
        "not a directory",
        "a place that this user may read and write",
        "Check the place, its permissions and its disk.",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks that tell who is gone")
def test_what_a_killed_process_had_begun_is_swept_and_what_is_being_written_stays(tmp_path: Path) -> None:
    import fcntl

    folder = tmp_path / "blobs" / "ab"
    folder.mkdir(parents=True)
    orphan, held, young = (folder / f".new-{name}" for name in ("orphan", "held", "young"))
    for path in (orphan, held, young):
        path.write_bytes(b"FCS")
    for path in (orphan, held):
        os.utime(path, (0, 0))
    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert FolderBlobs(tmp_path / "blobs").sweep() == 1
    assert sorted(folder.iterdir()) == [held, young]


def test_the_place_of_files(tmp_path: Path, source: Path) -> None:
    open_blobs(tmp_path).put(source)
    assert files_in(tmp_path / "blobs") == [f"{SHA256[:2]}/{SHA256}.fcs"]
    open_blobs(tmp_path, f"file://{tmp_path}/elsewhere").put(source)
    assert len(files_in(tmp_path / "elsewhere")) == 1
    with pytest.raises(StoreError) as caught:
        open_blobs("postgresql+psycopg://lab:secret@db.example/study7")
    assert str(caught.value) == (
        "postgresql+psycopg://lab:***@db.example/study7: The files of a study in PostgreSQL need a place of "
        "their own. Allowed: a folder that all machines reach, or a URL such as s3://bucket/prefix. "
        "Give it with --blobs."
    )
    with pytest.raises(StoreError) as caught:
        open_blobs(tmp_path, "nowhere://lab:secret@place")
    assert str(caught.value) == (
        "nowhere://…: Files cannot be kept in this kind of place. Found: no such kind. "
        "Allowed: a folder, s3://bucket/prefix, or another URL that fsspec knows."
    )
