"""Rules of more than one condition, at a visit, and of danger; what must hold of every rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import validated
from cytorecon.knowledge.milestones import MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.milestone import milestones
from cytorecon.study import ClinicalEvent, Patient, Study

Row = Mapping[object, object]


def table(course: Mapping[str, Mapping[int, float | None]]) -> pd.DataFrame:
    """Return a table in cells/µL of population -> day -> value."""
    rows = [
        {
            "patient": "P01",
            "days_after_transplant": day,
            "population": population,
            "measure": "cells_per_ul",
            "value": value,
            "low": None if value is None else 0.9 * value,
            "high": None if value is None else 1.1 * value,
            "lloq": 1.0,
            "censored": "",
            "review": "",
        }
        for population, values in course.items()
        for day, value in values.items()
    ]
    return pd.DataFrame(rows)


def judged(
    milestone: str,
    course: Mapping[str, Mapping[int, float | None]],
    *,
    programme: str = "allo_hsct",
    age: float | None = 40.0,
    death: int | None = None,
) -> Row:
    events = () if death is None else (ClinicalEvent(patient="P01", kind="death", start_day=death),)
    patient = Patient(patient="P01", age_years=age, programme=programme)
    found = milestones(table(course), Study(name="s", patients=(patient,), tubes=(), events=events))
    (row,) = found[found["milestone"] == milestone].to_dict("records")
    return row


@pytest.mark.parametrize(
    ("cd4", "b", "after", "by"),
    [
        ({60: 150, 100: 250}, {60: 30, 100: 40}, 60, 100),
        # one of the two below is enough to know that not all are met, whatever the other
        ({60: None, 100: 250}, {60: 5, 100: 40}, 60, 100),
        ({60: 250, 100: 250}, {60: None, 100: 40}, None, 100),
        # on different days nothing is met together
        ({60: 250}, {61: 40}, None, None),
    ],
)
def test_vaccination_needs_both_of_one_day(
    cd4: dict[int, float | None], b: dict[int, float | None], after: int | None, by: int | None
) -> None:
    row = judged("vaccination_ready", {"CD4_T": cd4, "B": b})
    found = tuple(day if isinstance(day, int) else None for day in (row["after_day"], row["by_day"]))
    assert found == (after, by)


def test_both_conditions_are_named_where_they_are_borderline() -> None:
    row = judged("vaccination_ready", {"CD4_T": {60: 210}, "B": {60: 21}})
    assert row["caution"] == (
        "Borderline: the 95 % interval holds 200/µL on day 60 (189–231); "
        "borderline: the 95 % interval of B holds 20/µL on day 60 (19–23); allowing for them, not decided."
    )


@pytest.mark.parametrize(
    ("cd3", "cd8", "status"),
    [
        ({100: 200}, {100: 90}, "danger"),
        ({100: 400}, {100: 20}, "danger"),
        ({100: 200}, {100: None}, "danger"),
        ({100: 400}, {100: 90}, "no_danger"),
        ({100: 400}, {100: None}, "not_evaluable"),
    ],
)
def test_any_one_condition_is_a_danger(
    cd3: dict[int, float | None], cd8: dict[int, float | None], status: str
) -> None:
    row = judged("scid_risk_d100", {"CD3_T": cd3, "CD8_T": cd8}, programme="scid_hsct", age=1.0)
    assert (row["status"], row["kind"]) == (status, "danger")


def test_a_condition_that_lacks_a_value_is_named() -> None:
    def scid(cd8: dict[int, float | None]) -> str:
        course: Mapping[str, Mapping[int, float | None]] = {"CD3_T": {100: 350.0}, "CD8_T": cd8}
        return str(judged("scid_risk_d100", course, programme="scid_hsct", age=1.0)["reading"])

    asked = "CD3 T < 300/µL or CD8 T < 50/µL: no sample of day 85 to 115 that could be judged"
    assert scid({60: 90}) == f"{asked}; day 100 could not be judged (no value of CD8 T)."
    assert scid({60: 20}) == f"{asked} yet; day 100 could not be judged (no value of CD8 T)."
    assert scid({100: None}) == f"{asked}; day 100 could not be judged (CD8 T could not be compared)."
    assert judged("vaccination_ready", {"CD4_T": {60: 250, 90: 260}})["reading"] == (
        "CD4 T could not be judged against > 200/µL and B > 20/µL at any visit (no value of B)."
    )
    risen = judged("vaccination_ready", {"CD4_T": {30: 90, 60: 250, 90: 260}, "B": {90: 30}})
    assert risen["reading"] == (
        "CD4 T first > 200/µL and B > 20/µL between day 30 and day 90; day 60 could not be judged (no value "
        "of B)."
    )


@pytest.mark.parametrize(
    ("course", "death", "status", "reading"),
    [
        (
            {60: 90, 92: 90, 104: 130, 180: 20},
            None,
            "reached",
            "CD4 T > 104/µL on day 104, the sample of day 85 to 115 closest to day 100.",
        ),
        (
            {60: 300, 97: 90, 110: 300},
            None,
            "missed",
            "CD4 T not > 104/µL on day 97, the sample of day 85 to 115 closest to day 100.",
        ),
        ({60: 300}, None, "not_reached_by_last_visit", "CD4 T has no sample of day 85 to 115 yet."),
        (
            {60: 300},
            80,
            "censored_by_event",
            "death on day 80 came before a sample of day 85 to 115 that could be judged.",
        ),
        (
            {60: 300, 140: 300},
            None,
            "not_evaluable",
            "CD4 T has no sample of day 85 to 115 that could be judged.",
        ),
        (
            {60: 300, 100: None},
            None,
            "not_reached_by_last_visit",
            "CD4 T has no sample of day 85 to 115 that could be judged yet; day 100 could not be judged.",
        ),
    ],
)
def test_a_rule_at_a_visit_judges_the_closest_sample(
    course: dict[int, float | None], death: int | None, status: str, reading: str
) -> None:
    row = judged("cd4_104_d100", {"CD4_T": course}, death=death)
    assert (row["status"], row["reading"]) == (status, reading)


def test_not_yet_missed_competing_and_not_assessable_are_four() -> None:
    statuses = [
        judged("cd4_50_d100", {"CD4_T": {60: 10}})["status"],
        judged("cd4_50_d100", {"CD4_T": {60: 10, 120: 10}})["status"],
        judged("cd4_50_d100", {"CD4_T": {60: 10}}, death=80)["status"],
        judged("cd4_50_d100", {"CD4_T": {60: 10}}, programme="unknown")["status"],
    ]
    assert statuses == ["not_reached_by_last_visit", "missed", "censored_by_event", "not_assessable"]


BROKEN = [
    ({"all_of": True, "any_of": True}, "all_of and any_of exclude each other"),
    (
        {"at_visit": {"day": 100, "from_day": 85, "to_day": 115}, "by_day": 100},
        "a rule at a visit has neither",
    ),
    ({"at_visit": {"day": 100, "from_day": 101, "to_day": 115}}, "day must lie between from_day and to_day"),
    ({"consecutive": "days", "confirmation": 1}, "consecutive days need a confirmation"),
    ({"operator": "<", "all_of": True}, "conditions with < and with > do not make one rule"),
    ({"operator": "<", "after_fall": True}, "only a rule that dates a milestone has after_fall"),
    ({"operator": "<="}, "Input should be '>', '>=' or '<'"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_a_rule_that_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    further = {"population": "B", "name": "B", "measure": "cells_per_ul", "operator": ">", "threshold": 20}
    made = load_milestone_rules().milestones[1].model_dump() | {"by_day": None}
    made |= {
        key: [{**further, "unit": "cells/µL"}] if value is True and key != "after_fall" else value
        for key, value in change.items()
    }
    with pytest.raises(KnowledgeError) as caught:
        validated(MilestoneRule, made, subject="milestones.yaml")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("grafts: [cord_blod]", "alc.applies_to.grafts: There is no such graft. Found: cord_blod."),
        ("after_fall: [cart]", "alc.after_fall: There is no such programme. Found: cart."),
        ("free_of: {event: ivg, days: 30}", "There is no such kind of event. Found: ivg."),
        ("measure: readout", "alc.population: There is no such readout. Found: lymphocytes."),
    ],
)
def test_words_that_nothing_knows_are_refused(tmp_path: Path, change: str, message: str) -> None:
    folder = tmp_path
    measure = change if change.startswith("measure") else "measure: cells_per_ul"
    grafts = f"{{{change}}}" if change.startswith("grafts") else "{}"
    free = f"\n    {change}" if change.startswith(("free", "after_fall")) else ""
    (folder / "milestones.yaml").write_text(
        f"first_day: 1\nmilestones:\n  - milestone: alc\n    title: t\n    population: lymphocytes\n"
        f"    {measure}\n    operator: '>'\n    threshold: 1\n    unit: cells/µL\n    confirmation: 1\n"
        f"    applies_to: {grafts}\n    source: s\n    effect: e{free}\n",
        encoding="utf-8",
    )
    with pytest.raises(KnowledgeError) as caught:
        load_milestone_rules(folder=folder)
    for part in message.split(": ", 1):
        assert part in str(caught.value)


COURSES = st.dictionaries(
    st.integers(1, 400), st.one_of(st.none(), st.floats(0, 500, allow_nan=False)), min_size=1, max_size=10
)


def crossing(
    rule: MilestoneRule, course: Mapping[int, float | None]
) -> tuple[float | None, float | None, str]:
    study = Study(name="s", patients=(Patient(patient="P01", age_years=40, programme="allo_hsct"),), tubes=())
    rules = MilestoneRules(first_day=1, milestones=(rule,))
    (row,) = milestones(table({"CD4_T": course}), study, rules).to_dict("records")
    after, by = (None if pd.isna(row[name]) else float(row[name]) for name in ("after_day", "by_day"))
    return after, by, str(row["confirmed"])


@settings(max_examples=60, deadline=None)
@given(COURSES, st.floats(1, 400), st.floats(0, 100), st.integers(1, 3), st.sampled_from(["visits", "days"]))
def test_raising_a_threshold_never_makes_a_milestone_earlier(
    course: dict[int, float | None], threshold: float, more: float, confirmation: int, consecutive: str
) -> None:
    plain = load_milestone_rules().milestones[1].model_dump() | {
        "confirmation": confirmation,
        "consecutive": consecutive if confirmation > 1 else "visits",
        "threshold": threshold,
    }
    low = crossing(MilestoneRule.model_validate(plain), course)
    high = crossing(MilestoneRule.model_validate(plain | {"threshold": threshold + more}), course)
    if high[1] is not None:
        assert low[1] is not None
        assert low[1] <= high[1]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(1, 400), min_size=1, max_size=10), st.integers(1, 400), st.integers(1, 400))
def test_another_visit_never_widens_the_interval_of_a_crossing(
    days: set[int], truth: int, another: int
) -> None:
    """Of a count that rises once and stays, a further visit can only narrow the interval."""

    def seen(visits: set[int]) -> tuple[float | None, float | None, str]:
        return crossing(rule, {day: 10.0 if day < truth else 300.0 for day in visits})

    rule = load_milestone_rules().milestones[1]
    (after, by, _), (new_after, new_by, _) = seen(days), seen(days | {another})
    if by is not None:
        assert new_by is not None
        assert (after or 0) <= (new_after or 0) < truth <= new_by <= by


#: A count, or a limit of quantification it lies below.
SEEN = st.tuples(st.integers(0, 300), st.booleans())


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.integers(1, 400), SEEN, min_size=1, max_size=9),
    st.integers(1, 250),
    st.integers(0, 150),
    st.integers(1, 3),
    st.sampled_from([None, 50, 200]),
    st.sampled_from([None, 150, 300]),
)
def test_a_higher_threshold_is_never_reached_earlier_whatever_the_status(
    course: dict[int, tuple[int, bool]],
    threshold: int,
    more: int,
    confirmation: int,
    deadline: int | None,
    death: int | None,
) -> None:
    events = () if death is None else (ClinicalEvent(patient="P01", kind="death", start_day=death),)
    patient = Patient(patient="P01", age_years=40, programme="allo_hsct")
    study = Study(name="s", patients=(patient,), tubes=(), events=events)
    seen = table({"CD4_T": {day: None if below else value for day, (value, below) in course.items()}})
    seen["censored"] = ["left" if below else "" for _, below in course.values()]
    seen["lloq"] = [float(value) if below else 0.0 for value, below in course.values()]
    seen[["low", "high"]] = None
    plain = load_milestone_rules().milestones[1].model_dump() | {
        "confirmation": confirmation,
        "by_day": deadline,
    }
    both = tuple(
        MilestoneRule.model_validate(plain | {"milestone": name, "threshold": limit})
        for name, limit in (("low", threshold), ("high", threshold + more))
    )
    low, high = milestones(seen, study, MilestoneRules(first_day=1, milestones=both)).to_dict("records")
    for name in ("by_day", "certain_by_day", "confirmed_day"):
        days = [float("inf") if pd.isna(row[name]) else row[name] for row in (low, high)]
        assert days[0] <= days[1], name
    reached = ("reached", "reached_before_first_visit")
    assert (high["status"] in reached) <= (low["status"] in reached)
    assert all((row["status"] in reached) == (not pd.isna(row["by_day"])) for row in (low, high))
