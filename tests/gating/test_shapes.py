"""Shapes and the masks they make."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.shapes import Likelier, NormalCloud, Polygon, Threshold, version_of

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


NEAR = NormalCloud(100.0, (0.2, 0.2), ((0.01, 0.0), (0.0, 0.01)))
FAR = NormalCloud(100.0, (0.8, 0.8), ((0.01, 0.0), (0.0, 0.01)))


def test_events_are_likelier_of_the_cloud_they_lie_near() -> None:
    columns = {
        name: np.array([0.2, 0.45, 0.55, 0.8, 1.9, np.nan, np.inf], dtype=np.float32) for name in ("a", "b")
    }
    shape = Likelier(("a", "b"), NEAR, (FAR,), reach=18.4)
    assert shape.mask(columns).tolist() == [True, True, False, False, False, False, False]
    assert np.isneginf(shape.log_odds(columns)[4:]).all()
    assert shape.log_odds(columns)[0] == pytest.approx(0.5 * 2 * 0.6**2 / 0.01)


def test_more_events_of_a_neighbour_move_the_border_towards_the_cloud() -> None:
    columns = {name: np.linspace(0.2, 0.8, 61, dtype=np.float32) for name in ("a", "b")}
    many = NormalCloud(10_000.0, FAR.mean, FAR.covariance)
    few, more = (Likelier(("a", "b"), NEAR, (other,), reach=80.0) for other in (FAR, many))
    assert more.mask(columns).sum() < few.mask(columns).sum() == 31


def test_a_cloud_without_neighbours_ends_at_its_reach() -> None:
    columns = {"a": np.array([0.2, 0.39, 0.41], dtype=np.float32), "b": np.full(3, 0.2, dtype=np.float32)}
    assert Likelier(("a", "b"), NEAR, (), reach=4.0).mask(columns).tolist() == [True, True, False]


def test_the_outline_of_a_cloud_holds_95_percent_on_two_channels() -> None:
    points = np.random.default_rng(1).multivariate_normal(NEAR.mean, NEAR.covariance, 20_000)
    columns = {name: points[:, place].astype(np.float32) for place, name in enumerate(("a", "b"))}
    outline = Polygon(("a", "b"), Likelier(("a", "b"), NEAR, (), reach=9.0).vertices)
    assert outline.mask(columns).mean() == pytest.approx(0.95, abs=0.01)
