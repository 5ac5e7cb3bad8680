"""The time axis."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.figures.timeaxis import TimeAxis, TimeScale, time_axis

DAYS = st.lists(st.integers(-400, 4000), max_size=8)
SCALES: list[TimeScale] = ["sqrt", "linear"]


@pytest.mark.parametrize("scale", SCALES)
@given(days=DAYS)
def test_day_0_and_every_day_are_inside_the_range(scale: TimeScale, days: list[int]) -> None:
    axis = time_axis(days, scale=scale)
    low, high = axis.range
    assert all(low < axis.position(day) < high for day in [0, *days])


@pytest.mark.parametrize("scale", SCALES)
@given(first=st.integers(-400, 4000), second=st.integers(-400, 4000))
def test_a_later_day_lies_further_right(scale: TimeScale, first: int, second: int) -> None:
    axis = TimeAxis(-400, 4000, scale)
    assert (first < second) == (axis.position(first) < axis.position(second))


@pytest.mark.parametrize("scale", SCALES)
@given(days=DAYS, spacing=st.floats(0.02, 0.2))
def test_ticks_keep_their_distance(scale: TimeScale, days: list[int], spacing: float) -> None:
    axis = time_axis(days, scale=scale)
    low, high = axis.range
    positions = [position for position, _ in axis.ticks(spacing)]
    assert axis.position(0) in positions
    gaps = [after - before for before, after in pairwise(positions)]
    assert all(gap >= spacing * (high - low) * 0.999 for gap in gaps)


def test_days_before_the_transplant_are_mirrored() -> None:
    axis = time_axis([-8, 33])
    assert axis.position(-4) == -2.0
    assert [label for _, label in axis.ticks()] == ["−7", "HCT", "7", "14", "21", "30"]


def test_the_square_root_makes_room_for_the_first_weeks() -> None:
    root, linear = time_axis([0, 730]), time_axis([0, 730], scale="linear")
    assert [label for _, label in root.ticks(0.06)][:4] == ["HCT", "14", "30", "60"]
    assert [label for _, label in linear.ticks(0.06)][:3] == ["HCT", "+100", "+180"]


def test_day_0_has_the_name_of_the_anchor() -> None:
    assert time_axis([30], zero_label="CART").ticks()[0] == (0.0, "CART")
