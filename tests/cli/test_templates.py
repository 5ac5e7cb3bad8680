"""``cytorecon templates``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.knowledge.templates import load_template, template_names
from tests.knowledge.test_template import GOOD

BAD = GOOD.replace("marker: CD4", "markr: CD4")


def test_all_templates_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "list"]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert set(shown) >= {"template", *template_names()}


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "list", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    tbnk = load_template("tbnk")
    assert set(listed) == set(template_names())
    assert listed["tbnk"]["required"] == list(tbnk.required)
    assert listed["tbnk"]["sha256"] == tbnk.sha256
    assert "CD4_T" in listed["tbnk"]["populations"]


@pytest.mark.parametrize("name", template_names())
def test_each_template_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "show", name]) == 0
    shown = capsys.readouterr().out
    template = load_template(name)
    for word in (template.version, template.sha256, *template.required):
        assert word in shown
    for spec in template.gates:
        assert f"\n  {spec.gate}" in shown
        assert spec.source in shown
    for entry in template.populations:
        assert f"\n  {entry.population} (" in shown


def test_a_population_is_shown_with_definition_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "show", "t_memory_cd62l"]) == 0
    assert (
        "  CD4_naive (Naive CD4): CD45RA+ CD62L+ [Shearer 2003 J Allergy Clin Immunol 112:973]\n"
        "    of CD4_T: CD45RA and central\n"
    ) in capsys.readouterr().out


def test_criteria_are_shown_with_their_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "show", "msc_identity"]) == 0
    assert "  HLA-DR: at most 2 percent of viable cells\n" in capsys.readouterr().out


def test_a_template_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "show", "treg", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["includes"] == ["base/t_cells"]


def test_ones_own_template_can_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    assert main(["templates", "show", str(tmp_path / "mine.yaml")]) == 0
    assert "small 1.0.0: A small template" in capsys.readouterr().out


def test_a_template_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "show", "tbkn"]) == 1
    assert capsys.readouterr().err.startswith("error: template: There is no such template. Found: tbkn.")


def test_good_and_bad_files_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "notes.txt").write_text("no template")
    assert main(["templates", "check", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == (
        f"{tmp_path / 'bad.yaml'}: 2 problems\n"
        "  bad.yaml, gate CD4, axis.marker: This cannot be used. Found: {'markr': 'CD4'}. "
        "Allowed: a value: the field is missing.\n"
        "  bad.yaml, gate CD4, axis.markr: This cannot be used. Found: 'CD4'. "
        "Allowed: no field of this name. Did you mean 'marker'?\n"
        f"{tmp_path / 'good.yaml'}: ok\n"
    )
    assert captured.err == f"failed: {tmp_path / 'bad.yaml'}: 2 problems\n"


def test_only_bad_files_end_with_1(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    assert main(["templates", "check", str(tmp_path / "bad.yaml")]) == 1


def test_problems_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD.replace("[CD3, CD4]", "[CD3]"))
    assert main(["templates", "check", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "file": str(tmp_path / "bad.yaml"),
            "problems": [
                {
                    "file": "bad.yaml",
                    "field": "gate CD4, axis.marker",
                    "message": "No tube is asked for this marker, so the gate could never be found.",
                    "found": "CD4",
                    "allowed": "CD3",
                    "hint": "List it under required or optional.",
                }
            ],
        }
    ]


def test_a_knowledge_folder_is_checked_in_its_templates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "mine.yaml").write_text(GOOD)
    assert main(["templates", "check", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'templates' / 'mine.yaml'}: ok\n"


def test_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "check", str(tmp_path)]) == 1
    assert main(["templates", "check", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path}: The folder holds no template. Allowed: .yaml files.\n"
        f"error: {tmp_path / 'none'}: There is no such file or folder.\n"
    )
