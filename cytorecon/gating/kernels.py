"""Arithmetic on arrays that finders and shapes share: densities, modes, valleys, polygons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from cytorecon.gating.raster import CELLS, EDGE, INSIDE, rasterised

Floats = npt.NDArray[np.float64]

#: Grid of the density on the transformed scale: 0-1 is the detector's range, and compensated
#: negatives lie a little below 0.
GRID_LOW, GRID_HIGH, GRID_BINS = -0.25, 1.15, 1400
BIN_WIDTH = (GRID_HIGH - GRID_LOW) / GRID_BINS
#: A polygon of more corners is laid on a grid, where there are more points than that costs.
FEW_CORNERS, FEW_POINTS = 8, 5000
#: Points that fit into the processor's cache with what is made of them.
POINTS_AT_A_TIME = 8192
CENTRES: Floats = GRID_LOW + BIN_WIDTH * (np.arange(GRID_BINS, dtype=np.float64) + 0.5)


def binned(values: npt.NDArray[np.float32]) -> Floats:
    """Return event counts on the grid, shape (GRID_BINS,); values outside go to the end bins."""
    counts = np.zeros(GRID_BINS, dtype=np.intp)
    for start in range(0, values.size, POINTS_AT_A_TIME):
        place = values[start : start + POINTS_AT_A_TIME].astype(np.float64)
        place -= GRID_LOW
        place /= BIN_WIDTH
        index = np.clip(place, 0, GRID_BINS - 1, out=place).astype(np.intp)
        counts += np.bincount(index, minlength=GRID_BINS)
    return counts.astype(np.float64)


def shifted(counts: npt.NDArray[np.int64], by: float) -> npt.NDArray[np.int64]:
    """Return the histogram of values that all lie `by` further (transformed units), to the next bin.

    What leaves the grid goes to its end bins.

    Examples
    --------
    >>> int(np.argmax(shifted(np.bincount([700], minlength=GRID_BINS), 5 * BIN_WIDTH)))
    705
    """
    to = np.clip(np.arange(GRID_BINS) + round(by / BIN_WIDTH), 0, GRID_BINS - 1)
    return np.bincount(to, weights=counts, minlength=GRID_BINS).astype(np.int64)


def bandwidth(counts: Floats, *, low: float, high: float) -> float:
    """Return a kernel width in units of the transformed scale, between `low` and `high`.

    Silverman's rule of thumb (1986, eq. 3.31) oversmooths several modes, hence the upper bound.
    """
    n = counts.sum()
    if n < 2:
        return high
    cumulative = np.cumsum(counts) / n
    q1, q3 = CENTRES[np.searchsorted(cumulative, [0.25, 0.75])]
    mean = float((counts * CENTRES).sum() / n)
    sd = float(np.sqrt((counts * (CENTRES - mean) ** 2).sum() / n))
    spread = min(sd, (q3 - q1) / 1.34) if q3 > q1 else sd
    return float(np.clip(0.9 * spread * n**-0.2, low, high))


def smoothed(counts: Floats, width: float) -> Floats:
    """Return expected events per bin after a Gaussian kernel of `width` (transformed units)."""
    smooth: Floats = gaussian_filter1d(
        counts, width / BIN_WIDTH, axis=-1, mode="constant", radius=reach(width)
    )
    return smooth


def reach(width: float) -> int:
    """Return how many bins away the kernel of :func:`smoothed` ends: four widths."""
    return int(4 * width / BIN_WIDTH + 0.5)


@dataclass(frozen=True, slots=True)
class Modes:
    """Significant modes of a density and the valleys between them.

    Parameters
    ----------
    peaks : tuple of int
        Grid index of each mode, dimmest first.
    valleys : tuple of int
        Grid index of the minimum between neighbours; one fewer than `peaks`.
    masses : tuple of float
        Events between the valleys around each mode.
    """

    peaks: tuple[int, ...]
    valleys: tuple[int, ...]
    masses: tuple[float, ...]


def find_modes(counts: Floats, width: float, *, z: float) -> Modes:
    """Return the modes that stand out of their valley by more than `z` Poisson deviations.

    Modes are merged across the least significant valley until all that remain are significant.
    The events under the kernel, ``density x 2 sqrt(pi) h``, have Poisson noise, so a valley
    between peaks of ``p`` and bottom ``v`` such events is significant when
    ``(p - v) / sqrt(p + v) > z``.
    """
    density = smoothed(counts, width)
    events_under_kernel = density * (2 * np.sqrt(np.pi) * width / BIN_WIDTH)
    rising = np.diff(np.concatenate([[0.0], density, [0.0]]))
    peaks = [int(i) for i in np.flatnonzero((rising[:-1] > 0) & (rising[1:] <= 0))]
    if not peaks:
        return Modes((), (), ())
    valleys = [a + int(np.argmin(density[a:b])) for a, b in pairwise(peaks)]
    while valleys:
        scores = [
            _significance(events_under_kernel, peaks[i], valley, peaks[i + 1])
            for i, valley in enumerate(valleys)
        ]
        weakest = int(np.argmin(scores))
        if scores[weakest] > z:
            break
        left_is_lower = density[peaks[weakest]] < density[peaks[weakest + 1]]
        del peaks[weakest if left_is_lower else weakest + 1]
        valleys = [a + int(np.argmin(density[a:b])) for a, b in pairwise(peaks)]
    edges = [0, *valleys, GRID_BINS]
    masses = tuple(float(counts[a:b].sum()) for a, b in pairwise(edges))
    return Modes(tuple(peaks), tuple(valleys), masses)


def _significance(events: Floats, left: int, valley: int, right: int) -> float:
    peak, bottom = min(events[left], events[right]), events[valley]
    return float((peak - bottom) / np.sqrt(max(peak + bottom, 1e-9)))


def points_in_polygon(
    x: npt.NDArray[np.float32], y: npt.NDArray[np.float32], vertices: Floats
) -> npt.NDArray[np.bool_]:
    """Return which points lie inside a polygon (even-odd rule).

    Parameters
    ----------
    x, y : ndarray of float32, shape (n,)
        Points.
    vertices : ndarray of float64, shape (k, 2)
        Corners in order; the last joins the first.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> x, y = np.array([0.5, 2.0], np.float32), np.array([0.5, 0.5], np.float32)
    >>> points_in_polygon(x, y, square).tolist()
    [True, False]
    """
    inside = np.zeros(x.shape, dtype=bool)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    px, py = x[near].astype(np.float64), y[near].astype(np.float64)
    if len(vertices) <= FEW_CORNERS or near.size <= FEW_POINTS or (high <= low).any():
        inside[near] = _even_odd(px, py, vertices)
        return inside
    scale = CELLS / (high - low)
    columns, rows = (
        np.minimum((points - start) * step, CELLS - 1).astype(np.intp)
        for points, start, step in ((px, low[0], scale[0]), (py, low[1], scale[1]))
    )
    cells = rasterised((vertices - low) * scale).ravel()[rows * CELLS + columns]
    inside[near] = cells == INSIDE
    edge = np.flatnonzero(cells == EDGE)
    inside[near[edge]] = _even_odd(px[edge], py[edge], vertices)
    return inside


def _even_odd(px: Floats, py: Floats, vertices: Floats) -> npt.NDArray[np.bool_]:
    """Return which points lie inside, each edge tested with each point."""
    odd = np.zeros(px.shape, dtype=bool)
    for start in range(0, px.size, POINTS_AT_A_TIME):
        x, y = px[start : start + POINTS_AT_A_TIME], py[start : start + POINTS_AT_A_TIME]
        here = odd[start : start + POINTS_AT_A_TIME]
        for (x1, y1), (x2, y2) in zip(vertices, np.roll(vertices, -1, axis=0), strict=True):
            if y1 == y2:
                continue
            crosses = (y >= min(y1, y2)) & (y < max(y1, y2))
            here ^= crosses & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return odd
