"""``cytorecon references``: list and check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cytorecon.cli.main import main

HEADER = (
    "set,population,measure,age_from,age_below,sex,low,high,percentiles,gate_definition,source,confidence"
)


def test_list_names_sets_definitions_and_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["references", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    (shearer,) = [
        row
        for row in rows
        if (row["set"], row["population"], row["measure"]) == ("shearer_2003", "CD4_T", "cells_per_ul")
    ]
    assert shearer == {
        "population": "CD4_T", "measure": "cells_per_ul", "set": "shearer_2003",
        "gate_definition": "CD3+CD4+", "ages": "0-18", "default": "default",
    }  # fmt: skip


def test_check_says_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        f"{HEADER}\nsite,CD4_T,cells_per_ul,18,60,all,400,1600,,CD3+CD4+,s,measured\n", encoding="utf-8"
    )
    assert main(["references", "check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: ok\n"


def test_check_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        f"{HEADER}\nsite,CD4_T,cells_per_ul,18,60,all,4000,1600,,CD3+CD4+,s,measured\n", encoding="utf-8"
    )
    assert main(["references", "check", str(path)]) == 1
    shown = capsys.readouterr()
    assert "own.csv, data row 1, low: The lower limit is not below the upper one. Found: 4000." in shown.out
    assert shown.err == f"failed: {path}: it cannot be used\n"
