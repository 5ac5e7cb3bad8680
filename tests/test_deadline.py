"""Deadlines: an answer is certain only when every way the unjudged visits may have come out gives it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.knowledge.milestones import MilestoneRule, load_milestone_rules
from cytorecon.milestone import Visit, first_crossing
from cytorecon.milestone.crossing import State
from cytorecon.milestone.deadline import deadline_state

DEADLINE = 50
STATES: list[State] = ["above", "below", "indeterminate"]
#: Every 10 days the fifth visit lies on the deadline, every 11 days none does.
VISITS = st.lists(st.sampled_from(STATES), max_size=8)


def rule(*, confirmation: int, both: bool) -> MilestoneRule:
    made = (
        load_milestone_rules()
        .milestones[0]
        .model_copy(update={"by_day": DEADLINE, "confirmation": confirmation, "confirm_by_deadline": both})
    )
    return MilestoneRule.model_validate(made.model_dump())


RULES = [rule(confirmation=1, both=False)] + [
    rule(confirmation=number, both=both) for number in (2, 3) for both in (False, True)
]


def truth(own: MilestoneRule, judged: list[tuple[int, str]]) -> str:
    """Return the answer for visits that were all judged, by looking at every run of visits."""
    runs = [judged[place : place + own.confirmation] for place in range(len(judged) - own.confirmation + 1)]
    met = [run for run in runs if all(state == "above" for _, state in run)]
    if any(run[-1 if own.confirm_by_deadline else 0][0] <= DEADLINE for run in met):
        return "in time"
    before = [state for day, state in judged if day <= DEADLINE]
    after = [state for day, state in judged if day >= DEADLINE]
    if after and after[0] == "below" and not (before and before[-1] == "above"):
        return "not in time"
    return "open"


@given(VISITS, st.sampled_from([10, 11]), st.sampled_from(RULES))
def test_an_answer_is_that_of_every_completion(states: list[State], step: int, own: MilestoneRule) -> None:
    visits = [Visit(step * number, state) for number, state in enumerate(states, start=1)]
    choices = [("above", "below") if state == "indeterminate" else (state,) for state in states]
    days = [visit.day for visit in visits]
    answers = {truth(own, list(zip(days, completion, strict=True))) for completion in product(*choices)}
    found = deadline_state(own, visits, first_crossing(visits, confirmation=own.confirmation))
    assert {"in_time": "in time", "late": "not in time", "not_reached": "not in time"}.get(found, "open") == (
        answers.pop() if len(answers) == 1 else "open"
    )


@given(VISITS, st.sampled_from(RULES))
def test_late_is_what_was_met_after_a_visit_below_at_or_behind_the_deadline(
    states: list[State], own: MilestoneRule
) -> None:
    visits = [Visit(10 * number, state) for number, state in enumerate(states, start=1)]
    crossing = first_crossing(visits, confirmation=own.confirmation)
    if deadline_state(own, visits, crossing) == "late":
        assert crossing.after_day is not None
        assert crossing.after_day >= DEADLINE


@pytest.mark.parametrize(
    ("course", "confirmation", "state"),
    [
        ("-?--??", 1, "unknown"),  # day 20 may have met it
        ("----?-", 1, "unknown"),  # so may day 50, the deadline
        ("-----?", 1, "not_reached"),
        ("-?---+", 1, "unknown"),
        ("-----+", 1, "late"),
        ("?+---+", 1, "in_time"),
        ("+?+---", 2, "unknown"),  # perhaps a visit below between them
        ("++?---", 2, "in_time"),
        ("-?----", 2, "not_reached"),  # one visit is not two
        ("-??---", 2, "unknown"),
        ("-+?---", 2, "unknown"),
        ("------", 2, "not_reached"),
    ],
)
def test_courses(course: str, confirmation: int, state: str) -> None:
    words: dict[str, State] = {"+": "above", "-": "below", "?": "indeterminate"}
    visits = [Visit(10 * number, words[sign]) for number, sign in enumerate(course, start=1)]
    own = rule(confirmation=confirmation, both=confirmation > 1)
    assert deadline_state(own, visits, first_crossing(visits, confirmation=confirmation)) == state
