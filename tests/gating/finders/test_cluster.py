"""The lymphocyte cloud beside monocytes and granulocytes, in a plane like CD45 x side scatter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.finders.cluster import RAYS, apart, beside, cloud_of, fit_clouds
from cytorecon.gating.kernels import points_in_polygon

Plane = npt.NDArray[np.float64]

#: (x, y, SD of x, SD of y): T and B cells, NK cells a little higher, monocytes, granulocytes.
CLOUDS = {
    "T": (0.80, 0.58, 0.025, 0.035),
    "B": (0.77, 0.57, 0.025, 0.035),
    "NK": (0.79, 0.62, 0.025, 0.035),
    "monocytes": (0.74, 0.76, 0.025, 0.035),
    "granulocytes": (0.63, 0.90, 0.030, 0.030),
}
USUAL = {"T": 1200, "B": 150, "NK": 250, "monocytes": 900, "granulocytes": 9000}


def blood(numbers: dict[str, int], *, seed: int = 1) -> dict[str, Plane]:
    rng = np.random.default_rng(seed)
    return {
        kind: rng.normal(CLOUDS[kind][:2], CLOUDS[kind][2:], size=(numbers.get(kind, 0), 2))
        for kind in CLOUDS
    }


def estimate(kind: str) -> ClusterEstimate:
    """Return a cloud as a batch knows it."""
    x, y, across, up = CLOUDS[kind]
    return ClusterEstimate((x, y), ((across**2, 0.0), (0.0, up**2)), 0.0)


def kept(cells: dict[str, Plane], starts: list[ClusterEstimate], coverage: float = 0.998) -> dict[str, float]:
    """Return the share of each kind that the fitted polygon holds."""
    corners = fit_clouds(np.concatenate(list(cells.values())), starts, coverage)
    assert corners.shape == (RAYS, 2)
    assert np.isfinite(corners).all()
    return {kind: float(inside(points, corners).mean()) for kind, points in cells.items() if len(points)}


def inside(points: Plane, corners: Plane) -> npt.NDArray[np.bool_]:
    x, y = points.astype(np.float32).T
    return points_in_polygon(x, y, corners)


def starts_of(cells: dict[str, Plane]) -> list[ClusterEstimate]:
    return [cloud_of(cells[kind]) for kind in ("T", "B", "NK") if len(cells[kind]) >= 40]


@pytest.mark.parametrize("seed", range(3))
def test_all_kinds_of_lymphocytes_are_in_and_their_neighbours_are_out(seed: int) -> None:
    cells = blood(USUAL, seed=seed)
    share = kept(cells, starts_of(cells))
    assert min(share["T"], share["B"], share["NK"]) > 0.95
    assert share["monocytes"] < 0.02
    assert share["granulocytes"] == 0.0


@pytest.mark.parametrize("lymphocytes", [0, 5, 40])
def test_in_lymphopenia_the_batch_keeps_the_gate_off_the_monocytes(lymphocytes: int) -> None:
    """A cloud that may follow the data slides onto monocytes; this one stays where the batch put it."""
    cells = blood({"T": lymphocytes, "monocytes": 2500, "granulocytes": 9000})
    share = kept(cells, [estimate("T"), estimate("B"), estimate("NK")])
    assert share["monocytes"] * 2500 < 20
    assert share["granulocytes"] == 0.0
    if lymphocytes:
        assert share["T"] >= 0.9


def test_lymphocytes_alone_need_no_neighbours() -> None:
    cells = blood({"T": 2000, "NK": 200})
    share = kept(cells, starts_of(cells))
    assert share["T"] > 0.985
    assert share["NK"] > 0.95


@pytest.mark.parametrize("n", [0, 1, 2, 10])
def test_hardly_any_event_leaves_the_clouds_of_the_batch(n: int) -> None:
    """A tube without CD45 has no leukocytes to look among."""
    corners = fit_clouds(blood({"granulocytes": n})["granulocytes"], [estimate("T"), estimate("NK")], 0.998)
    assert inside(blood({"T": 2000})["T"], corners).mean() > 0.99
    assert inside(blood({"granulocytes": 2000})["granulocytes"], corners).mean() == 0.0


def test_many_T_cells_do_not_push_out_few_NK_cells() -> None:  # noqa: N802 - a cell's name
    cells = blood({"T": 9000, "NK": 60, "monocytes": 900, "granulocytes": 9000})
    assert kept(cells, starts_of(cells))["NK"] > 0.9


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_no_neighbour_creeps_into_a_cloud(seed: int) -> None:
    """Lymphocytes a little off the batch's place: a free component fits them better and took them all."""
    rng = np.random.default_rng(seed)
    debris = rng.normal([0.53, 0.58], [0.08, 0.10], size=(520, 2))
    cells = {"debris": debris, **blood({"T": 100, "NK": 100, "granulocytes": 60}, seed=seed)}
    moved = {**cells, "T": cells["T"] + 0.02, "NK": cells["NK"] + 0.02}
    share = kept(moved, [estimate("T"), estimate("B"), estimate("NK")])
    assert min(share["T"], share["NK"]) > 0.9
    assert share["debris"] < 0.02


