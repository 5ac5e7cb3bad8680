"""Shapes and the masks they make."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.shapes import Polygon, Threshold, version_of

COLUMNS = {
    "a": np.array([0.1, 0.5, 0.9, np.nan], dtype=np.float32),
    "b": np.array([0.9, 0.5, 0.1, 0.9], dtype=np.float32),
}


def test_a_threshold_keeps_what_lies_on_it_above_and_not_below() -> None:
    assert Threshold(("a",), 0.5).mask(COLUMNS).tolist() == [False, True, True, False]
    assert Threshold(("a",), 0.5, "below").mask(COLUMNS).tolist() == [True, False, False, False]


def test_a_threshold_on_several_channels_asks_all_of_them() -> None:
    assert Threshold(("a", "b"), 0.5).mask(COLUMNS).tolist() == [False, True, False, False]
    assert Threshold(("a", "b"), 0.6, "below").mask(COLUMNS).tolist() == [False, True, False, False]


def test_a_polygon_holds_events_by_both_channels() -> None:
    corners = ((0.0, 0.8), (0.2, 0.8), (0.2, 1.0), (0.0, 1.0))
    assert Polygon(("a", "b"), corners).mask(COLUMNS).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    "other",
    [
        Threshold(("a",), 0.5000001),
        Threshold(("b",), 0.5),
        Threshold(("a",), 0.5, "below"),
        Threshold(("a", "b"), 0.5),
        Polygon(("a", "b"), ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),
    ],
)
def test_another_position_is_another_version(other: Threshold | Polygon) -> None:
    assert version_of((other,)) != version_of((Threshold(("a",), 0.5),))


def test_the_version_is_the_same_on_every_machine() -> None:
    """Pinned: it is stored with results and must not change with the program."""
    assert (
        version_of((Threshold(("FITC-A",), 0.5), Polygon(("a", "b"), ((0.0, 0.25), (1.0, 0.0), (1.0, 1.0)))))
        == "e9deb177a673"
    )
    assert version_of(()) != version_of((Threshold(("a",), 0.5),))
