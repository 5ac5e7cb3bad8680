"""Between which days an answer lies whatever the counts truly were whose interval holds the threshold."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.knowledge.milestones import AtVisit, MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.milestone import milestones
from cytorecon.milestone.crossing import State, first_crossing
from cytorecon.milestone.evidence import evidence
from cytorecon.milestone.judged import Judged, Value
from cytorecon.study import Patient, Study

PLAIN = load_milestone_rules().milestones[1]
#: Value with its interval.
COUNTS = st.tuples(st.floats(0, 300), st.floats(0, 60), st.floats(0, 60)).map(
    lambda drawn: (drawn[0], max(drawn[0] - drawn[1], 0.0), drawn[0] + drawn[2])
)
COURSES = st.dictionaries(st.integers(1, 400), COUNTS, min_size=1, max_size=7)
Course = dict[int, tuple[float, float, float]]


def asked(threshold: float = 200, confirmation: int = 1, **fields: object) -> MilestoneRule:
    update = {"threshold": threshold, "confirmation": confirmation, "by_day": None, **fields}
    return PLAIN.model_copy(update=update)


def values(course: Course) -> list[Value]:
    return [Value(day, *course[day]) for day in sorted(course)]


def span(course: Course, rule: MilestoneRule) -> tuple[float, float]:
    """Return the certain days; 0 and infinity where there is none."""
    after, by = evidence(Judged.of(rule, values(course))).certain
    return (-1.0 if after is None else after, float("inf") if by is None else by)


def answer(course: Course, rule: MilestoneRule) -> tuple[float, float]:
    crossing = Judged.of(rule, values(course)).crossing
    after, by = crossing.after_day, crossing.by_day
    return (-1.0 if after is None else after, float("inf") if by is None else by)


@settings(max_examples=150, deadline=None)
@given(COURSES, st.integers(1, 3))
def test_the_certain_days_hold_the_answer_and_that_of_every_truth(course: Course, confirmation: int) -> None:
    """Every count whose interval holds the threshold may have been on either side."""
    rule = asked(confirmation=confirmation)
    after, by = span(course, rule)
    own = answer(course, rule)
    assert after <= own[0]
    assert own[1] <= by
    judged = Judged.of(rule, values(course))
    pairs = zip(judged.states, judged.close, strict=True)
    either: list[tuple[State, ...]] = [("above", "below") if close else (state,) for state, close in pairs]
    for truth in product(*either):
        visits = [visit._replace(state=state) for visit, state in zip(judged.visits, truth, strict=True)]
        crossing = first_crossing(visits, confirmation=confirmation)
        if crossing.confirmed == "yes" and crossing.by_day is not None:
            assert after <= (-1 if crossing.after_day is None else crossing.after_day)
            assert confirmation > 1 or crossing.by_day <= by


@settings(max_examples=150, deadline=None)
@given(COURSES, st.floats(1, 250), st.floats(0, 100))
def test_raising_a_threshold_never_makes_the_certain_days_earlier(
    course: Course, threshold: float, more: float
) -> None:
    low, high = span(course, asked(threshold)), span(course, asked(threshold + more))
    assert low[0] <= high[0]
    assert low[1] <= high[1]


@settings(max_examples=150, deadline=None)
@given(COURSES, st.integers(1, 800), COUNTS)
def test_a_visit_after_a_certain_crossing_never_widens_it(
    course: Course, later: int, count: tuple[float, float, float]
) -> None:
    after, by = span(course, asked())
    if by < float("inf"):
        assert span({**course, int(by) + later: count}, asked()) == (after, by)


@pytest.mark.parametrize(
    ("course", "confirmation", "days", "words"),
    [
        ({30: (150, 140, 160), 60: (210, 195, 226), 90: (260, 240, 280)}, 1, (30, 90),
         "between day 30 and day 90"),
        ({30: (190, 175, 205), 60: (260, 240, 280)}, 1, (None, 60), "by day 60"),
        ({30: (150, 140, 160), 60: (210, 195, 226)}, 1, (30, None), "after day 30, if at all"),
        ({30: (210, 195, 226)}, 1, (None, None), "not decided"),
        # confirmed only if the second was truly above
        ({30: (150, 140, 160), 60: (260, 240, 280), 90: (205, 195, 215), 120: (20, 15, 25)}, 2, (30, None),
         "after day 30, if at all"),
    ],
)  # fmt: skip
def test_the_table_says_the_certain_days_in_words(
    course: Course, confirmation: int, days: tuple[int | None, int | None], words: str
) -> None:
    row = judged(course, asked(confirmation=confirmation))
    assert (row["certain_after_day"], row["certain_by_day"]) == days
    many = "them" if row["borderline_days"].count(";") else "it"
    assert row["caution"].endswith(f"; allowing for {many}, {words}.")


def test_without_a_borderline_count_the_days_are_the_same() -> None:
    row = judged({30: (150, 140, 160), 60: (260, 240, 280)}, asked())
    assert (row["certain_after_day"], row["certain_by_day"]) == (row["after_day"], row["by_day"]) == (30, 60)
    assert row["caution"] == ""


@pytest.mark.parametrize(
    ("low", "day", "words"), [(195, None, "; allowing for it, not decided."), (205, 98, "")]
)
def test_a_rule_of_one_visit_is_certain_or_not_decided(low: float, day: int | None, words: str) -> None:
    rule = asked(at_visit=AtVisit(day=100, from_day=80, to_day=120))
    row = judged({98: (210, low, 226)}, rule)
    assert (row["status"], row["by_day"], row["certain_by_day"]) == ("reached", 98, day)
    assert row["caution"].endswith(words)


def judged(course: Course, rule: MilestoneRule) -> dict[str, Any]:
    """Return the row of the table; what is not known as None."""
    study = Study(name="s", patients=(Patient(patient="P01", age_years=40, programme="allo_hsct"),), tubes=())
    columns = list(zip(*(course[day] for day in course), strict=True))
    table = pd.DataFrame(
        {
            "patient": "P01", "days_after_transplant": list(course), "population": rule.population,
            "measure": rule.measure, "value": columns[0], "low": columns[1], "high": columns[2],
            "lloq": 1.0, "censored": "", "review": "",
        }
    )  # fmt: skip
    (row,) = milestones(table, study, MilestoneRules(first_day=1, milestones=(rule,))).to_dict("records")
    return {str(name): None if pd.isna(value) else value for name, value in row.items()}


def test_two_borderline_visits_that_turn_the_answer_together_are_both_named() -> None:
    row = judged(
        {
            40: (91, 73, 114),
            164: (95, 76, 118),
            184: (56, 45, 70),
            238: (303, 242, 378),
            259: (128, 102, 160),
        },
        asked(threshold=100, confirmation=2),
    )
    assert (row["after_day"], row["by_day"], row["borderline_days"]) == (184, 238, "40;164")
    assert (row["certain_after_day"], row["certain_by_day"]) == (None, 238)
    assert row["caution"].endswith("day 40 (73–114), day 164 (76–118); allowing for them, by day 238.")


@settings(max_examples=150, deadline=None)
@given(COURSES, st.integers(1, 3))
def test_days_that_are_less_certain_than_the_answer_carry_a_caution(
    course: Course, confirmation: int
) -> None:
    """And what is named is enough: were all other borderline counts as judged, the days would be the same."""
    rule = asked(confirmation=confirmation)
    found = Judged.of(rule, values(course))
    rests_on = evidence(found)
    if found.crossing.confirmed == "pending":
        assert rests_on.certain.by_day is None
    elif rests_on.certain != (found.crossing.after_day, found.crossing.by_day):
        assert rests_on.borderline
    named = {value.day for value in rests_on.borderline}
    sure = {day: one if day in named else (one[0], one[0], one[0]) for day, one in course.items()}
    assert evidence(Judged.of(rule, values(sure))).certain == rests_on.certain
