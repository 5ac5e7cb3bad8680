"""Finder: the region of a plane in which a given share of seed events lies (back-gating)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, gaussian_filter, label

from cytorecon.gating.kernels import Floats
from cytorecon.quantiles import quantiles

BINS = 128
RAYS = 72
#: Least width of the kernel in bins; narrower than this the region follows the noise of single bins.
SMOOTHING = 2.5
#: A part of the region that holds a smaller share of the seeds is made of strays.
ISLAND = 0.05
#: No cloud is narrower (transformed scale); cells of a grid must not be finer than float32 can tell.
NARROWEST = 0.02
#: Random halves of the seeds that say how far the region might lie elsewhere.
HALVES = 16
#: Ways from the origin along each ray, in cells: no farther than the grid is wide.
_TURNS = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
_PATHS = np.arange(0, 1.5 * BINS, 0.25)[:, None] * np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)[:, None]


@dataclass(frozen=True, slots=True)
class _Plane:
    """Seeds counted in the cells of a grid, and how wide a kernel they ask for."""

    low: Floats
    cell: Floats
    deviation: Floats

    def region(self, counts: npt.NDArray[np.int64], coverage: float) -> Floats:
        """Return the corners of the densest region of `counts`, shape (BINS, BINS)."""
        widths = np.maximum(SMOOTHING, self.deviation / self.cell * counts.sum() ** (-1 / 6))
        density = gaussian_filter(counts.astype(np.float64), widths)
        (level,) = quantiles(np.repeat(density.ravel(), counts.ravel()), (1 - coverage,))
        region = _without_islands(density >= level, counts)
        if np.count_nonzero(region) == 1:  # all seeds on one point: corners are middles of cells
            region = binary_dilation(region, np.ones((3, 3), dtype=bool))
        peak = np.array(np.unravel_index(int(np.argmax(density * region)), density.shape))
        return self.low + self.cell * (_farthest(region, peak) + 0.5)


def densest_region(seeds: Floats, coverage: float) -> Floats:
    """Return a star-shaped polygon around the densest part that holds `coverage` of the seeds.

    Parameters
    ----------
    seeds : ndarray, shape (n, 2)
        Events on both axes.
    coverage : float
        Share of them that the highest-density region encloses.

    Returns
    -------
    ndarray, shape (RAYS, 2)
        Corners. Along each ray from the densest point, the farthest position that still is in
        the highest-density region.
    """
    plane, counts = _counted(seeds)
    return plane.region(counts, coverage)


def regions_of_halves(seeds: Floats, coverage: float, *, seed: int = 0) -> tuple[Floats, ...]:
    """Return the same region as random halves of the seeds show it.

    Parameters
    ----------
    seeds, coverage
        As for :func:`densest_region`.
    seed : int
        Of the choice of halves; the order of the seeds has no part in it.

    Returns
    -------
    tuple of ndarray, shape (RAYS, 2)
        One for each half. What is found in one differs from what all seeds show by one standard error
        (delete-half jackknife; Shao & Wu 1989, Ann Stat 17:1176), also where strays decide how far it goes.

    Examples
    --------
    >>> seeds = np.random.default_rng(1).normal(0.5, 0.05, size=(400, 2))
    >>> len(regions_of_halves(seeds, 0.95))
    16
    """
    plane, counts = _counted(seeds)
    halves = np.random.default_rng(seed).binomial(counts, 0.5, size=(HALVES, *counts.shape))
    return tuple(plane.region(half, coverage) for half in halves if half.any())


def _counted(seeds: Floats) -> tuple[_Plane, npt.NDArray[np.int64]]:
    low, high = seeds.min(axis=0), seeds.max(axis=0)
    margin = 0.05 * np.maximum(high - low, NARROWEST)
    low, high = low - margin, high + margin
    cell = (high - low) / BINS
    index = np.clip(((seeds - low) / cell).astype(int), 0, BINS - 1)
    counts = np.bincount(index[:, 0] * BINS + index[:, 1], minlength=BINS * BINS).reshape(BINS, BINS)
    # Scott's rule in two dimensions (1992, eq. 6.44). With a fixed narrow kernel few seeds are islands, and
    # what lies between them is lost.
    quartiles = np.array([quantiles(axis, (0.25, 0.75)) for axis in seeds.T])
    return _Plane(low, cell, (quartiles[:, 1] - quartiles[:, 0]) / 1.349), counts


def _farthest(region: npt.NDArray[np.bool_], peak: npt.NDArray[np.int64]) -> Floats:
    """Return along each ray from `peak` the farthest cell of the region, shape (RAYS, 2)."""
    paths = peak + _PATHS
    on_grid = ((paths >= 0) & (paths <= BINS - 1)).all(axis=2)
    cells = np.clip(np.round(paths), 0, BINS - 1).astype(np.intp)
    inside = region[cells[..., 0], cells[..., 1]] & on_grid
    last = inside.shape[1] - 1 - np.argmax(inside[:, ::-1], axis=1)
    corners: Floats = np.where(inside.any(axis=1)[:, None], paths[np.arange(RAYS), last], peak)
    return corners


def _without_islands(region: npt.NDArray[np.bool_], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return the region without its parts that hold hardly any seed.

    A few stray seeds in another cloud are an island; a ray that reaches it would take in that cloud.
    """
    parts, _ = label(region)
    seeds = np.bincount(parts.ravel(), weights=counts.ravel())
    kept = seeds >= ISLAND * counts.sum()
    kept[0] = False
    whole: npt.NDArray[np.bool_] = kept[parts]
    return whole if whole.any() else region
