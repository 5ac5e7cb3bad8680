"""Densities, modes, polygons: against a second implementation and known mixtures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from flowutils.gating_c import points_in_polygon as oracle  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cytorecon.gating.kernels import (
    BIN_WIDTH,
    CENTRES,
    GRID_BINS,
    GRID_HIGH,
    GRID_LOW,
    bandwidth,
    binned,
    find_modes,
    points_in_polygon,
    smoothed,
)
from tests.gating.samples import mixture

Corners = npt.NDArray[np.float64]
Points = npt.NDArray[np.float32]


def star(radii: list[float]) -> Corners:
    """Return corners at these distances from the middle, one after the other round the clock."""
    turn = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    corners: Corners = 0.5 + np.array(radii)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return corners


# A polygon that crosses itself has no inside everybody agrees on; the gates here never do.
CORNERS = st.lists(st.floats(0.05, 0.6), min_size=3, max_size=12).map(star)
POINTS = arrays(
    np.float32, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-0.25, 1.25, width=32)
)


def distance_to_edges(
    points: npt.NDArray[np.float64], corners: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    ends = np.roll(corners, -1, axis=0)
    along = ends - corners
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((points[:, None] - corners) * along).sum(axis=2) / length, 0, 1)
    nearest = corners + share[:, :, None] * along
    away: npt.NDArray[np.float64] = np.sqrt(((points[:, None] - nearest) ** 2).sum(axis=2)).min(axis=1)
    return away


@given(CORNERS, POINTS)
def test_a_polygon_holds_what_another_implementation_says(corners: Corners, points: Points) -> None:
    """Points on an edge are left out: each implementation may give them to either side."""
    exact = points.astype(np.float64)
    clear = distance_to_edges(exact, corners) > 1e-9
    ours = points_in_polygon(points[:, 0], points[:, 1], corners)
    theirs = np.asarray(oracle(corners, len(corners), exact, len(exact)), dtype=bool)
    assert ours[clear].tolist() == theirs[clear].tolist()


@given(CORNERS, POINTS, st.integers(0, 11))
def test_a_polygon_has_no_first_corner_and_no_direction(corners: Corners, points: Points, turn: int) -> None:
    clear = distance_to_edges(points.astype(np.float64), corners) > 1e-9
    x, y = points[clear].T
    inside = points_in_polygon(x, y, corners).tolist()
    assert points_in_polygon(x, y, np.roll(corners, turn, axis=0)).tolist() == inside
    assert points_in_polygon(x, y, corners[::-1]).tolist() == inside


def test_two_polygons_that_share_an_edge_share_no_point() -> None:
    """A point on the common edge belongs to one of them: quadrants neither lose nor double an event."""
    rng = np.random.default_rng(0)
    points = (rng.integers(0, 9, size=(400, 2)) / 8).astype(np.float32)
    x, y = points[(points < 1).all(axis=1)].T
    left = points_in_polygon(x, y, np.array([[0, 0], [0.5, 0], [0.5, 1], [0, 1]]))
    right = points_in_polygon(x, y, np.array([[0.5, 0], [1, 0], [1, 1], [0.5, 1]]))
    assert (left ^ right).all()


def test_values_beyond_the_grid_go_to_its_ends() -> None:
    counts = binned(np.array([-5, GRID_LOW, 0.5, GRID_HIGH, 7], dtype=np.float32))
    assert counts[0] == 2
    assert counts[-1] == 2
    assert counts.sum() == 5


@given(st.floats(-0.25, 1.125, width=32))
def test_a_value_goes_to_the_bin_around_it(value: float) -> None:
    counts = binned(np.array([value], dtype=np.float32))
    assert abs(CENTRES[int(np.argmax(counts))] - value) <= BIN_WIDTH / 2 + 1e-6


def test_smoothing_keeps_the_number_of_events() -> None:
    counts = binned(mixture([(500, 0.4, 0.05)], seed=1).astype(np.float32))
    assert smoothed(counts, 0.03).sum() == pytest.approx(500)


def test_bandwidth_follows_silverman_between_its_bounds() -> None:
    counts = binned(mixture([(1000, 0.5, 0.1)], seed=1).astype(np.float32))
    assert bandwidth(counts, low=0.0, high=1.0) == pytest.approx(0.9 * 0.1 * 1000**-0.2, rel=0.08)
    assert bandwidth(counts, low=0.05, high=0.06) == 0.05
    assert bandwidth(counts, low=0.001, high=0.01) == 0.01
    assert bandwidth(np.zeros(GRID_BINS), low=0.01, high=0.03) == 0.03


def peaks(parts: list[tuple[int, float, float]], *, seed: int = 1) -> list[float]:
    counts = binned(mixture(parts, seed=seed).astype(np.float32))
    modes = find_modes(counts, 0.015, z=3.0)
    assert len(modes.valleys) == len(modes.peaks) - 1
    assert sum(modes.masses) == counts.sum()
    return [float(CENTRES[peak]) for peak in modes.peaks]


def test_no_events_no_mode() -> None:
    assert find_modes(np.zeros(GRID_BINS), 0.02, z=3.0).peaks == ()


@pytest.mark.parametrize("seed", range(20))
def test_one_cloud_is_one_mode_however_ragged(seed: int) -> None:
    assert peaks([(300, 0.5, 0.06)], seed=seed) == [pytest.approx(0.5, abs=0.04)]


def test_each_clear_cloud_is_a_mode() -> None:
    found = peaks([(2000, 0.2, 0.03), (300, 0.5, 0.03), (900, 0.8, 0.03)])
    assert found == [pytest.approx(at, abs=0.01) for at in (0.2, 0.5, 0.8)]


def test_masses_are_the_events_of_each_mode() -> None:
    counts = binned(
        mixture([(2000, 0.2, 0.02), (300, 0.5, 0.02), (900, 0.8, 0.02)], seed=1).astype(np.float32)
    )
    assert find_modes(counts, 0.015, z=3.0).masses == (2000, 300, 900)


def test_a_significant_mode_needs_more_events_at_a_higher_z() -> None:
    counts = binned(mixture([(2000, 0.2, 0.03), (25, 0.7, 0.02)], seed=1).astype(np.float32))
    assert len(find_modes(counts, 0.02, z=3.0).peaks) == 2
    assert len(find_modes(counts, 0.02, z=8.0).peaks) == 1
