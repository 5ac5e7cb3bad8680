"""``cytorecon simulate``."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.cli import main

SMALL = ("--patients", "1", "--visits", "2", "--events", "1500", "--seed", "4")


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(["simulate", "--out", str(tmp_path / name), *SMALL]) == 0
    first = files_of(tmp_path / "a")
    assert {"manifest.csv", "patients.csv", "truth.csv"} < set(first)
    assert sum(name.endswith(".fcs") for name in first) == 2
    assert first == files_of(tmp_path / "b")


def test_a_folder_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["simulate", "--out", str(tmp_path), *SMALL]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert files_of(tmp_path) == {"mine.txt": b"mine"}
