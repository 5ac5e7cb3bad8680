"""The region in which most seeds lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.gating.finders.region import HALVES, RAYS, densest_region, regions_of_halves
from cytorecon.gating.kernels import points_in_polygon

Plane = npt.NDArray[np.float64]


def cloud(n: int, *, seed: int = 1) -> Plane:
    return np.random.default_rng(seed).normal([0.3, 0.2], [0.04, 0.03], size=(n, 2))


def inside(points: Plane, corners: Plane) -> npt.NDArray[np.bool_]:
    x, y = points.astype(np.float32).T
    return points_in_polygon(x, y, corners)


def test_strays_in_another_cloud_do_not_take_it_in() -> None:
    """A few neutrophils that look like T cells: a region that reached them made NK cells of 1,300 "
    "others."""
    strays = np.random.default_rng(2).normal([0.6, 0.7], 0.01, size=(40, 2))
    seeds = np.concatenate([cloud(2000), strays])
    corners = densest_region(seeds, 0.995)
    assert inside(strays, corners).sum() == 0
    assert inside(cloud(2000), corners).mean() > 0.97


def test_two_clouds_of_seeds_are_both_kept() -> None:
    """Small and large T cells: neither is a stray."""
    large = np.random.default_rng(2).normal([0.5, 0.2], 0.03, size=(600, 2))
    corners = densest_region(np.concatenate([cloud(2000), large]), 0.97)
    assert inside(large, corners).mean() > 0.85


@pytest.mark.parametrize("coverage", [0.8, 0.95, 0.995])
@pytest.mark.parametrize("n", [100, 1000, 20000])
def test_the_region_holds_the_asked_share_of_seeds(n: int, coverage: float) -> None:
    corners = densest_region(cloud(n), coverage)
    assert corners.shape == (RAYS, 2)
    # Pixels at the edge of the grid, and the ragged outline of few seeds, cost a little.
    assert inside(cloud(n), corners).mean() == pytest.approx(coverage, abs=0.06)


def test_scattered_seeds_do_not_stretch_it() -> None:
    """Debris that looks like a seed now and then must not draw the region to the corner."""
    seeds = np.concatenate([cloud(2000), np.random.default_rng(2).uniform(0, 1, size=(20, 2))])
    corners = densest_region(seeds, 0.97)
    assert inside(cloud(2000), corners).mean() > 0.93
    assert (corners.max(axis=0) < [0.55, 0.40]).all()


def test_the_order_of_seeds_is_irrelevant() -> None:
    seeds = cloud(500)
    assert np.array_equal(densest_region(seeds, 0.95), densest_region(seeds[::-1], 0.95))


@given(st.floats(-0.3, 0.7), st.floats(-0.2, 0.7))
@settings(max_examples=20)
def test_a_shift_of_all_seeds_shifts_the_region(right: float, up: float) -> None:
    seeds = cloud(800)
    moved = seeds + np.array([right, up])
    still, after = inside(seeds, densest_region(seeds, 0.95)), inside(moved, densest_region(moved, 0.95))
    assert (still != after).mean() < 0.03


def test_seeds_on_one_point_make_a_small_region_around_it() -> None:
    corners = densest_region(np.full((200, 2), 0.5), 0.95)
    assert np.isfinite(corners).all()
    assert inside(np.array([[0.5, 0.5]]), corners).all()
    assert np.ptp(corners, axis=0).max() < 0.01


def shares(seeds: Plane, coverage: float) -> npt.NDArray[np.float64]:
    """Return which share of a uniform plane each half's region takes in, against that of all seeds."""
    plane = np.random.default_rng(9).uniform(0, 1, size=(20_000, 2))
    whole = inside(plane, densest_region(seeds, coverage)).sum()
    halves = [inside(plane, corners).sum() for corners in regions_of_halves(seeds, coverage)]
    ratios: npt.NDArray[np.float64] = np.array(halves) / whole
    return ratios


def test_halves_of_a_round_cloud_agree() -> None:
    found = shares(cloud(4000), 0.9)
    assert found.shape == (HALVES,)
    assert np.abs(found - 1).max() < 0.1


def test_halves_disagree_where_it_is_uncertain_how_far_it_reaches() -> None:
    """A second cloud of which five percent of the seeds lie in the region is a part of it, or is left out."""
    second = np.random.default_rng(3).normal([0.8, 0.7], 0.03, size=(140, 2))
    certain, doubtful = shares(cloud(2000), 0.97), shares(np.concatenate([cloud(2000), second]), 0.97)
    assert np.std(certain) < 0.06
    assert np.std(doubtful) > 0.15


def test_halves_do_not_depend_on_the_order_of_seeds() -> None:
    seeds = cloud(500)
    for one, other in zip(regions_of_halves(seeds, 0.95), regions_of_halves(seeds[::-1], 0.95), strict=True):
        assert np.array_equal(one, other)


def test_halves_of_one_seed_are_no_failure() -> None:
    """Half of one event may be none."""
    assert 0 < len(regions_of_halves(cloud(1), 0.9)) < HALVES
