"""``cytorecon inspect``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cytorecon.cli import main
from cytorecon.fcs import write_fcs
from cytorecon.fcs.cross_check import Cause
from cytorecon.sample import Channel, ChannelRole

EVENTS = np.arange(1, 21, dtype=np.float32).reshape(10, 2)
CHANNELS = [
    Channel(0, "FITC-A", "", ChannelRole.FLUORESCENCE, maximum=1000),
    Channel(1, "Time", "", ChannelRole.TIME, maximum=1000),
]


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


def test_a_file_with_an_error_is_shown_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "tube.fcs"
    write_fcs(damaged, EVENTS, CHANNELS)
    damaged.write_bytes(damaged.read_bytes()[:-8] + b"00012345")
    assert main(["inspect", str(damaged), "--json"]) == 2
    captured = capsys.readouterr()
    (found,) = json.loads(captured.out)
    (issue,) = (issue for issue in found["issues"] if issue["severity"] == "error")
    assert issue["code"] == "fcs.checksum"
    assert captured.err.startswith(
        f"failed: {damaged}: {issue['subject']}: The checksum of the file does not fit its bytes: "
    )
    assert captured.err.count("\n") == 1


def test_only_bad_files_end_with_1(tmp_path: Path) -> None:
    assert main(["inspect", str(tmp_path / "missing.fcs")]) == 1


def test_cross_check_says_what_flowio_reads(
    tubes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", "--cross-check", str(tubes[0])]) == 0
    assert capsys.readouterr().out == f"{tubes[0]}: the same\n"
    changed = tmp_path / "changed.fcs"
    write_fcs(changed, EVENTS, CHANNELS, keywords={"$TIMESTEP": "1", "TIMESTEP": "5"})
    assert main(["inspect", "--cross-check", str(changed), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "read differently"
    assert found["differences"] == [{"subject": "values of Time", "cause": str(Cause.SHADOWED)}]
    assert main(["inspect", "--cross-check", str(changed)]) == 0
    assert f"  values of Time\n    {Cause.SHADOWED}\n" in capsys.readouterr().out


def test_cross_check_of_a_file_that_cannot_be_read(
    tubes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "table.fcs"
    bad.write_text("file,patient\n")
    assert main(["inspect", "--cross-check", str(bad), str(tubes[0])]) == 2
    captured = capsys.readouterr()
    assert f"{bad}: refused by both" in captured.out
    assert captured.err.startswith(f"failed: {bad}: ")


def test_cross_check_of_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "nofile.fcs"
    assert main(["inspect", "--cross-check", str(missing)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"failed: {missing}: There is no such file. Check the name and the folder.\n"


def test_format_time_and_saturation_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = np.array([[1000, 0], [-1, 1], [5, 2], [6, 4]], np.float32)
    file = tmp_path / "tube.fcs"
    write_fcs(file, events, CHANNELS, keywords={"$TIMESTEP": "0.5", "$CYT": "FACSCanto II of Jane Doe"})
    assert main(["inspect", str(file)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        f"{file}: 4 events\n  instrument: FACSCanto II\n  format: FCS3.1, float, 32 bits, little endian\n"
        "  time: 2.0 s, 2 events/s\n  spillover: none\n"
    )
    assert "Jane" not in shown
    assert main(["inspect", str(file), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["seconds"], found["events_per_second"]) == (2.0, 2.0)
    saturation = [(channel["percent_at_top"], channel["percent_below_zero"]) for channel in found["channels"]]
    assert saturation == [(25.0, 25.0), (None, None)]


def test_without_a_clock_there_is_no_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tube.fcs"
    write_fcs(file, EVENTS, CHANNELS)
    assert main(["inspect", str(file)]) == 0
    assert "  instrument: not known\n" in (shown := capsys.readouterr().out)
    assert "  time: no clock in seconds\n" in shown
