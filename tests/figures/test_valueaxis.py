"""The value axis and its strips."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.figures.points import Point, PointState, Reference
from cytorecon.figures.valueaxis import value_axis


def point(
    value: float | None, *, state: PointState = "measured", lloq: float = 5.0, measure: str = "cells_per_ul"
) -> Point:
    return Point("P01/d30/1", "B", measure, "", 30, state, value=value, lloq=lloq, high=value)


@given(st.lists(st.floats(0.1, 1e5), min_size=1, max_size=8))
def test_every_value_lies_on_the_scale_and_keeps_its_order(values: list[float]) -> None:
    axis = value_axis([point(value) for value in values])
    heights = [axis.position(value) for value in sorted(values)]
    assert heights == sorted(heights)
    assert all(axis.low < height < axis.high for height in heights)


@given(st.floats(0.5, 1e5))
def test_the_strip_lies_under_everything_measured(value: float) -> None:
    axis = value_axis([point(value), point(None, state="below_lloq", lloq=value / 2)])
    assert axis.strip is not None
    bottom, top = axis.strip
    assert bottom < axis.lloq_center < top <= axis.position(value / 2) < axis.position(value)


def test_no_result_has_a_row_of_its_own_under_the_strip() -> None:
    axis = value_axis([point(40.0), point(None, state="below_lloq"), point(None, state="not_evaluable")])
    assert axis.strip is not None
    assert axis.range[0] < axis.missing_center < axis.strip[0]
    assert [label for _, label in axis.ticks()][:2] == ["no result", "<LLOQ"]


def test_without_a_missing_result_there_is_no_row_for_it() -> None:
    assert "no result" not in [label for _, label in value_axis([point(40.0)]).ticks()]


def test_a_log_scale_names_whole_cells() -> None:
    axis = value_axis([point(10.0), point(2000.0)])
    assert [label for _, label in axis.ticks()] == ["<LLOQ", "10", "30", "100", "300", "1,000", "3,000"]
    assert axis.position(100.0) == 2.0


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (9.4, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
        (0.94, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (94.0, ["0", "25", "50", "75", "100"]),
        (8.0, ["0", "2", "4", "6", "8"]),
    ],
)
def test_a_label_is_the_value_of_its_tick(value: float, labels: list[str]) -> None:
    ticks = value_axis([point(value, lloq=0.0, measure="percent_of_parent")]).ticks()
    assert [label for _, label in ticks] == labels
    assert [float(label) for _, label in ticks] == pytest.approx([position for position, _ in ticks])


def test_a_value_under_a_log_scale_is_put_on_its_end() -> None:
    axis = value_axis([point(40.0)])
    assert axis.position(0.0) == axis.position(1e-9) == axis.low


def test_less_than_one_and_a_half_decades_are_not_shown() -> None:
    axis = value_axis([point(100.0, lloq=100.0)])
    assert axis.high - axis.low == pytest.approx(1.5)


def test_percent_starts_at_zero_and_ends_at_a_hundred() -> None:
    axis = value_axis([point(99.0, measure="percent_of_leukocytes", lloq=1.0)])
    assert (axis.scale, axis.low, axis.high) == ("linear", 0.0, 104.0)
    assert [label for _, label in axis.ticks()] == ["0", "25", "50", "75", "100"]


def test_reference_and_threshold_are_visible() -> None:
    wide = Point(
        "P01/d30/1", "B", "cells_per_ul", "", 30, "measured", value=10.0,
        reference=Reference(100.0, 900.0, "", "", "below"),
    )  # fmt: skip
    axis = value_axis([wide], limits=(5000.0,))
    assert axis.high > math.log10(5000)
