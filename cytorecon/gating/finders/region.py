"""Finder: the region of a plane in which a given share of seed events lies (back-gating)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, label

from cytorecon.gating.kernels import Floats
from cytorecon.quantiles import quantiles

BINS = 128
RAYS = 72
#: Least width of the kernel in bins; narrower than this the region follows the noise of single bins.
SMOOTHING = 2.5
#: A part of the region that holds a smaller share of the seeds is made of strays.
ISLAND = 0.05


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
    low, high = seeds.min(axis=0), seeds.max(axis=0)
    margin = 0.05 * np.maximum(high - low, 1e-6)
    low, high = low - margin, high + margin
    limits = np.stack([low, high], axis=1)
    counts, _, _ = np.histogram2d(seeds[:, 0], seeds[:, 1], bins=BINS, range=limits)
    cell = (high - low) / BINS
    density = gaussian_filter(counts, _kernel_widths(seeds, cell))
    index = np.clip(((seeds - low) / cell).astype(int), 0, BINS - 1)
    (level,) = quantiles(density[index[:, 0], index[:, 1]], (1 - coverage,))
    region = _without_islands(density >= level, index)
    peak = np.array(np.unravel_index(int(np.argmax(density * region)), density.shape))
    corners = []
    for turn in np.linspace(0, 2 * np.pi, RAYS, endpoint=False):
        steps = np.arange(0, 2 * BINS, 0.25)
        path = peak + steps[:, None] * np.array([np.cos(turn), np.sin(turn)])
        path = path[((path >= 0) & (path <= BINS - 1)).all(axis=1)]
        cells = np.round(path).astype(int)
        inside = np.flatnonzero(region[cells[:, 0], cells[:, 1]])
        corners.append(low + cell * (path[inside[-1]] + 0.5 if inside.size else peak + 0.5))
    return np.array(corners)


def _without_islands(region: npt.NDArray[np.bool_], index: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return the region without its parts that hold hardly any seed.

    A few stray seeds in another cloud are an island; a ray that reaches it would take in that cloud.
    """
    parts, _ = label(region)
    seeds = np.bincount(parts[index[:, 0], index[:, 1]], minlength=int(parts.max()) + 1)
    kept = seeds >= ISLAND * len(index)
    kept[0] = False
    whole: npt.NDArray[np.bool_] = kept[parts]
    return whole if whole.any() else region


def _kernel_widths(seeds: Floats, cell: Floats) -> Floats:
    """Return the width of the kernel in bins, by Scott's rule in two dimensions (1992, eq. 6.44).

    With a fixed narrow kernel few seeds are islands, and what lies between them is lost.
    """
    quartiles = np.array([quantiles(axis, (0.25, 0.75)) for axis in seeds.T])
    deviation = (quartiles[:, 1] - quartiles[:, 0]) / 1.349
    widths: Floats = np.maximum(SMOOTHING, deviation / cell * len(seeds) ** (-1 / 6))
    return widths
