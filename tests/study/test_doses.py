"""Doses of cell products: from the sheet to the table and to words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cytorecon.results import PopulationCount, Provenance, TubeResult
from cytorecon.study import Patient, Study, StudyResult, Tube, doses_in_words, product_doses
from cytorecon.tables import COUNT_COLUMNS, PRODUCT_DOSE_COLUMNS
from tests.builders import population_count
from tests.study.sheets import lines, load

HEADER = "file,patient,day,panel,product_volume_ml,recipient_weight_kg\n"


def study(*, template: str = "cd34", viable: str = "counted", **amounts: float | None) -> StudyResult:
    tube = Tube(tube="P01/d0/1", patient="P01", day=0, template=template).model_copy(update=amounts)
    status = {"status": viable, "reason": "" if viable == "counted" else "not assessed: no dye"}
    counts = (
        population_count({"population": "viable", "parent": "singlets", "events": 9000, **status}),
        PopulationCount(
            population="CD34_ISHAGE",
            parent="leukocytes",
            status="counted",
            events=900,
            cells_per_ul=1800.0,
            cells_per_ul_low=1680.0,
            cells_per_ul_high=1925.0,
            lloq_cells_per_ul=100.0,
            below_lloq=False,
            count_method="beads",
        ),
    )
    outcome = TubeResult(
        tube=tube.tube, status="done", counts=counts, provenance=Provenance(template=template)
    )
    return StudyResult(
        study=Study(name="s", patients=(Patient(patient="P01"),), tubes=(tube,)), tubes=(outcome,)
    )


def test_a_graft_has_a_dose_with_unit_number_and_interval() -> None:
    table = product_doses(study(product_volume_ml=200.0, recipient_weight_kg=72.0))
    assert tuple(table.columns) == PRODUCT_DOSE_COLUMNS
    (row,) = table.to_dict("records")
    assert row["dose"] == pytest.approx(5.0)
    assert (row["dose_low"], row["dose_high"]) == (
        pytest.approx(4.6667, abs=1e-4),
        pytest.approx(5.3472, abs=1e-4),
    )
    assert (row["cells"], row["unit"], row["events"], row["living_only"]) == (
        "CD34+ cells",
        "10^6/kg",
        900,
        True,
    )
    assert doses_in_words(table) == (
        "P01/d0/1: 5.00 x 10^6/kg CD34+ cells (95 % interval 4.67 to 5.35; n = 900)",
    )


def test_without_weight_it_is_named_and_without_both_the_tube_is_no_product() -> None:
    table = product_doses(study(product_volume_ml=200.0))
    assert pd.isna(table["dose"][0])
    assert doses_in_words(table) == (
        "P01/d0/1: no dose of CD34+ cells: the sheet does not give recipient_weight_kg",
    )
    assert product_doses(study()).empty


def test_a_tube_without_a_dye_says_that_dead_cells_are_in_the_dose() -> None:
    table = product_doses(study(viable="not_evaluable", product_volume_ml=200.0, recipient_weight_kg=72.0))
    assert table["review"][0] == "dose.viability_unknown"
    assert doses_in_words(table)[0].endswith("n = 900; without a viability dye: living and dead cells)")


def test_the_table_of_counts_has_no_dose() -> None:
    assert not {"dose", "product_volume_ml", "recipient_weight_kg"} & set(COUNT_COLUMNS)


def test_the_sheet_gives_volume_and_weight(tmp_path: Path) -> None:
    found = load(tmp_path, manifest=HEADER + "a.fcs,P01,0,cd34,212.5,71\n")
    assert (found.tubes[0].product_volume_ml, found.tubes[0].recipient_weight_kg) == (212.5, 71)
    assert lines(found.issues) == []


def test_blood_is_not_given_per_kg(tmp_path: Path) -> None:
    found = load(tmp_path, manifest=HEADER + "a.fcs,P01,30,tbnk,212.5,71\n")
    assert (found.tubes[0].product_volume_ml, found.tubes[0].recipient_weight_kg) == (None, None)
    assert lines(found.issues) == [
        f"warning: manifest row 2, column {column}: The template tbnk counts no cells that are given as a "
        "product; this was not used. Leave it empty for blood; doses are of CD34+ cells, MSC and CAR T cells."
        for column in ("product_volume_ml", "recipient_weight_kg")
    ]


@pytest.mark.parametrize(
    ("cells", "column", "found"),
    [
        ("0,71", "product_volume_ml", "0.1 up to 5000 mL"),
        ("212.5,70000", "recipient_weight_kg", "0.3 up to 400 kg"),
        ("212.5,-3", "recipient_weight_kg", "0.3 up to 400 kg"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(tmp_path: Path, cells: str, column: str, found: str) -> None:
    study = load(tmp_path, manifest=HEADER + f"a.fcs,P01,0,cd34,{cells}\nb.fcs,P01,1,cd34,200,70\n")
    (issue,) = lines(study.issues)
    assert issue.startswith(f"error: manifest row 2, column {column}: This number is out of range.")
    assert f"Allowed: a number from {found}." in issue
    assert [tube.day for tube in study.tubes] == [1]


def test_an_unusual_weight_is_remarked(tmp_path: Path) -> None:
    (issue,) = lines(load(tmp_path, manifest=HEADER + "a.fcs,P01,0,cd34,200,240\n").issues)
    assert issue == (
        "warning: manifest row 2, column recipient_weight_kg: This amount is unusual and was used as "
        "written. Found: 240. Usual: 2 to 200 kg. It is in kg, the weight that the centre doses by."
    )
