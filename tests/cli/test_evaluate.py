"""``cytorecon evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from cytorecon.cli import main
from tests.evaluate.labelled_sets import PLAN, write_plan, write_set

SMALL = ["--patients", "2", "--visits", "2", "--events", "3000", "--seeds", "1"]


def test_a_simulated_laboratory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["evaluate", "--simulate", "stress", *SMALL, "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert "share 'not detected'" in shown.out
    assert f"Tables, document and figures: {out}" in shown.err
    command = "cytorecon evaluate --simulate stress --seeds 1 --patients 2 --visits 2 --events 3000 --out DIR"
    assert command in (out / "accuracy.md").read_text(encoding="utf-8")
    scores = pd.read_csv(out / "scores.csv")
    assert len(scores[scores["method"] == "cytorecon"]) == 4 * 6


def test_a_plan_as_json_and_one_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = [{"measure": "f1", "population": "B", "at_least": 0.5}]
    plan = write_set(tmp_path, [1], targets=targets)
    (tmp_path / "other").mkdir()
    other = write_plan(
        tmp_path / "other", {**PLAN, "tubes": [{"tube": "a", "file": "a.fcs", "labels": "a.csv"}]}
    )
    out = tmp_path / "out"
    code = main(["evaluate", str(plan), str(other), "--out", str(out), "--json"])
    shown = capsys.readouterr()
    assert code == 2
    (target,) = json.loads(shown.out)["targets"]
    assert (target["measure"], target["population"], target["met"]) == ("F1, median", "B", True)
    assert f"failed: plan {other}: plan made, tube a: A file of the plan is missing." in shown.err


def test_nothing_that_could_be_judged_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write_plan(tmp_path, {**PLAN, "tubes": [{"tube": "a", "file": "a.fcs", "labels": "a.csv"}]})
    assert main(["evaluate", str(plan), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a plan, or a laboratory with --simulate."),
        (["--simulate", "good_lab", "--seeds", "1;2"], "'1;2' is not a list of whole numbers, e.g. 1,2,3."),
        (
            ["--simulate", "mars"],
            "There is no such simulated laboratory. Found: mars. Allowed: good_lab, stress.",
        ),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments, "--out", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err


def test_a_folder_with_other_files_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x").write_bytes(b"")
    assert main(["evaluate", "--simulate", "good_lab", "--out", str(tmp_path)]) == 1
    assert "--out: This cannot be written over" in capsys.readouterr().err
