"""Control tubes in the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.gating.control_of import ControlOf
from tests.study.sheets import errors, load

HEADER = "file,patient,day,panel,control\na.fcs,P01,30,tbnk,\n"
ALLOWED = (
    "Allowed: 'fmo' and a marker (fmo CD25), or 'without' and a population (without B). The row is left out."
)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("fmo CD19", ControlOf(kind="fmo", name="CD19")),
        ("FMO CD56+CD16", ControlOf(kind="fmo", name="CD16+CD56")),
        ("without B", ControlOf(kind="without", name="B")),
    ],
)
def test_a_control_needs_neither_patient_nor_day(tmp_path: Path, cell: str, expected: ControlOf) -> None:
    study = load(tmp_path, manifest=f"{HEADER}c.fcs,,,tbnk,{cell}\n")
    assert [tube.tube for tube in study.tubes] == ["P01/d30/1"]
    (control,) = study.controls
    assert (control.of, control.template, control.row) == (expected, "tbnk", 3)
    assert control.path == tmp_path / "c.fcs"
    assert errors(study) == []
    assert "controls" not in study.model_dump()


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("isotype", f"This is no kind of control tube. {ALLOWED}"),
        ("fmo", f"This is no kind of control tube. {ALLOWED}"),
        ("fmo Anna", f"The marker of the FMO is not known by one meaning. {ALLOWED}"),
        ("without Anna", f"The population that is missing is not known. {ALLOWED}"),
    ],
)
def test_a_control_that_is_none_is_left_out(tmp_path: Path, cell: str, problem: str) -> None:
    study = load(tmp_path, manifest=f"{HEADER}c.fcs,,,tbnk,{cell}\n")
    assert study.controls == ()
    assert errors(study) == [f"error: manifest row 3, column control: {problem}"]


def test_a_control_needs_a_file_and_a_panel_that_is_known(tmp_path: Path) -> None:
    study = load(tmp_path, manifest=f"{HEADER},,,tbnq,fmo CD19\n")
    assert study.controls == ()
    assert len(errors(study)) == 2