def test_a_point_is_beside_a_cloud_within_so_many_deviations() -> None:
    points = np.array([[0.80, 0.58], [0.80, 0.58 + 3 * 0.035], [0.80 - 4 * 0.025, 0.58], [0.63, 0.90]])
    assert beside(points, [estimate("T")], 3.5).tolist() == [True, True, False, False]
    assert beside(points, [estimate("T"), estimate("granulocytes")], 3.5).tolist() == [
        True,
        True,
        False,
        True,
    ]
    assert beside(points, [], 3.5).tolist() == [False] * 4


def test_a_smaller_coverage_keeps_less() -> None:
    cells = blood({"T": 4000, "granulocytes": 4000})
    shares = [kept(cells, [cloud_of(cells["T"])], coverage)["T"] for coverage in (0.5, 0.9, 0.998)]
    assert shares[0] == pytest.approx(0.5, abs=0.06)
    assert shares[1] == pytest.approx(0.9, abs=0.04)
    assert shares[2] > 0.99


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_order_of_events_is_irrelevant(seed: int) -> None:
    points = np.concatenate(list(blood(USUAL).values()))
    starts = [estimate("T"), estimate("NK")]
    shuffled = np.random.default_rng(seed).permutation(points)
    assert np.array_equal(fit_clouds(points, starts, 0.998), fit_clouds(shuffled, starts, 0.998))


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
@settings(max_examples=10)
def test_a_shift_of_all_events_shifts_the_polygon(right: float, up: float) -> None:
    points = np.concatenate(list(blood(USUAL).values()))
    moved = points + np.array([right, up])
    cells, shifted = ([cloud_of(where[:1200]), cloud_of(where[1350:1600])] for where in (points, moved))
    still = inside(points, fit_clouds(points, cells, 0.998))
    after = inside(moved, fit_clouds(moved, shifted, 0.998))
    assert (still != after).mean() < 0.01


def test_a_cloud_is_measured_despite_outliers() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([blood({"T": 900})["T"], rng.uniform(0, 1, size=(60, 2))])
    cloud = cloud_of(points)
    assert cloud.mean == pytest.approx((0.80, 0.58), abs=0.005)
    assert cloud.covariance[0][0] == pytest.approx(0.025**2, rel=0.3)
    assert cloud.covariance[1][1] == pytest.approx(0.035**2, rel=0.3)
    assert cloud.covariance[0][1] == cloud.covariance[1][0]
    assert 850 < cloud.events < 930


def test_a_cloud_of_equal_events_is_still_a_cloud() -> None:
    cloud = cloud_of(np.full((50, 2), 0.5))
    assert cloud.mean == (0.5, 0.5)
    assert np.linalg.det(np.array(cloud.covariance)) > 0


def test_apart_counts_standard_deviations_of_both() -> None:
    one = ClusterEstimate((0.0, 0.0), ((1.0, 0.0), (0.0, 1.0)), 10)
    other = ClusterEstimate((3.0, 0.0), ((3.0, 0.0), (0.0, 1.0)), 10)
    assert apart(one, other) == pytest.approx(3 / 2)
    assert apart(one, other) == apart(other, one)
    assert apart(one, one) == 0.0
    assert apart(estimate("T"), estimate("NK")) < 2.5 < apart(estimate("T"), estimate("monocytes"))
