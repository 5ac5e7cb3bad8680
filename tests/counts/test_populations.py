from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from cytorecon.counts import count_populations
from cytorecon.counts.intervals import binomial_interval
from cytorecon.errors import CytoreconError
from cytorecon.results import PopulationCount, PopulationTally


def tally(population: str, events: int | None, **fields: Any) -> PopulationTally:  # noqa: ANN401
    return PopulationTally(
        population=population,
        parent=fields.pop("parent", "lymphocytes"),
        status=fields.pop("status", "counted"),
        events=events,
        **fields,
    )


def one(row: PopulationTally) -> PopulationCount:
    (count,) = count_populations([row])
    return count


def test_percentages_of_three_denominators_with_their_intervals() -> None:
    count = one(tally("CD4_T", 300, parent="CD3_T", parent_events=600, lymphocytes=1000, leukocytes=4000))
    assert (count.percent_of_parent, count.percent_of_lymphocytes, count.percent_of_leukocytes) == (
        50.0,
        30.0,
        7.5,
    )
    for low, high, whole in (
        (count.percent_of_parent_low, count.percent_of_parent_high, 600),
        (count.percent_of_lymphocytes_low, count.percent_of_lymphocytes_high, 1000),
        (count.percent_of_leukocytes_low, count.percent_of_leukocytes_high, 4000),
    ):
        expected = binomial_interval(300, whole)
        assert (low, high) == pytest.approx((100 * expected[0], 100 * expected[1]))


def test_none_of_many_is_zero_percent_with_an_upper_limit() -> None:
    count = one(tally("B", 0, parent_events=1000, lymphocytes=1000))
    assert (count.events, count.percent_of_lymphocytes, count.percent_of_lymphocytes_low) == (0, 0.0, 0.0)
    assert count.percent_of_lymphocytes_high == pytest.approx(0.3682, abs=1e-4)


def test_a_percentage_of_nothing_is_not_known() -> None:
    count = one(tally("CD4_T", 0, parent="CD3_T", parent_events=0, lymphocytes=900))
    assert (count.percent_of_parent, count.percent_of_parent_low, count.percent_of_parent_high) == (
        None,
        None,
        None,
    )
    assert count.percent_of_lymphocytes == 0.0
    assert count.percent_of_leukocytes is None


def test_what_is_not_evaluable_has_no_number_at_all() -> None:
    count = one(tally("B", None, status="not_evaluable", reason="no CD19 mode", review=("gate.x",)))
    said = {"population", "parent", "status", "reason", "review", "count_method", "gate_definition"}
    assert {
        value for name, value in asdict(count).items() if name not in said | {"absence_in_doubt", "overrides"}
    } == {None}
    assert (count.reason, count.review, count.count_method) == ("no CD19 mode", ("gate.x",), "none")


def test_beads_have_events_and_no_percentage() -> None:
    count = one(tally("beads", 4000, parent="root", parent_events=30000, leukocytes=20000))
    assert (count.events, count.parent_events) == (4000, 30000)
    assert (count.percent_of_parent, count.percent_of_leukocytes) == (None, None)


def test_order_and_review_codes_are_kept() -> None:
    rows = [tally(name, 10, parent_events=20, review=(f"look.{name}",)) for name in ("NK", "B", "CD3_T")]
    counts = count_populations(rows)
    assert [(count.population, count.review) for count in counts] == [
        ("NK", ("look.NK",)),
        ("B", ("look.B",)),
        ("CD3_T", ("look.CD3_T",)),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            tally("B", None),
            "B, events: A counted population has no events; 0 and not known are different.",
        ),
        (
            tally("B", 11, parent_events=10),
            (
                "B, percent_of_parent: A population cannot have more events than what it is a part of. "
                "Found: 11 of 10 events."
            ),
        ),
        (
            tally("B", -1, parent_events=10),
            (
                "B, percent_of_parent: A population cannot have more events than what it is a part of. "
                "Found: -1 of 10 events."
            ),
        ),
        (
            tally("B", 11, parent_events=20, leukocytes=0),
            (
                "B, percent_of_leukocytes: A population cannot have more events than what it is a part of. "
                "Found: 11 of 0 events."
            ),
        ),
    ],
)
def test_impossible_tallies_are_refused(row: PopulationTally, message: str) -> None:
    with pytest.raises(CytoreconError) as caught:
        count_populations([row])
    assert str(caught.value) == message
