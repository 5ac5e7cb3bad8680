"""The registry sheet: which sample stands for a contact."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from cytorecon.interop import export_tables
from cytorecon.interop.registry import registry_sheet
from cytorecon.study.model import Anchor, Patient, Study
from cytorecon.study.result import StudyResult
from tests.builders import tube, tube_result

CURVES = {"CD4_T": 200.0, "CD8_T": 300.0, "B": 50.0, "NK": 80.0}


def sheet(
    days: Sequence[int],
    *,
    values: Sequence[float] | None = None,
    anchors: tuple[Anchor, ...] = (Anchor(name="HCT1", kind="transplant", day=0),),
    product_day: int | None = None,
) -> pd.DataFrame:
    """Return the sheet of one patient with a tube on each of `days`, of so many CD4 T cells/µL."""
    tubes = tuple(
        tube("P01", day).model_copy(update={"product_volume_ml": 100.0} if day == product_day else {})
        for day in days
    )
    cells = values or [100.0 + day for day in days]
    results = tuple(
        tube_result(own, {**CURVES, "CD4_T": value}) for own, value in zip(tubes, cells, strict=True)
    )
    study = Study(name="s", patients=(Patient(patient="P01", anchors=anchors),), tubes=tubes)
    return registry_sheet(export_tables(StudyResult(study=study, tubes=results))).set_index("contact")


@pytest.mark.parametrize(
    ("days", "contact", "chosen"),
    [
        ([85], "day 100", 85),
        ([115], "day 100", 115),
        ([84, 116], "day 100", None),
        ([90, 108, 115], "day 100", 108),
        ([95, 105], "day 100", 95),
        ([149, 211], "6 months", None),
        ([150, 210], "6 months", 150),
        ([365], "1 year", None),
        ([366, 370], "1 year", 366),
        ([425], "1 year", 425),
        ([426], "1 year", None),
    ],
)
def test_the_closest_in_the_window_and_nothing_from_outside(
    days: list[int], contact: str, chosen: int | None
) -> None:
    row = sheet(days).loc[contact]
    assert row["CD4_T_day"] == chosen
    assert row["CD4_T_cells_per_ul"] == (None if chosen is None else 100 + chosen)
    expected = f"none in the window; last result on day {max(days)}" if chosen is None else ""
    assert row["note"] == expected


def test_each_contact_has_a_row_and_says_its_window() -> None:
    made = sheet([100])
    assert list(made.index) == ["day 100", "6 months", "1 year"]
    assert made["registry"].unique().tolist() == ["CIBMTR"]
    assert (made.loc["1 year", "from_day"], made.loc["1 year", "to_day"]) == (366, 425)


def test_below_the_lloq_is_a_result_without_a_number() -> None:
    row = sheet([100], values=[0.1]).loc["day 100"]
    assert (row["CD4_T_cells_per_ul"], row["CD4_T_reported"], row["CD4_T_day"]) == (None, "<0.9", 100)


def test_a_second_infusion_is_said() -> None:
    anchors = (Anchor(name="HCT1", kind="transplant"), Anchor(name="HCT2", kind="transplant", day=160))
    made = sheet([100, 180], anchors=anchors)
    assert made.loc["day 100", "note"] == ""
    assert made.loc["6 months", "note"] == "after HCT2 on day 160"


def test_an_infusion_before_day_0_is_no_later_one() -> None:
    anchors = (
        Anchor(name="HCT1", kind="transplant"), Anchor(name="preHCT1", kind="transplant", day=-30)
    )  # fmt: skip
    assert sheet([100], anchors=anchors).loc["day 100", "note"] == ""


def test_a_flagged_result_is_said() -> None:
    from tests.builders import study_result

    whole = study_result()
    (own,) = [one for one in whole.study.tubes if one.tube == "P01/d60/1"]
    moved = own.model_copy(update={"day": 100})
    study = Study(name="s", patients=(whole.study.patients[0],), tubes=(moved,))
    made = registry_sheet(export_tables(StudyResult(study=study, tubes=(whole.tube("P01/d60/1"),))))
    assert made.iloc[0]["note"] == "needs a look: CD8_T"


def test_a_cell_product_is_no_blood() -> None:
    assert sheet([100], product_day=100).loc["day 100", "note"] == "none in the window"
