from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts.reported import below_text, measure_text, reported_concentration, value_text
from cytorecon.results import PopulationCount
from tests.builders import population_count


def count(**fields: float | bool | None) -> PopulationCount:
    row = {"population": "B", "parent": "lymphocytes", "status": "counted", "events": 3, **fields}
    return population_count(row)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.043, "0.043"),
        (1.04, "1.0"),
        (7.46, "7.5"),
        (9.94, "9.9"),
        (9.96, "10"),
        (10.4, "10"),
        (156.4, "156"),
        (12345.6, "12346"),
    ],
)
def test_values_have_one_decimal_below_ten(value: float, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [(11.2, "<12"), (12.0, "<12"), (50.00000000000001, "<50"), (4.91, "<5"), (4.81, "<4.9"), (0.5, "<0.5")],
)
def test_limits_are_rounded_up(limit: float, text: str) -> None:
    assert below_text(limit) == text


@given(st.floats(0.01, 1e6))
def test_what_is_said_of_a_limit_is_true(limit: float) -> None:
    assert float(below_text(limit)[1:]) >= limit * (1 - 1e-8)


def test_a_concentration_is_a_number_a_limit_or_nothing() -> None:
    assert reported_concentration(count(cells_per_ul=156.4, below_lloq=False, lloq_cells_per_ul=5.0)) == "156"
    assert reported_concentration(count(below_lloq=True, lloq_cells_per_ul=11.2)) == "<12"
    assert reported_concentration(count()) == ""


def test_each_measure_has_its_way() -> None:
    assert measure_text(1.254, "ratio") == "1.25"
    assert [measure_text(value, "percent_of_parent") for value in (0.0, 0.0123, 12.34, 100.0)] == [
        "0.0",
        "0.012",
        "12.3",
        "100.0",
    ]
