"""Values of the old cells, before the fall, are no recovery."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from cytorecon.milestone import milestones
from cytorecon.study import ClinicalEvent, Patient, Readout, Study

Row = Mapping[object, object]
FALLING = {1: 2.1, 2: 1.4, 3: 0.8, 4: 0.3, 8: 0.05, 28: 0.1, 40: 0.2}
UNSEEN = "No value below {} was seen before, so it may be from before the fall."


def judged(
    milestone: str,
    readouts: Mapping[str, Mapping[int, float]],
    *,
    b: Mapping[int, float] | None = None,
    programme: str = "allo_hsct",
    transfused: tuple[int, ...] = (),
) -> Row:
    """Return the row of a rule; readouts are in 10^9/L, B in cells/µL."""
    table = pd.DataFrame(
        [
            {
                "patient": "P01", "days_after_transplant": day, "population": "B", "measure": "cells_per_ul",
                "value": value, "low": value, "high": value, "lloq": 1.0, "censored": "", "review": "",
            }
            for day, value in (b or {0: 1.0}).items()
        ]
    )  # fmt: skip
    study = Study(
        name="s",
        patients=(Patient(patient="P01", age_years=40, programme=programme, graft="PBSC"),),
        tubes=(),
        events=tuple(
            ClinicalEvent(patient="P01", kind="platelet_transfusion", start_day=day) for day in transfused
        ),
        readouts=tuple(
            Readout(patient="P01", day=day, readout=name, value=1000 * value, unit="cells/µL")
            for name, course in readouts.items()
            for day, value in course.items()
        ),
    )
    found = milestones(table, study)
    (row,) = found[found["milestone"] == milestone].to_dict("records")
    return row


def days(row: Row) -> tuple[int | None, ...]:
    found = (row[name] for name in ("after_day", "by_day", "confirmed_day"))
    return tuple(day if isinstance(day, int) else None for day in found)


def test_neutrophils_before_the_nadir_are_no_engraftment() -> None:
    row = judged("anc_500", {"anc": FALLING})
    assert (row["status"], *days(row)) == ("not_reached_by_last_visit", 40, None, None)
    assert row["reading"] == (
        "Neutrophils (ANC) not ≥ 500/µL up to day 40; above up to day 3, before the fall, which does not "
        "count."
    )
    by_day_30 = judged("anc_500_d30", {"anc": FALLING})
    assert (by_day_30["status"], by_day_30["deadline"]) == ("not_reached_by_last_visit", "unknown")
    risen = judged("anc_500", {"anc": {**FALLING, 41: 0.6, 42: 0.9, 43: 1.4}})
    assert (risen["status"], *days(risen)) == ("reached", 40, 41, 43)
    assert risen["caution"] == ""
    assert risen["reading"] == (
        "Neutrophils (ANC) first ≥ 500/µL between day 40 and day 41; confirmed on day 43; above up to day 3, "
        "before the fall, which does not count."
    )


def test_where_no_fall_was_seen_the_answer_says_so() -> None:
    row = judged("anc_500", {"anc": {1: 2.1, 2: 1.4, 3: 0.8}})
    assert (row["status"], *days(row)) == ("reached_before_first_visit", None, 1, 3)
    assert row["caution"] == UNSEEN.format("500/µL")


@pytest.mark.parametrize(
    ("transfused", "course", "expected", "caution"),
    [
        ((), {1: 90, 2: 60, 3: 40, 9: 12, 20: 24, 21: 28, 22: 35}, (9, 20, 22), ""),
        # a count under transfusion does not meet the rule, and shows no fall either
        ((0,), {1: 90, 8: 70, 9: 60, 10: 40, 14: 12, 15: 15}, (15, None, None), ""),
        ((0,), {1: 90, 8: 70, 9: 60, 10: 40}, (1, 8, 10), UNSEEN.format("20000/µL")),
        # below under transfusion, it is a fall
        ((8,), {1: 90, 2: 60, 3: 40, 9: 12, 20: 24, 21: 28, 22: 35}, (9, 20, 22), ""),
    ],
)
def test_platelets(
    transfused: tuple[int, ...],
    course: dict[int, float],
    expected: tuple[int | None, ...],
    caution: str,
) -> None:
    row = judged("platelets_20000", {"platelets": course}, transfused=transfused)
    assert (days(row), row["caution"]) == (expected, caution)


@pytest.mark.parametrize("milestone", ["b_20", "b_50"])
def test_b_cells_before_their_aplasia_are_no_recovery_after_car_t_cells(milestone: str) -> None:
    course = {3: 95.0, 14: 1.0, 90: 2.0}
    row = judged(milestone, {}, b=course, programme="car_t")
    assert (row["status"], row["after_day"]) == ("not_reached_by_last_visit", 90)
    back = judged(milestone, {}, b={**course, 180: 80.0}, programme="car_t")
    assert (back["status"], back["after_day"], back["by_day"]) == ("reached", 90, 180)
    # no source says so of a transplant, and nobody falls in the programme of ageing
    assert judged(milestone, {}, b=course)["status"] == "reached_before_first_visit"
    assert judged(milestone, {}, b=course, programme="ageing")["caution"] == ""
    assert "No value below" in str(judged(milestone, {}, b={3: 95.0, 14: 90.0}, programme="car_t")["caution"])


def test_a_borderline_fall_is_allowed_for() -> None:
    """Day 8 may not have been below: then the visit of day 14 is one from before the fall."""
    table = pd.DataFrame(
        {
            "patient": "P01", "days_after_transplant": [3, 8, 14, 30, 90], "population": "B",
            "measure": "cells_per_ul", "value": [60.0, 19.0, 30.0, 2.0, 60.0],
            "low": [50.0, 15.0, 25.0, 1.0, 50.0], "high": [70.0, 24.0, 36.0, 4.0, 70.0],
            "lloq": 1.0, "censored": "", "review": "",
        }
    )  # fmt: skip
    study = Study(name="s", patients=(Patient(patient="P01", age_years=40, programme="car_t"),), tubes=())
    found = milestones(table, study)
    (row,) = found[found["milestone"] == "b_20"].to_dict("records")
    assert (row["after_day"], row["by_day"]) == (8, 14)
    assert (row["certain_after_day"], row["certain_by_day"], row["borderline_days"]) == (8, 90, "8")


def test_the_rule_says_so() -> None:
    row = judged("anc_500", {"anc": FALLING})
    assert row["rule"] == "≥ 500 cells/µL on 3 consecutive days, after a value below it"
