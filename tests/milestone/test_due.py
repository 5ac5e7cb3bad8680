"""Which tests are due, after the schedule of the Westhafen group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.due_tests import DueTest, load_due_tests
from cytorecon.knowledge.files import validated
from cytorecon.milestone import due_tests
from cytorecon.study import Anchor, ClinicalEvent, Patient, Readout, Study
from cytorecon.tables import DUE_TEST_COLUMNS

FOUR = ("CD4_T", "CD8_T", "B", "NK")


def table(course: Mapping[str, Mapping[int, tuple[float, str]]]) -> pd.DataFrame:
    """Return a table of population -> day -> (value, position in the reference)."""
    rows = [
        {
            "patient": "P01",
            "days_after_transplant": day,
            "population": population,
            "measure": "cells_per_ul",
            "value": value,
            "censored": "",
            "reference_position": position,
        }
        for population, values in course.items()
        for day, (value, position) in values.items()
    ]
    columns = ["patient", "days_after_transplant", "population", "measure", "value", "censored"]
    return pd.DataFrame(rows, columns=[*columns, "reference_position"])


def due(
    course: Mapping[str, Mapping[int, tuple[float, str]]],
    *,
    readouts: Sequence[tuple[str, int]] = (),
    events: Sequence[tuple[str, int]] = (),
    programme: str = "allo_hsct",
    anchors: Sequence[Anchor] = (Anchor(name="HCT1", kind="transplant"),),
) -> dict[str, tuple[object, object, str]]:
    study = Study(
        name="s",
        patients=(Patient(patient="P01", programme=programme, anchors=tuple(anchors)),),
        tubes=(),
        events=tuple(ClinicalEvent(patient="P01", kind=kind, start_day=day) for kind, day in events),
        readouts=tuple(
            Readout(patient="P01", day=day, readout=name, value=5, unit="g/L") for name, day in readouts
        ),
    )
    found = due_tests(table(course), study)
    assert tuple(found.columns) == DUE_TEST_COLUMNS
    return {
        str(row["test"]): (
            row["due_from_day"],
            row["due_to_day"] if isinstance(row["due_to_day"], int) else None,
            str(row["because"]),
        )
        for row in found.to_dict("records")
    }


def everything(day: int, cd4: float = 100) -> dict[str, dict[int, tuple[float, str]]]:
    return {name: {day: (cd4 if name == "CD4_T" else 10, "below")} for name in FOUR}


def test_the_next_month_of_the_schedule() -> None:
    found = due(everything(95))
    assert found["CD4 T"] == (183, None, "month 6 of the schedule; last measured on day 95")
    assert found["CD8 T, B and NK"][0] == 183
    assert due({})["CD4 T"] == (30, None, "month 1 of the schedule; never measured")
    # of several populations the one that was not measured decides
    assert due({"CD8_T": {95: (10, "")}})["CD8 T, B and NK"][0] == 30
    assert "CD4 T" not in due(everything(740))


def test_thymic_output_is_due_while_cd4_is_above_200_and_until_it_is_normal() -> None:
    name = "Recent thymic emigrants, naive T or TREC"
    assert name not in due(everything(95))
    found = due(everything(95, cd4=250))
    assert found[name] == (95, None, "CD4 T above 200/µL since day 95; not measured since")
    assert "Regulatory T" in found
    fell = {"CD4_T": {60: (300.0, "below"), 95: (150.0, "below")}}
    assert name not in due(fell)
    below = {"CD4_T": {60: (300.0, "below")}, "CD4_RTE": {95: (5.0, "below")}}
    assert due(below)[name] == (
        183,
        None,
        "CD4 T above 200/µL since day 60; that of day 95 is not known to be normal",
    )
    normal = {"CD4_T": {60: (300.0, "below")}, "CD4_RTE": {95: (90.0, "within")}}
    assert name not in due(normal)


def test_igg_is_due_until_it_is_the_patients_own() -> None:
    assert due({})["IgG"] == (14, 28, "every 14 to 28 days; never measured")
    under = due({}, readouts=[("igg", 60)], events=[("ivig", 40)])
    assert under["IgG"] == (74, 88, "every 14 to 28 days; that of day 60 is not the patient's own")
    assert "IgG" not in due({}, readouts=[("igg", 80)], events=[("ivig", 40)])


def test_igm_and_iga_follow_b_cells() -> None:
    name = "IgM, IgA and isohaemagglutinins"
    assert name not in due({"B": {60: (20.0, "below")}})
    assert due({"B": {60: (30.0, "below")}})[name][0] == 60
    measured = due({"B": {60: (30.0, "below")}}, readouts=[("igm", 95)])
    assert measured[name][2] == "B above 25/µL since day 60; that of day 95 is not known to be normal"


@pytest.mark.parametrize("event", ["death", "relapse", "graft_failure"])
def test_nothing_is_due_after_follow_up_has_ended(event: str) -> None:
    assert due(everything(95), events=[(event, 120)]) == {}


def test_a_second_transplant_starts_the_schedule_again() -> None:
    anchors = (Anchor(name="HCT1", kind="transplant"), Anchor(name="HCT2", kind="transplant", day=200))
    assert due(everything(95), anchors=anchors)["CD4 T"] == (
        230,
        None,
        "month 1 of the schedule; never measured",
    )


def test_other_programmes_have_no_schedule() -> None:
    assert due(everything(95), programme="msc") == {}


def test_a_test_needs_one_reason() -> None:
    made = load_due_tests().tests[0].model_dump() | {"every": {"from_days": 14, "to_days": 28}}
    with pytest.raises(KnowledgeError, match="a test has one of months, trigger and every"):
        validated(DueTest, made, subject="due_tests.yaml")
