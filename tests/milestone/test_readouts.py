"""Milestones on values from outside of the cytometer: days in a row, transfusions, chimerism, IgG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from cytorecon.milestone import milestones
from cytorecon.study import ClinicalEvent, Patient, Readout, Study

Row = Mapping[object, object]
NO_TABLE = pd.DataFrame(
    columns=[
        "patient", "days_after_transplant", "population", "measure", "value", "low", "high", "lloq",
        "censored", "review",
    ]
)  # fmt: skip


def readout(readout: str, day: int, value: float | str, unit: str, lineage: str = "") -> Readout:
    """Return a readout; ``"<5"`` and ``">99"`` are limits."""
    sign, number = (value[0], float(value[1:])) if isinstance(value, str) else ("", float(value))
    return Readout(
        patient="P01",
        day=day,
        readout=readout,
        lineage=lineage,
        value=None if sign else number,
        unit=unit,
        less_than=number if sign == "<" else None,
        more_than=number if sign == ">" else None,
    )


def judged(
    milestone: str,
    readouts: Sequence[Readout],
    *,
    events: Sequence[tuple[str, int]] = (),
    graft: str = "PBSC",
) -> Row:
    study = Study(
        name="s",
        patients=(Patient(patient="P01", age_years=40, programme="allo_hsct", graft=graft),),
        tubes=(),
        events=tuple(ClinicalEvent(patient="P01", kind=kind, start_day=day) for kind, day in events),
        readouts=tuple(readouts),
    )
    table = milestones(NO_TABLE, study)
    (row,) = table[table["milestone"] == milestone].to_dict("records")
    return row


def anc(course: Mapping[int, float | str]) -> list[Readout]:
    return [readout("anc", day, value, "cells/µL") for day, value in course.items()]


@pytest.mark.parametrize(
    ("course", "after", "by", "confirmed", "confirmed_day"),
    [
        ({12: 300, 13: 510, 14: 600, 15: 900}, 12, 13, "yes", 15),
        # two days in a row, then one below: engraftment is the later run
        ({12: 300, 13: 510, 14: 600, 15: 480, 16: 700, 17: 800, 18: 900}, 15, 16, "yes", 18),
        # nobody measured on day 15, so the run begins on day 16; the true first day is 14, 15 or 16
        ({13: 300, 14: 510, 16: 700, 17: 800, 18: 900}, 13, 16, "yes", 18),
        # every other day is no day in a row
        ({12: 300, 14: 510, 16: 700, 18: 800}, 12, 14, "pending", None),
        ({12: 300, 13: 510, 14: 600}, 12, 13, "pending", None),
        # a limit is a value: <500 is below, >500 is at least 500
        ({12: "<500", 13: ">500", 14: 600, 15: 700}, 12, 13, "yes", 15),
    ],
)
def test_neutrophils_on_three_consecutive_days(
    course: dict[int, float | str], after: int, by: int, confirmed: str, confirmed_day: int | None
) -> None:
    row = judged("anc_500", anc(course))
    assert (row["after_day"], row["by_day"], row["confirmed"]) == (after, by, confirmed)
    found = row["confirmed_day"]
    assert (found if isinstance(found, int) else None) == confirmed_day


def test_a_limit_that_lies_on_the_wrong_side_is_not_judged() -> None:
    row = judged("anc_500", anc({12: "<1000"}))
    assert row["status"] == "not_evaluable"


def test_primary_graft_failure_is_a_missed_deadline_of_the_graft() -> None:
    low = anc(dict.fromkeys(range(10, 45), 200.0))
    assert judged("anc_500_d30", low)["status"] == "missed"
    assert judged("anc_500_d42", low)["reading"] == (
        "Not applicable: the rule is for grafts of the kind cord blood, the patient's is not said to be one."
    )
    cord = judged("anc_500_d42", low, graft="double UCB")
    assert (cord["status"], cord["deadline_day"]) == ("missed", 42)
    assert judged("anc_500_d30", low, graft="")["reading"] == (
        "Not assessable: graft unknown, the rule is for bone marrow or peripheral blood."
    )


def test_before_the_deadline_is_not_yet_and_death_is_a_competing_event() -> None:
    early = anc(dict.fromkeys(range(10, 20), 200.0))
    assert judged("anc_500_d30", early)["status"] == "not_reached_by_last_visit"
    dead = judged("anc_500_d30", early, events=[("death", 20)])
    assert dead["status"] == "censored_by_event"
    # what was missed before the event stays missed
    late = judged("anc_500_d30", anc(dict.fromkeys(range(10, 45), 200.0)), events=[("death", 60)])
    assert late["status"] == "missed"


def test_platelets_under_transfusion_do_not_count() -> None:
    high = [readout("platelets", day, 30_000, "cells/µL") for day in range(10, 25)]
    row = judged("platelets_20000", high, events=[("platelet_transfusion", 12)])
    # day 12 to 19 are the transfusion and the seven days after it
    assert (row["after_day"], row["by_day"], row["confirmed_day"]) == (19, 20, 22)
    assert judged("platelets_20000", high)["by_day"] == 10


def test_chimerism_needs_both_lineages_of_one_day() -> None:
    both = [
        readout("chimerism", 30, 99, "%", "myeloid"),
        readout("chimerism", 30, 90, "%", "lymphoid"),
        readout("chimerism", 60, ">99", "%", "myeloid"),
        readout("chimerism", 60, 96, "%", "lymphoid"),
    ]
    row = judged("full_chimerism", both)
    assert (row["status"], row["after_day"], row["by_day"]) == ("reached", 30, 60)
    assert row["reading"] == (
        "Donor chimerism, myeloid first > 95 % and lymphoid > 95 % between day 30 and day 60."
    )
    assert judged("full_chimerism", both[2:3])["status"] == "not_evaluable"


def test_igg_within_thirty_days_after_immunoglobulin_is_not_the_patients() -> None:
    igg = [readout("igg", day, 5.0, "g/L") for day in (40, 80, 120)]
    row = judged("igg_without_ivig", igg, events=[("ivig", 20), ("ivig", 60)])
    assert (row["after_day"], row["by_day"]) == (80, 120)
    assert row["reading"] == (
        "IgG first > 0 g/L (free of immunoglobulin replacement for 30 days) between day 80 and day 120."
    )


def test_without_a_readout_the_rule_is_not_assessable() -> None:
    row = judged("anc_500", ())
    assert row["reading"] == "Not assessable: no Neutrophils (ANC) given in the sheet of readouts."
