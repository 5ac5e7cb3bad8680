"""The milestone table: statuses, clocks, and what is said about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pytest

from cytorecon.errors import StudyError
from cytorecon.knowledge.milestones import AppliesTo, MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.milestone import milestones
from cytorecon.study import Anchor, ClinicalEvent, Patient, Study
from cytorecon.tables import MILESTONE_COLUMNS
from cytorecon.trajectory import trajectories
from tests import builders

Value = float | str | None


def rule(**fields: object) -> MilestoneRules:
    made: dict[str, object] = {
        "milestone": "cd4",
        "title": "CD4 T at least 200/µL",
        "population": "CD4_T",
        "measure": "cells_per_ul",
        "operator": ">=",
        "threshold": 200,
        "unit": "cells/µL",
        "confirmation": 1,
        "applies_to": AppliesTo(),
        "source": "a paper",
        "effect": "an effect",
        **fields,
    }
    return MilestoneRules(first_day=1, milestones=(MilestoneRule.model_validate(made),))


def values(course: Mapping[int, Value], **fields: object) -> pd.DataFrame:
    """Return a table of CD4; ``"<12"`` is a value below an LLOQ of 12, None is not evaluable."""
    rows = []
    for day, value in course.items():
        below = isinstance(value, str)
        row = {
            "patient": "P01",
            "days_after_transplant": day,
            "population": "CD4_T",
            "measure": "cells_per_ul",
            "value": None if below else value,
            "low": 0.0 if below else value,
            "high": float(str(value)[1:]) if below else value,
            "lloq": float(str(value)[1:]) if below else 5.0,
            "censored": "left" if below else "",
            "review": "",
        }
        rows.append({**row, **fields})
    columns = (
        "patient",
        "days_after_transplant",
        "population",
        "measure",
        "value",
        "low",
        "high",
        "lloq",
        "censored",
        "review",
    )
    return pd.DataFrame(rows, columns=list(columns))


def study(
    *,
    age: float | None = 40.0,
    programme: str = "allo_hsct",
    anchors: Sequence[Anchor] = (Anchor(name="HCT1", kind="transplant"),),
    events: Sequence[tuple[str, int]] = (),
) -> Study:
    patient = Patient(patient="P01", age_years=age, programme=programme, anchors=tuple(anchors))
    happened = tuple(ClinicalEvent(patient="P01", kind=kind, start_day=day) for kind, day in events)
    return Study(name="s", patients=(patient,), tubes=(), events=happened)


def one(
    course: Mapping[int, Value], rules: MilestoneRules | None = None, made: Study | None = None
) -> dict[str, Any]:
    table = milestones(values(course), made or study(), rules or rule())
    (row,) = table.to_dict("records")
    return {str(key): None if pd.isna(value) else value for key, value in row.items()}


@pytest.mark.parametrize(
    ("course", "status", "after", "by", "reading"),
    [
        ({30: 50.0, 60: 250.0}, "reached", 30, 60, "CD4 T first ≥ 200/µL between day 30 and day 60."),
        ({30: 50.0, 60: 200.0}, "reached", 30, 60, "CD4 T first ≥ 200/µL between day 30 and day 60."),
        (
            {30: 50.0, 60: 250.0, 90: 150.0, 120: 300.0},
            "reached",
            30,
            60,
            "CD4 T first ≥ 200/µL between day 30 and day 60; below again on day 90.",
        ),
        (
            {30: 50.0, 60: None, 90: "<300", 120: 300.0},
            "reached",
            30,
            120,
            "CD4 T first ≥ 200/µL between day 30 and day 120; day 60, 90 could not be judged.",
        ),
        (
            {30: "<12", 60: 250.0},
            "reached",
            30,
            60,
            "CD4 T first ≥ 200/µL between day 30 and day 60.",
        ),
        (
            {30: 250.0, 60: 300.0},
            "reached_before_first_visit",
            None,
            30,
            "CD4 T already ≥ 200/µL at the first visit that could be judged, day 30.",
        ),
        (
            {30: 50.0, 60: "<12", 90: None},
            "not_reached_by_last_visit",
            60,
            None,
            "CD4 T not ≥ 200/µL up to day 60.",
        ),
        (
            {30: "<300", 60: None},
            "not_evaluable",
            None,
            None,
            "CD4 T could not be judged against ≥ 200/µL at any visit.",
        ),
        ({}, "not_evaluable", None, None, "CD4 T could not be judged against ≥ 200/µL at any visit."),
    ],
)
def test_status_interval_and_reading(
    course: dict[int, Value], status: str, after: int | None, by: int | None, reading: str
) -> None:
    row = one(course)
    assert (row["status"], row["after_day"], row["by_day"]) == (status, after, by)
    assert row["reading"] == reading
    assert (row["confirmed"], row["confirmed_day"]) == ("", None)


def test_the_row_says_what_was_asked() -> None:
    row = one({30: 50.0}, rule(confirmation=2, by_day=100))
    assert tuple(row) == MILESTONE_COLUMNS
    assert (row["patient"], row["milestone"], row["population"]) == ("P01", "cd4", "CD4_T")
    assert (row["threshold"], row["unit"], row["source"]) == (200.0, "cells/µL", "a paper")
    assert row["rule"] == "≥ 200 cells/µL on 2 consecutive visits, by day 100"


@pytest.mark.parametrize(("value", "reached"), [(200.0, False), (200.1, True)])
def test_above_means_above(value: float, reached: bool) -> None:
    row = one({30: 5.0, 60: value}, rule(operator=">"))
    assert (row["status"] == "reached") is reached


@pytest.mark.parametrize(
    ("lloq", "operator", "judged"),
    [("<200", ">=", True), ("<200", ">", True), ("<201", ">=", False), ("<201", ">", False)],
)
def test_below_an_lloq_at_the_threshold_is_certainly_below_it(lloq: str, operator: str, judged: bool) -> None:
    row = one({30: lloq, 60: 500.0}, rule(operator=operator))
    assert row["after_day"] == (30 if judged else None)


@pytest.mark.parametrize(("high", "judged"), [(4.1, True), (200.0, True), (200.1, False), (None, False)])
def test_the_upper_end_of_the_interval_tells_below_where_the_lloq_cannot(
    high: float | None, judged: bool
) -> None:
    table = values({30: "<250", 60: 500.0})
    table["high"] = [high, 600.0]
    row = milestones(table, study(), rule(operator=">=")).iloc[0]
    assert row["status"] == ("reached" if judged else "reached_before_first_visit")


@pytest.mark.parametrize(
    ("course", "confirmed", "day", "reading"),
    [
        (
            {100: 90.0, 182: 210.0, 364: 300.0},
            "yes",
            364,
            "CD4 T first ≥ 200/µL between day 100 and day 182; confirmed on day 364.",
        ),
        (
            {100: 90.0, 182: 210.0},
            "pending",
            None,
            "CD4 T first ≥ 200/µL between day 100 and day 182; not confirmed yet.",
        ),
        (
            {100: 90.0, 182: 210.0, 364: 100.0},
            "no",
            None,
            (
                "CD4 T not ≥ 200/µL on 2 consecutive visits up to day 364; a rise on day 182 was not "
                "confirmed, below again on day 364."
            ),
        ),
        (
            {14: 210.0, 30: 20.0, 100: 250.0, 182: 300.0, 364: 90.0},
            "yes",
            182,
            (
                "CD4 T first ≥ 200/µL between day 30 and day 100; confirmed on day 182; below again on "
                "day 364; "
                "a rise on day 14 did not last."
            ),
        ),
        (
            {14: 210.0, 30: 20.0, 100: 250.0},
            "pending",
            None,
            (
                "CD4 T first ≥ 200/µL between day 30 and day 100; not confirmed yet; a rise on day 14 did "
                "not "
                "last."
            ),
        ),
    ],
)
def test_confirmation(course: dict[int, Value], confirmed: str, day: int | None, reading: str) -> None:
    row = one(course, rule(confirmation=2))
    assert (row["confirmed"], row["confirmed_day"], row["reading"]) == (confirmed, day, reading)


@pytest.mark.parametrize(
    ("course", "state", "ending"),
    [
        ({30: 50.0, 60: 250.0}, "in_time", "between day 30 and day 60; within 100 days."),
        ({30: 50.0, 100: 250.0}, "in_time", "between day 30 and day 100; within 100 days."),
        (
            {60: 50.0, 130: 250.0},
            "unknown",
            "between day 60 and day 130; whether by day 100 is not known.",
        ),
        ({100: 50.0, 130: 250.0}, "late", "between day 100 and day 130; later than day 100."),
        ({30: 250.0}, "in_time", "at the first visit that could be judged, day 30; within 100 days."),
        (
            {130: 250.0},
            "unknown",
            "at the first visit that could be judged, day 130; whether by day 100 is not known.",
        ),
        ({60: 50.0}, "unknown", "up to day 60; day 100 lies after the last visit that could be judged."),
        ({100: 50.0}, "not_reached", "up to day 100."),
        ({60: 50.0, 130: 50.0}, "not_reached", "up to day 130."),
        ({60: None, 130: None}, "unknown", "at any visit."),
        (
            {30: 50.0, 60: "<300", 130: 50.0},
            "unknown",
            "not ≥ 200/µL up to day 130; whether by day 100 is not known, as a visit could not be judged.",
        ),
        (
            {30: 50.0, 60: None, 110: 50.0, 130: 250.0},
            "unknown",
            "between day 110 and day 130; whether by day 100 is not known.",
        ),
    ],
)
def test_a_deadline_is_judged_only_as_far_as_the_visits_tell(
    course: dict[int, Value], state: str, ending: str
) -> None:
    row = one(course, rule(by_day=100))
    assert (row["deadline_day"], row["deadline"]) == (100, state)
    assert row["reading"].endswith(ending)


def test_a_rule_without_a_deadline_has_no_state() -> None:
    row = one({30: 50.0, 60: 250.0})
    assert (row["deadline_day"], row["deadline"]) == (None, "")


@pytest.mark.parametrize(
    ("course", "within", "first_within", "ending"),
    [
        ({30: 20.0, 60: 250.0, 100: 250.0}, "in_time", "in_time", "within 100 days."),
        (
            {30: 20.0, 60: 250.0, 120: 250.0},
            "unknown",
            "in_time",
            "confirmed on day 120; whether confirmed by day 100 is not known.",
        ),
        (
            {30: 20.0, 60: 250.0},
            "unknown",
            "unknown",
            "not confirmed yet; whether confirmed by day 100 is not known.",
        ),
        (
            {30: 20.0, 60: 250.0, 90: 20.0, 120: 20.0},
            "not_reached",
            "not_reached",
            "a rise on day 60 was not confirmed, below again on day 90; not by day 100.",
        ),
        (
            {30: 20.0, 60: 250.0, 120: 20.0},
            "unknown",
            "unknown",
            (
                "a rise on day 60 was not confirmed, below again on day 120; "
                "whether confirmed by day 100 is not known."
            ),
        ),
        ({100: 20.0, 130: 250.0, 160: 250.0}, "late", "late", "confirmed on day 160; later than day 100."),
        (
            {100: 20.0, 130: 250.0, 160: 20.0},
            "not_reached",
            "not_reached",
            "a rise on day 130 was not confirmed, below again on day 160; not by day 100.",
        ),
    ],
)
def test_whether_the_confirmation_must_lie_within_the_deadline_is_the_rules_to_say(
    course: dict[int, Value], within: str, first_within: str, ending: str
) -> None:
    strict = one(course, rule(confirmation=2, by_day=100, confirm_by_deadline=True))
    assert strict["deadline"] == within
    assert strict["reading"].endswith(ending)
    assert one(course, rule(confirmation=2, by_day=100))["deadline"] == first_within


def test_a_visit_that_was_not_judged_between_two_above_leaves_open_whether_they_are_consecutive() -> None:
    row = one({30: 250.0, 60: "<300", 90: 250.0}, rule(confirmation=2, by_day=100, confirm_by_deadline=True))
    assert (row["confirmed"], row["confirmed_day"], row["deadline"]) == ("yes", 90, "unknown")
    assert row["reading"] == (
        "CD4 T already ≥ 200/µL at the first visit that could be judged, day 30; confirmed on day 90; "
        "whether on consecutive visits by day 100 is not known: one between them could not be judged."
    )


def test_van_roessel_asks_for_both_measures_within_100_days() -> None:
    asked = {own.milestone: own.confirm_by_deadline for own in load_milestone_rules().milestones}
    assert [name for name, both in asked.items() if both] == ["cd4_50_confirmed_d100"]


def with_evidence(
    course: Mapping[int, tuple[float, float, float]], codes: Mapping[int, str] | None = None
) -> pd.DataFrame:
    """Return a table of CD4 as (value, low, high), with review codes by day."""
    table = values({day: value for day, (value, _, _) in course.items()})
    table["low"] = [low for _, low, _ in course.values()]
    table["high"] = [high for _, _, high in course.values()]
    table["review"] = [(codes or {}).get(day, "") for day in course]
    return table


@pytest.mark.parametrize(
    ("course", "days", "caution"),
    [
        (
            {30: (150.0, 140.0, 160.0), 60: (210.0, 195.0, 226.0)},
            "60",
            (
                "Borderline: the 95 % interval holds 200/µL on day 60 (195–226); allowing for it, "
                "after day 30, if at all."
            ),
        ),
        (
            {30: (190.0, 176.0, 205.0), 60: (210.0, 195.0, 226.0), 90: (205.0, 190.0, 220.0)},
            # day 90 turns nothing alone, but were all three below, nothing would have been reached
            "30;60;90",
            (
                "Borderline: the 95 % interval holds 200/µL on day 30 (176–205), day 60 (195–226), day 90 "
                "(190–220); allowing for them, not decided."
            ),
        ),
        # 200 itself meets the rule, and so does all above
        ({30: (150.0, 140.0, 160.0), 60: (210.0, 200.0, 226.0)}, "", ""),
        # a visit that cannot change the answer
        (
            {30: (150.0, 140.0, 160.0), 60: (300.0, 280.0, 320.0), 90: (205.0, 190.0, 220.0)},
            "",
            "",
        ),
        # not reached: each visit could have been the first one above
        (
            {30: (195.0, 180.0, 210.0), 60: (20.0, 15.0, 26.0)},
            "30",
            "Borderline: the 95 % interval holds 200/µL on day 30 (180–210); allowing for it, not decided.",
        ),
    ],
)
def test_an_answer_that_rests_on_an_interval_over_the_threshold_is_borderline(
    course: dict[int, tuple[float, float, float]], days: str, caution: str
) -> None:
    row = milestones(with_evidence(course), study(), rule()).iloc[0]
    assert (row["borderline_days"], row["flagged_visits"], row["caution"]) == (days, "", caution)


def test_the_visits_of_a_confirmation_decide_too() -> None:
    course = {30: (20.0, 15.0, 26.0), 60: (300.0, 280.0, 320.0), 90: (205.0, 190.0, 220.0)}
    table = with_evidence(course)
    assert milestones(table, study(), rule()).iloc[0]["borderline_days"] == ""
    assert milestones(table, study(), rule(confirmation=2)).iloc[0]["borderline_days"] == "90"


def test_a_value_below_its_lloq_is_borderline_when_its_interval_holds_the_threshold() -> None:
    table = values({30: "<198", 60: 500.0})
    table["high"] = [206.0, 500.0]
    assert milestones(table, study(), rule()).iloc[0]["borderline_days"] == "30"


def test_an_answer_that_rests_on_a_flagged_value_names_visits_and_codes() -> None:
    course = {30: (20.0, 15.0, 26.0), 60: (300.0, 280.0, 320.0), 90: (305.0, 290.0, 320.0)}
    codes = {60: "gate.outlier:CD4;count.few_beads", 90: "gate.unstable:CD4"}
    row = milestones(with_evidence(course, codes), study(), rule()).iloc[0]
    assert row["borderline_days"] == ""
    assert row["flagged_visits"] == "60: gate.outlier:CD4, count.few_beads"
    assert row["caution"] == (
        "Rests on a flagged tube: day 60 (CD4 threshold far from the batch's, few beads counted)."
    )


@pytest.mark.parametrize(
    ("course", "confirmation", "days"),
    [
        ({14: 10.0, 30: 20.0, 60: 300.0, 90: 310.0}, 1, "30: x.y; 60: x.y"),
        ({14: 10.0, 30: 20.0, 60: 300.0, 90: 310.0, 120: 320.0}, 2, "30: x.y; 60: x.y; 90: x.y"),
        ({14: 10.0, 30: 20.0, 60: 30.0}, 1, "60: x.y"),
        ({14: None, 30: 300.0}, 1, "30: x.y"),
        ({14: None}, 1, ""),
    ],
)
def test_only_the_visits_that_the_answer_names_count_as_flagged(
    course: dict[int, Value], confirmation: int, days: str
) -> None:
    table = values(course, review="x.y")
    found = milestones(table, study(), rule(confirmation=confirmation)).iloc[0]
    assert found["flagged_visits"] == days
    assert found["caution"] == (f"Rests on a flagged tube: day {_days(days)} (x: y)." if days else "")


def _days(visits: str) -> str:
    return ", ".join(visit.partition(":")[0] for visit in visits.split("; "))


def test_caution_says_both() -> None:
    course = {30: (20.0, 15.0, 26.0), 60: (210.0, 195.0, 226.0)}
    row = milestones(with_evidence(course, {60: "count.few_beads"}), study(), rule()).iloc[0]
    assert row["caution"] == (
        "Borderline: the 95 % interval holds 200/µL on day 60 (195–226); allowing for it, "
        "after day 30, if at all; rests on a flagged tube: "
        "day 60 (few beads counted)."
    )


def test_the_days_of_caution_are_those_of_the_clock_that_is_judged() -> None:
    anchors = (Anchor(name="HCT1", kind="transplant"), Anchor(name="DLI1", kind="dli", day=20))
    course = {30: (20.0, 15.0, 26.0), 60: (210.0, 195.0, 226.0)}
    table = with_evidence(course, {60: "count.few_beads"})
    row = milestones(table, study(anchors=anchors), rule(), anchor="DLI1").iloc[0]
    assert (row["by_day"], row["borderline_days"], row["flagged_visits"]) == (40, "40", "40: count.few_beads")


def test_what_was_there_before_the_graft_does_not_count() -> None:
    row = one({-7: 800.0, 0: 700.0, 30: 50.0, 60: 250.0})
    assert (row["status"], row["after_day"], row["by_day"]) == ("reached", 30, 60)
    assert one({-7: 800.0, 0: 700.0})["status"] == "not_evaluable"


@pytest.mark.parametrize(
    ("events", "ended", "name"),
    [
        ([("relapse", 80)], 80, "relapse or progression"),
        ([("death", 200), ("relapse", 80)], 80, "relapse or progression"),
        ([("transplant", 70)], 70, "stem-cell transplantation"),
        ([("car_t", 75)], 75, "CAR-T infusion"),
    ],
)
def test_a_crossing_after_the_clock_ended_does_not_count(
    events: list[tuple[str, int]], ended: int, name: str
) -> None:
    row = one({30: 50.0, 60: 90.0, 100: 250.0}, made=study(events=events))
    assert (row["status"], row["after_day"], row["by_day"]) == ("censored_by_event", 60, None)
    assert row["reading"] == f"CD4 T not ≥ 200/µL up to day 60; {name} on day {ended} ended the follow-up."


def test_a_second_transplant_ends_the_clock_also_as_an_anchor() -> None:
    anchors = (Anchor(name="HCT1", kind="transplant"), Anchor(name="HCT2", kind="transplant", day=70))
    row = one({60: 90.0, 100: 250.0}, made=study(anchors=anchors))
    assert row["status"] == "censored_by_event"


@pytest.mark.parametrize("events", [[("relapse", 61)], [("cmv", 40), ("dli", 50)], [("relapse", -100)]])
def test_a_crossing_before_the_event_counts(events: list[tuple[str, int]]) -> None:
    row = one({30: 50.0, 60: 250.0}, made=study(events=events))
    assert (row["status"], row["by_day"]) == ("reached", 60)


def test_the_day_of_the_event_still_counts_and_nothing_stays_pending_after_it() -> None:
    row = one({30: 50.0, 60: 250.0, 90: 300.0}, rule(confirmation=2), study(events=[("relapse", 60)]))
    assert (row["status"], row["by_day"], row["confirmed"], row["confirmed_day"]) == (
        "censored_by_event",
        None,
        "no",
        None,
    )
    assert row["reading"] == (
        "CD4 T not ≥ 200/µL on 2 consecutive visits up to day 30; a rise on day 60 was not confirmed before "
        "relapse or progression on day 60."
    )
    row = one({60: 250.0}, rule(confirmation=2), study(events=[("relapse", 70)]))
    assert row["reading"] == (
        "CD4 T already ≥ 200/µL at the first visit that could be judged, day 60; not confirmed before "
        "relapse or progression on day 70."
    )


def test_a_rise_that_fell_again_is_not_reached_and_followed_to_the_last_day_below() -> None:
    row = one({30: 50.0, 60: 250.0, 100: 90.0, 180: 80.0}, rule(confirmation=2))
    assert (row["status"], row["after_day"], row["by_day"]) == ("not_reached_by_last_visit", 180, None)
    row = one({30: 50.0, 60: 250.0, 100: 90.0}, rule(confirmation=2), study(events=[("death", 150)]))
    assert (row["status"], row["after_day"]) == ("censored_by_event", 100)
    assert row["reading"] == (
        "CD4 T not ≥ 200/µL on 2 consecutive visits up to day 100; a rise on day 60 was not confirmed, "
        "below again on day 100; death on day 150 ended the follow-up."
    )


@pytest.mark.parametrize(
    ("event", "deadline"), [(("death", 80), "competing_event"), (("death", 300), "unknown")]
)
def test_a_clock_that_ended_before_the_deadline_leaves_nothing_open(
    event: tuple[str, int], deadline: str
) -> None:
    row = one({30: 50.0, 60: 60.0}, rule(by_day=100), study(events=[event]))
    assert (row["status"], row["deadline"]) == ("censored_by_event", deadline)
    risen = one({30: 50.0, 60: 250.0}, rule(confirmation=2, by_day=100), study(events=[event]))
    assert (risen["status"], risen["deadline"]) == ("censored_by_event", deadline)


def test_who_had_the_event_before_any_visit_is_no_patient_that_could_not_be_judged() -> None:
    made = study(events=[("death", 20)])
    assert one({30: "<300", 60: "<300"}, made=made)["status"] == "censored_by_event"
    assert one({10: "<300", 60: "<300"}, made=made)["status"] == "not_evaluable"


def test_a_visit_within_the_confirmation_that_was_not_judged_may_have_been_below() -> None:
    row = one({30: 50.0, 60: 240.0, 100: "<300", 180: 240.0}, rule(confirmation=2))
    assert (row["by_day"], row["confirmed_day"]) == (60, 180)
    assert (row["certain_after_day"], row["certain_by_day"]) == (30, None)
    assert row["caution"] == (
        "Day 100, between the visits that confirm it, could not be judged and may have been below; allowing "
        "for it, after day 30, if at all."
    )
    later = one({30: 50.0, 60: 240.0, 100: "<300", 180: 240.0, 270: 240.0}, rule(confirmation=2))
    assert (later["certain_after_day"], later["certain_by_day"]) == (30, 180)
    assert later["caution"].endswith("; allowing for it, between day 30 and day 180.")


def test_an_event_before_the_first_visit() -> None:
    row = one({30: 50.0, 60: 250.0}, made=study(events=[("death", 10)]))
    assert (row["status"], row["after_day"]) == ("censored_by_event", None)
    assert row["reading"] == (
        "CD4 T could not be judged against ≥ 200/µL at any visit; death on day 10 ended the follow-up."
    )


@pytest.mark.parametrize(
    ("applies", "made", "reading"),
    [
        (
            AppliesTo(programmes=("auto_hsct",)),
            study(),
            (
                "Not applicable: the rule is for autologous stem-cell transplantation, the patient's "
                "programme is allogeneic stem-cell transplantation."
            ),
        ),
        (
            AppliesTo(age_from=20),
            study(age=12.0),
            "Not applicable: the rule is for ages from 20 years, the patient was 12.0.",
        ),
        (
            AppliesTo(age_from=0, age_below=20),
            study(age=20.0),
            "Not applicable: the rule is for ages below 20 years, the patient was 20.0.",
        ),
        (
            # what is known to exclude the patient is said, not what is unknown
            AppliesTo(programmes=("auto_hsct",), age_from=20),
            study(age=12.0, programme="unknown"),
            "Not applicable: the rule is for ages from 20 years, the patient was 12.0.",
        ),
    ],
)
def test_a_rule_is_not_stretched_to_other_patients(applies: AppliesTo, made: Study, reading: str) -> None:
    row = one({30: 50.0, 60: 250.0}, rule(applies_to=applies), made)
    assert (row["status"], row["after_day"], row["by_day"], row["confirmed"]) == (
        "not_applicable",
        None,
        None,
        "",
    )
    assert row["reading"] == reading


@pytest.mark.parametrize(
    ("applies", "made", "reason"),
    [
        (
            AppliesTo(programmes=("allo_hsct", "scid_hsct")),
            study(programme="unknown"),
            (
                "programme unknown, the rule is for allogeneic stem-cell transplantation or "
                "transplantation for severe combined immunodeficiency"
            ),
        ),
        (
            AppliesTo(age_from=2, age_below=20),
            study(age=None),
            "age unknown, the rule is for ages from 2 years and below 20 years",
        ),
        (
            AppliesTo(programmes=("auto_hsct",), age_below=20),
            study(age=None, programme="unknown"),
            (
                "programme unknown, the rule is for autologous stem-cell transplantation; age unknown, the "
                "rule is for ages below 20 years"
            ),
        ),
    ],
)
def test_what_is_not_known_of_a_patient_is_not_assumed(applies: AppliesTo, made: Study, reason: str) -> None:
    row = one({30: 50.0, 60: 250.0}, rule(applies_to=applies, by_day=100), made)
    assert (row["status"], row["after_day"], row["by_day"]) == ("not_assessable", None, None)
    assert (row["deadline"], row["caution"]) == ("", "")
    assert row["reading"] == f"Not assessable: {reason}."


@pytest.mark.parametrize(
    ("applies", "made"),
    [
        (AppliesTo(programmes=("allo_hsct",)), study(programme="allo_hsct")),
        (AppliesTo(age_from=20), study(age=20.0)),
        (AppliesTo(age_below=20), study(age=19.9)),
        (AppliesTo(), study(age=None, programme="unknown")),
    ],
)
def test_a_rule_is_applied_where_nothing_speaks_against_it(applies: AppliesTo, made: Study) -> None:
    assert one({30: 50.0, 60: 250.0}, rule(applies_to=applies), made)["status"] == "reached"


def test_another_anchor_has_its_own_clock_and_its_own_age() -> None:
    anchors = (
        Anchor(name="HCT1", kind="transplant"),
        Anchor(name="HCT2", kind="transplant", day=400),
        Anchor(name="HCT3", kind="transplant", day=600),
    )
    made = study(age=19.5, anchors=anchors)
    course: dict[int, Value] = {390: 300.0, 430: 20.0, 460: 250.0, 650: 300.0}
    adults = rule(applies_to=AppliesTo(age_from=20), confirmation=2)
    (row,) = milestones(values(course), made, adults, anchor="HCT2").to_dict("records")
    assert (row["status"], row["after_day"], row["by_day"]) == ("censored_by_event", 30, None)
    assert row["confirmed"] == "no"
    assert "on day 200" in str(row["reading"])


def test_a_patient_without_the_anchor_has_no_row_and_an_anchor_nobody_has_is_refused() -> None:
    made = builders.study_result()
    table = trajectories(made)
    assert set(milestones(table, made.study, anchor="DLI1")["patient"]) == {"P02"}
    with pytest.raises(StudyError) as caught:
        milestones(table, made.study, anchor="HCT7")
    assert str(caught.value) == "anchor: No patient has an anchor called 'HCT7'. Allowed: HCT1, DLI1."


def test_other_measures_have_their_own_words() -> None:
    rules = rule(measure="percent_of_lymphocytes", threshold=25, unit="% of lymphocytes")
    table = values({30: 10.0, 60: 40.0}, measure="percent_of_lymphocytes")
    (row,) = milestones(table, study(), rules).to_dict("records")
    assert row["reading"] == "CD4 T first ≥ 25 % of lymphocytes between day 30 and day 60."


def test_the_order_of_the_table_does_not_matter() -> None:
    made = builders.study_result()
    table = trajectories(made)
    found = milestones(table, made.study)
    pd.testing.assert_frame_equal(found, milestones(table.sample(frac=1, random_state=4), made.study))


def test_a_whole_study_with_the_packaged_rules() -> None:
    made = builders.study_result()
    table = milestones(trajectories(made), made.study)
    assert tuple(table.columns) == MILESTONE_COLUMNS
    rules = load_milestone_rules().milestones
    assert len(table) == 3 * len(rules)
    assert list(table["milestone"][: len(rules)]) == [own.milestone for own in rules]
    found = table.set_index(["patient", "milestone"])["reading"]
    # CD4 T of P01: 45 on day 30, 90 on day 60; an adult.
    assert found["P01", "cd4_50_d100"] == "CD4 T first ≥ 50/µL between day 30 and day 60; within 100 days."
    assert found["P01", "cd4_50_confirmed_d100"].startswith(
        "Not applicable: the rule is for ages below 25 years"
    )
    # P02, a child, has CD4 T 48 on day 100 and relapses on day 300 after a value of 70 on day 180.
    assert found["P02", "cd4_50_confirmed_d100"] == (
        "CD4 T not > 50/µL on 2 consecutive visits up to day 100; a rise on day 180 was not confirmed before "
        "relapse or progression on day 300; not by day 100."
    )
    # P03 has no age: rules for an age cannot be assessed, those for another programme do not apply.
    status = table.set_index(["patient", "milestone"])["status"]
    assert (status["P03", "cd4_200_d90"], status["P03", "cd4_500"]) == ("not_applicable", "not_assessable")
    # B of P02 is not evaluable on day 180, and day 365 comes after the relapse.
    assert found["P02", "b_20"] == (
        "B not > 20/µL up to day 100; relapse or progression on day 300 ended the follow-up."
    )


def test_an_empty_study_has_an_empty_table() -> None:
    empty = Study(name="s", patients=(), tubes=())
    table = milestones(values({}), empty)
    assert table.empty
    assert tuple(table.columns) == MILESTONE_COLUMNS
