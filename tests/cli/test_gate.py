"""``cytorecon gate``."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import typer

import cytorecon as cr
from cytorecon.cli import main
from cytorecon.cli.given import parse_mapping
from cytorecon.knowledge.templates import template_names
from cytorecon.results import Verdict


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_counts_masks_and_json_agree(
    tubes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tubes = tubes[:2]
    out, masks = tmp_path / "counts.csv", tmp_path / "masks"
    words = ["gate", *map(str, tubes), "--template", "tbnk", "--counts", str(out), "--masks", str(masks)]
    assert main([*words, "--json"]) == 0
    text = capsys.readouterr().out
    printed = json.loads(text)
    assert [item["file"] for item in printed] == ["1", "2"]
    assert [item["file_sha256"] for item in printed] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in tubes
    ]
    assert not any(path.stem in text or str(path.parent) in text for path in tubes)
    rows = rows_of(out)
    for number, item in enumerate(printed, start=1):
        written = {row["population"]: row for row in rows if row["file"] == str(number)}
        with np.load(next(masks.glob(f"{number:03d}-*.npz"))) as arrays:
            for count in item["counts"]:
                row = written[count["population"]]
                assert row["events"] == ("" if count["events"] is None else str(count["events"]))
                assert row["status"] == count["status"] in get_args(Verdict)
                if count["status"] != "not_evaluable":
                    assert int(arrays[count["population"]].sum()) == count["events"]
                    assert arrays[count["population"]].shape == (item["n_events"],)


def test_every_door_has_the_same_word_for_a_status(
    tubes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``gate --json`` said *counted* where Python and the study's table said what it is worth."""
    counts = cr.gate(cr.read_fcs(tubes[0]), "tbnk").counts().set_index("population")["status"]
    out = tmp_path / "counts.csv"
    assert main(["gate", str(tubes[0]), "--template", "tbnk", "--counts", str(out), "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert {count["population"]: count["status"] for count in printed["counts"]} == counts.to_dict()
    assert {row["population"]: row["status"] for row in rows_of(out)} == counts.to_dict()
    assert main(["gate", str(tubes[0]), "--template", "tbnk"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("CD3_T"))
    assert counts["CD3_T"] in line.split()


def test_what_is_written_names_no_file_and_is_reproducible(tubes: list[Path], tmp_path: Path) -> None:
    texts = []
    for name in ("a.csv", "b.csv"):
        out = tmp_path / name
        assert main(["gate", str(tubes[0]), "--template", "tbnk", "--counts", str(out)]) == 0
        texts.append(out.read_bytes())
    assert texts[0] == texts[1]
    assert tubes[0].stem.encode() not in texts[0]
    # Without a study there is no volume of blood, so no column may promise a concentration.
    assert b"per_ul" not in texts[0]


def test_a_bad_file_is_named_and_the_others_are_gated(
    tubes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, missing = tmp_path / "sheet.fcs", tmp_path / "missing.fcs"
    table.write_text("file,patient\n1,2\n")
    cut = tmp_path / "cut.fcs"
    cut.write_bytes(tubes[0].read_bytes()[:3000])
    bad = [table, missing, cut]
    assert main(["gate", str(tubes[0]), *map(str, bad), str(tubes[1]), "--template", "tbnk"]) == 2
    captured = capsys.readouterr()
    failures = [line for line in captured.err.splitlines() if line.startswith("failed: ")]
    assert [line.split(": ")[1] for line in failures] == [str(path) for path in bad]
    assert all(re.search(r"\.fcs: \w.+\.$", line) for line in failures)
    assert captured.out.count("lymphocytes") >= 2
    assert str(tubes[1]) in captured.out


def test_nothing_but_bad_files_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", str(tmp_path / "missing.fcs"), "--template", "tbnk"]) == 1
    assert (
        capsys.readouterr().err
        == f"failed: {tmp_path / 'missing.fcs'}: There is no such file. Check the name and the folder.\n"
    )


def test_a_template_that_does_not_exist(tubes: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", str(tubes[0]), "--template", "tbkn"]) == 1
    assert capsys.readouterr().err == (
        "error: template: There is no such template. Found: tbkn. "
        f"Allowed: {', '.join(template_names())}, or the path of a .yaml file.\n"
    )


def test_mapping() -> None:
    assert parse_mapping(["CD3=FITC-A", "CD16+CD56 = PE-A"]) == {"CD3": "FITC-A", "CD16+CD56": "PE-A"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["CD3"], "'CD3' is not MARKER=CHANNEL, e.g. CD3=FITC-A."),
        (["=FITC-A"], "'=FITC-A' is not MARKER=CHANNEL, e.g. CD3=FITC-A."),
        (["CD3=FITC-A", "CD3=PE-A"], "The marker CD3 is given twice."),
    ],
)
def test_a_mapping_that_cannot_be_read(pairs: list[str], message: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        parse_mapping(pairs)
    assert caught.value.message == message


def test_a_wrong_mapping_is_wrong_usage(tubes: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", str(tubes[0]), "--template", "tbnk", "--map", "CD3"]) == 1
    assert "'CD3' is not MARKER=CHANNEL" in capsys.readouterr().err
