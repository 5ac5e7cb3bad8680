"""Workers beside a block."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cytorecon.cli.worker_process import working
from cytorecon.errors import CytoreconError


def test_a_worker_that_ends_is_the_reason_wherever_the_block_is_interrupted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CytoreconError) as told, working(str(tmp_path / "no_study"), "", 1):
        time.sleep(120)
    assert str(told.value) == (
        "A worker ended, and the dashboard with it. Found: exit code 1. "
        "Start it again: uploads that were accepted are analysed then."
    )
    assert "There is no such folder." in capfd.readouterr().err


def test_an_interruption_by_the_user_stays_one(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), working(str(tmp_path), "", 0):
        raise KeyboardInterrupt
