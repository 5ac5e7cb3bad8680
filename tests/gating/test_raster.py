"""Polygons on a grid hold exactly what a test of each edge says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.gating import kernels
from cytorecon.gating.kernels import points_in_polygon
from cytorecon.gating.raster import CELLS, EDGE, INSIDE, OUTSIDE, rasterised

Floats = npt.NDArray[np.float64]


def corners_of(kind: str, corners: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    if kind == "star":
        turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
        return 0.5 + np.stack([np.cos(turn), np.sin(turn)], axis=1) * rng.uniform(0.05, 0.5, (corners, 1))
    crossing = rng.uniform(0, 1, (corners, 2))
    return crossing if kind == "crossing" else np.round(crossing * 8) / 8


@given(st.sampled_from(["star", "crossing", "level"]), st.integers(9, 80), st.integers(0, 10_000))
def test_the_same_as_edge_by_edge(kind: str, corners: int, seed: int) -> None:
    polygon = corners_of(kind, corners, seed)
    rng = np.random.default_rng(seed + 1)
    points = rng.uniform(-0.1, 1.1, (3000, 2))
    points[:1000] = np.round(points[:1000] * CELLS) / CELLS
    points[1000 : 1000 + corners] = polygon
    x, y = points.astype(np.float32).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "FEW_POINTS", 0)
        on_a_grid = points_in_polygon(x, y, polygon)
        patch.setattr(kernels, "FEW_POINTS", len(x))
        edge_by_edge = points_in_polygon(x, y, polygon)
    assert (on_a_grid == edge_by_edge).all()


def test_an_edge_that_cuts_a_corner_of_a_cell_is_one() -> None:
    thin = np.array([[10.0, 10.0], [100.0, 10.9], [100.0, 11.01]])
    cells = rasterised(thin)
    assert set(cells[10, 10:100].tolist()) == {EDGE}
    assert set(cells[10, :9].tolist()) == {OUTSIDE}
    assert INSIDE not in cells
