"""What a killed process leaves is taken away by the next, and nothing else is."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cytorecon.intake import private_folder, sweep
from cytorecon.intake.private_folder import PREFIX

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no lock on folders")

_HOLDER = """
import sys, time
from cytorecon.intake import private_folder
with private_folder() as folder:
    (folder / "upload.fcs").write_text("a patient")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give temporary files a place of their own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@contextmanager
def holder() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run another process that holds a private folder."""
    process = subprocess.Popen([sys.executable, "-c", _HOLDER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_folder_is_for_this_user_alone_and_gone_afterwards(place: Path) -> None:
    with suppress(ZeroDivisionError), private_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "file").write_text("x", encoding="utf-8")
        raise ZeroDivisionError
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_holds_is_not(place: Path) -> None:
    with holder() as (running, held), holder() as (killed, left):
        assert sweep() == 0
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (left / "upload.fcs").exists()
        with private_folder() as own:
            assert sweep() == 1
            assert own.exists()
        assert not left.exists()
        assert (held / "upload.fcs").exists()
        assert running.poll() is None
        assert sorted(place.iterdir()) == [held]


def test_links_files_and_folders_of_other_programs_are_left_alone(place: Path) -> None:
    kept = place / "kept"
    kept.mkdir()
    (kept / "file").write_text("x", encoding="utf-8")
    (place / f"{PREFIX}link").symlink_to(kept)
    (place / f"{PREFIX}file").write_text("x", encoding="utf-8")
    (place / "cytorecon-else").mkdir()
    assert sweep() == 0
    assert (kept / "file").exists()
    assert len(list(place.iterdir())) == 4


def test_folders_of_other_users_are_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / f"{PREFIX}theirs").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: -5)
    assert sweep() == 0
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    assert sweep() == 1


def test_a_sweep_between_making_and_locking_costs_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is empty then, and another one is made."""
    make = tempfile.mkdtemp
    swept: list[int] = []

    def interrupted(prefix: str) -> str:
        folder = make(prefix=prefix)
        if not swept:
            swept.append(sweep())
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", interrupted)
    with private_folder() as folder:
        assert folder.exists()
        assert swept == [1]
        assert sweep() == 0
