"""First crossings known only at visits: the interval, its properties, and confirmation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.milestone import Crossing, Visit, first_crossing
from cytorecon.milestone.crossing import State

STATES: list[State] = ["above", "below", "indeterminate"]
LAST_DAY = 60

#: One value for each day 0..LAST_DAY: the path nobody sees but at visits.
PATHS = st.lists(st.integers(0, 100), min_size=LAST_DAY + 1, max_size=LAST_DAY + 1)
VISIT_DAYS = st.sets(st.integers(0, LAST_DAY), min_size=1, max_size=12)
ANY_VISITS = st.lists(st.builds(Visit, st.integers(0, 20), st.sampled_from(STATES)), max_size=15)


def seen(path: list[int], days: set[int], hidden: set[int] = frozenset()) -> list[Visit]:  # type: ignore[assignment]
    """Return what visits on `days` say about a threshold of 50; `hidden` ones cannot be judged."""
    return [
        Visit(day, "indeterminate" if day in hidden else "above" if path[day] >= 50 else "below")
        for day in sorted(days)
    ]


def sequence(*states: str) -> list[Visit]:
    """Return visits on days 10, 20, 30 ... written as ``+``, ``-`` and ``?``."""
    words: dict[str, State] = {"+": "above", "-": "below", "?": "indeterminate"}
    return [Visit(10 * place, words[state]) for place, state in enumerate("".join(states), start=1)]


@given(PATHS, VISIT_DAYS, VISIT_DAYS, st.integers(1, 3))
def test_the_interval_holds_a_true_crossing(
    path: list[int], days: set[int], hidden: set[int], confirmation: int
) -> None:
    found = first_crossing(seen(path, days, hidden), confirmation=confirmation)
    if found.by_day is None:
        above = [path[day] >= 50 for day in sorted(days - hidden)]
        assert not any(
            all(above[place : place + confirmation]) for place in range(len(above) - confirmation + 1)
        )
        assert above[-1:] != [True]
        return
    assert path[found.by_day] >= 50
    if found.after_day is None:
        assert found.by_day == min(days - hidden)
        return
    assert path[found.after_day] < 50
    rises = [day for day in range(1, LAST_DAY + 1) if path[day - 1] < 50 <= path[day]]
    assert any(found.after_day < day <= found.by_day for day in rises)


@given(st.integers(0, LAST_DAY + 1), VISIT_DAYS, st.integers(0, LAST_DAY), VISIT_DAYS)
def test_when_the_count_rose_once_a_further_visit_never_widens_the_interval(
    crossing: int, days: set[int], further: int, hidden: set[int]
) -> None:
    path = [100 if day >= crossing else 0 for day in range(LAST_DAY + 1)]
    hidden -= {further}
    before = first_crossing(seen(path, days - {further}, hidden))
    after = first_crossing(seen(path, days | {further}, hidden))
    assert (after.after_day or -1) >= (before.after_day or -1)
    if before.by_day is not None:
        assert after.by_day is not None
        assert after.by_day <= before.by_day
    if after.by_day is not None:
        assert (after.after_day if after.after_day is not None else -1) < crossing <= after.by_day


@given(st.integers(0, LAST_DAY + 1), VISIT_DAYS, VISIT_DAYS)
def test_a_visit_that_cannot_be_judged_never_narrows_the_interval(
    crossing: int, days: set[int], hidden: set[int]
) -> None:
    path = [100 if day >= crossing else 0 for day in range(LAST_DAY + 1)]
    judged, partly = first_crossing(seen(path, days)), first_crossing(seen(path, days, hidden))
    left_out = first_crossing(seen(path, days - hidden))
    assert (partly.after_day, partly.by_day) == (left_out.after_day, left_out.by_day)
    if partly.after_day is not None:
        assert judged.after_day is not None
        assert partly.after_day <= judged.after_day
    if partly.by_day is not None:
        assert judged.by_day is not None
        assert partly.by_day >= judged.by_day


@given(ANY_VISITS, st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_order_of_rows_and_repeated_rows_do_not_matter(
    visits: list[Visit], random: object, confirmation: int
) -> None:
    shuffled = visits + visits[:3]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert first_crossing(shuffled, confirmation=confirmation) == first_crossing(
        visits, confirmation=confirmation
    )


@given(ANY_VISITS, st.integers(1, 3))
def test_confirmation_agrees_with_a_search_over_all_windows(visits: list[Visit], confirmation: int) -> None:
    """Another way to the same answer: slide a window of `confirmation` judged days."""
    days = sorted({visit.day for visit in visits})
    states = [{visit.state for visit in visits if visit.day == day} - {"indeterminate"} for day in days]
    judged = [(day, state.pop()) for day, state in zip(days, states, strict=True) if len(state) == 1]
    windows = [
        (judged[place][0], judged[place + confirmation - 1][0])
        for place in range(len(judged) - confirmation + 1)
        if all(state == "above" for _, state in judged[place : place + confirmation])
    ]
    found = first_crossing(visits, confirmation=confirmation)
    if windows:
        assert (found.by_day, found.confirmed, found.confirmed_day) == (
            windows[0][0],
            "yes",
            windows[0][1],
        )
    elif not any(state == "above" for _, state in judged):
        assert (found.by_day, found.confirmed) == (None, None)
    else:
        assert found.confirmed == ("pending" if judged[-1][1] == "above" else "no")
        assert found.confirmed_day is None
    assert found.judged == len(judged)


@pytest.mark.parametrize(
    ("states", "confirmation", "expected"),
    [
        ("", 1, Crossing()),
        ("??", 1, Crossing()),
        ("--", 1, Crossing(after_day=20, judged=2)),
        ("-?", 1, Crossing(after_day=10, judged=1)),
        ("-+", 1, Crossing(10, 20, "yes", 20, judged=2)),
        ("+-", 1, Crossing(None, 10, "yes", 10, below_again=20, judged=2)),
        ("-??+", 1, Crossing(10, 40, "yes", 40, undecided=(20, 30), judged=2)),
        ("?+", 1, Crossing(None, 20, "yes", 20, undecided=(10,), judged=1)),
        ("-+", 2, Crossing(10, 20, "pending", None, judged=2)),
        ("-++", 2, Crossing(10, 20, "yes", 30, judged=3)),
        ("-+?+", 2, Crossing(10, 20, "yes", 40, judged=3)),
        ("-+-", 2, Crossing(30, None, "no", None, below_again=30, unconfirmed_day=20, judged=3)),
        ("-+-+", 2, Crossing(30, 40, "pending", None, unconfirmed_day=20, judged=4)),
        ("-+-++-", 2, Crossing(30, 40, "yes", 50, below_again=60, unconfirmed_day=20, judged=6)),
        ("-++-++", 2, Crossing(10, 20, "yes", 30, below_again=40, judged=6)),
        ("-+-+-", 2, Crossing(50, None, "no", None, below_again=30, unconfirmed_day=20, judged=5)),
    ],
)
def test_courses(states: str, confirmation: int, expected: Crossing) -> None:
    assert first_crossing(sequence(states), confirmation=confirmation) == expected


@given(ANY_VISITS, st.integers(1, 3), st.data())
def test_a_higher_threshold_is_never_met_earlier(
    visits: list[Visit], confirmation: int, data: st.DataObject
) -> None:
    """A higher threshold turns above into not known or below, and not known into below."""
    days = sorted({visit.day: visit for visit in visits}.values())
    lower: dict[State, list[State]] = {"above": STATES, "indeterminate": ["indeterminate", "below"]}
    high = [
        visit._replace(state=data.draw(st.sampled_from(lower.get(visit.state, ["below"])))) for visit in days
    ]
    found = [first_crossing(each, confirmation=confirmation) for each in (days, high)]
    by = [float("inf") if one.by_day is None else one.by_day for one in found]
    assert by[0] <= by[1]


def test_a_pending_rise_is_no_crossing_once_the_clock_has_ended() -> None:
    found = first_crossing(sequence("-+-+"), confirmation=2).ended()
    assert found == Crossing(30, None, "no", None, unconfirmed_day=40, judged=4)
    assert first_crossing(sequence("-++"), confirmation=2).ended().by_day == 20


def test_two_tubes_of_a_day_that_disagree_cannot_be_judged() -> None:
    day_20: list[Visit] = [Visit(20, "above"), Visit(20, "below")]
    found = first_crossing([Visit(10, "below"), *day_20, Visit(30, "above")])
    assert (found.after_day, found.by_day, found.undecided) == (10, 30, (20,))
    one_is_silent = first_crossing([Visit(10, "below"), Visit(20, "above"), Visit(20, "indeterminate")])
    assert one_is_silent.by_day == 20
