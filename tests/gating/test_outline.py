"""Corners as people type and draw them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.gating.outline import read_corners, thinned, write_corners

CIRCLE = [(0.5 + 0.2 * math.cos(turn / 50), 0.5 + 0.2 * math.sin(turn / 50)) for turn in range(314)]


@pytest.mark.parametrize("text", ["", "0.1", "0.1,x", "0.1,0.2,0.3", "0.1,0.2 0.5"])
def test_what_is_no_list_of_corners(text: str) -> None:
    assert read_corners(text) == ()


@given(st.lists(st.tuples(st.integers(-250, 1150), st.integers(-250, 1150)), max_size=20))
def test_corners_come_back_as_they_were_written(thousandths: list[tuple[int, int]]) -> None:
    corners = tuple((x / 1000, y / 1000) for x, y in thousandths)
    assert read_corners(write_corners(corners)) == corners


def test_an_outline_drawn_by_hand_keeps_its_shape_with_few_corners() -> None:
    found = thinned([*CIRCLE, CIRCLE[0]], 0.004)
    assert 8 <= len(found) <= 30
    assert set(found) <= set(CIRCLE)
    for x, y in CIRCLE:
        assert min(_apart((x, y), a, b) for a, b in zip(found, (*found[1:], found[0]), strict=True)) <= 0.004


def _apart(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    along = (b[0] - a[0], b[1] - a[1])
    share = ((point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]) / (along[0] ** 2 + along[1] ** 2)
    share = min(1.0, max(0.0, share))
    return math.hypot(point[0] - a[0] - share * along[0], point[1] - a[1] - share * along[1])


def test_few_corners_stay_as_they_are() -> None:
    assert thinned([(0, 0), (1, 0), (1, 1)], 0.5) == ((0, 0), (1, 0), (1, 1))
    assert thinned([], 0.5) == ()
    assert thinned([(0.25, 0.25)] * 9, 0.004) == ((0.25, 0.25),)
