"""``cytorecon inspect``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cytorecon.cli import main


def test_table_and_json_show_the_channels(tubes: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tubes[0])]) == 0
    table = capsys.readouterr().out
    assert main(["inspect", str(tubes[0]), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["file"] == str(tubes[0])
    assert f"{tubes[0]}: {found['n_events']} events" in table
    names = [channel["name"] for channel in found["channels"]]
    assert names[:3] == ["FSC-A", "FSC-H", "SSC-A"]
    assert all(name in table for name in names)


def test_a_bad_file_is_named_and_the_others_are_shown(
    tubes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "table.fcs"
    bad.write_text("file,patient\n")
    assert main(["inspect", str(bad), str(tubes[0])]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"failed: {bad}: ")
    assert str(tubes[0]) in captured.out


def test_only_bad_files_end_with_1(tmp_path: Path) -> None:
    assert main(["inspect", str(tmp_path / "missing.fcs")]) == 1
