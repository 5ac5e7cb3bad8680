from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_text
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.simulate import BLOOD_POPULATIONS, load_settings
from cytorecon.simulate.priors import load_priors

Change = Callable[[dict[str, Any]], None]


def message_after(change: Change, folder: Path) -> str:
    content = yaml.safe_load(read_text("simulator.yaml"))
    change(content)
    (folder / "simulator.yaml").write_text(
        yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    with pytest.raises(KnowledgeError) as error:
        load_settings(folder=folder)
    return str(error.value)


def test_the_packaged_file_names_every_blood_population() -> None:
    settings = load_settings()
    assert settings.populations == (*BLOOD_POPULATIONS, "debris")
    assert "never a reference" in settings.notice


def test_both_files_say_that_they_are_synthetic() -> None:
    for name in ("simulator.yaml", "simulator_priors.csv"):
        head = read_text(name)[:400]
        assert "SYNTHETIC" in head
        assert "never a reference" in head


def test_a_scenario_stands_for_every_scenario_of_the_priors() -> None:
    assert set(load_settings().cohort.scenarios.rows) == set(load_priors())


def test_programmes_are_known_to_the_project() -> None:
    known = set(load_programmes().names)
    assert {row.programme for row in load_settings().cohort.scenarios.rows.values()} <= known


def test_a_user_file_replaces_the_packaged_one(tmp_path: Path) -> None:
    text = read_text("simulator.yaml").replace('version: "1"', 'version: "ours"')
    (tmp_path / "simulator.yaml").write_text(text, encoding="utf-8")
    assert load_settings(folder=tmp_path).version == "ours"


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["scale"]["speed"] = 3

    assert message_after(change, tmp_path) == (
        "simulator.yaml, scale.speed: 1 field cannot be used. Found: 3. Allowed: no field of this name."
    )


def test_a_number_without_unit_is_refused(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["scale"]["maximum"]["unit"] = ""

    assert message_after(change, tmp_path) == (
        "simulator.yaml, scale.maximum.unit: 1 field cannot be used. Found: ''. "
        "Allowed: String should have at least 1 character."
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: c["spillover"]["rows"].pop("PE-A"), "spillover needs one row per detector"),
        (
            lambda c: c["spillover"]["rows"]["PE-A"].pop("APC-A"),
            "spillover row PE-A needs every other detector once",
        ),
        (lambda c: c["beads"]["light"]["values"].pop("PE-A"), "beads.light needs one value per detector"),
        (
            lambda c: c["cell_types"]["rows"]["B_cell"].update(body="plasma"),
            "cell type B_cell has the unknown body plasma",
        ),
        (
            lambda c: c["cell_types"]["rows"]["B_cell"]["stain"].update(
                CD20={"median": 1, "log10_sd": 0, "tail": 0}
            ),
            "cell type B_cell has the unknown antibody CD20",
        ),
        (
            lambda c: c["cell_types"]["rows"]["B_cell"].update(share=0.9),
            "shares of population B add up to 0.9, not 1",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused(change: Change, problem: str, tmp_path: Path) -> None:
    assert message_after(change, tmp_path).endswith(f"Allowed: Value error, {problem}.")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: c["cohort"]["t_cells"]["days"].pop(), "double_negative usual needs one share per day"),
        (
            lambda c: c["cohort"]["scenarios"]["rows"]["adult_BM_CNI"].update(dn="many"),
            "scenario adult_BM_CNI names the unknown double_negative row many",
        ),
    ],
)
def test_cohort_rows_that_do_not_fit_are_refused(change: Change, problem: str, tmp_path: Path) -> None:
    assert message_after(change, tmp_path).endswith(f"Allowed: Value error, {problem}.")
