"""A polygon on a grid: which cells lie inside, which outside, and through which an edge runs.

Points of a cell without an edge are all inside or all outside, so only the others have to be tested.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Cells = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]

OUTSIDE, INSIDE, EDGE = 0, 1, 2
#: Cells an axis.
CELLS = 128
#: Rounding of positions, in cells, with much to spare.
ROUNDING = 1e-6


def rasterised(vertices: Floats) -> Cells:
    """Return OUTSIDE, INSIDE or EDGE for each cell, shape (CELLS, CELLS), rows first.

    Parameters
    ----------
    vertices : ndarray of float64, shape (k, 2)
        Corners in order, in cells: 0 to CELLS on either axis. The last joins the first.

    Examples
    --------
    >>> square = np.array([[32.5, 32.5], [96.5, 32.5], [96.5, 96.5], [32.5, 96.5]])
    >>> cells = rasterised(square)
    >>> int(cells[0, 0]), int(cells[64, 64]), int(cells[32, 64])
    (0, 1, 2)
    """
    ends = np.roll(vertices, -1, axis=0)
    cells = np.where(_inside_at_centres(vertices, ends), np.int8(INSIDE), np.int8(OUTSIDE))
    cells[_crossed(vertices, ends)] = EDGE
    return cells


def _inside_at_centres(begins: Floats, ends: Floats) -> npt.NDArray[np.bool_]:
    """Return which centres of cells lie inside, by the even-odd rule; wrong at most in crossed cells."""
    row = np.arange(CELLS)[:, None]
    low, high = np.minimum(begins[:, 1], ends[:, 1]), np.maximum(begins[:, 1], ends[:, 1])
    rows, edges = np.nonzero((row + 0.5 >= low) & (row + 0.5 < high))
    (x1, y1), (x2, y2) = begins[edges].T, ends[edges].T
    x = x1 + (rows + 0.5 - y1) * (x2 - x1) / (y2 - y1)
    # An edge turns over all centres to its left.
    left = np.clip(np.ceil(x - 0.5), 0, CELLS).astype(np.intp)
    turns = np.bincount(rows * (CELLS + 1) + left, minlength=CELLS * (CELLS + 1)).reshape(CELLS, CELLS + 1)
    inside: npt.NDArray[np.bool_] = np.cumsum(turns[:, :0:-1], axis=1)[:, ::-1] % 2 == 1
    return inside


def _crossed(begins: Floats, ends: Floats) -> npt.NDArray[np.bool_]:
    """Return the cells through which an edge runs."""
    row = np.arange(CELLS)[:, None]
    low, high = np.minimum(begins[:, 1], ends[:, 1]), np.maximum(begins[:, 1], ends[:, 1])
    rows, edges = np.nonzero((row <= high + ROUNDING) & (row + 1 >= low - ROUNDING))
    (x1, y1), (x2, y2) = begins[edges].T, ends[edges].T
    level = y1 == y2
    slope = np.where(level, 0.0, (x2 - x1) / np.where(level, 1.0, y2 - y1))
    # Where the edge enters and leaves the row; a level one lies in it from end to end.
    enters, leaves = (
        np.where(level, x, x1 + (np.clip(rows + up, low[edges], high[edges]) - y1) * slope)
        for up, x in ((0, x1), (1, x2))
    )
    first, last = (
        np.clip(np.floor(x), 0, CELLS - 1).astype(np.intp)
        for x in (np.minimum(enters, leaves) - ROUNDING, np.maximum(enters, leaves) + ROUNDING)
    )
    width = CELLS + 1
    begun = np.bincount(rows * width + first, minlength=CELLS * width)
    ended = np.bincount(rows * width + last + 1, minlength=CELLS * width)
    crossed: npt.NDArray[np.bool_] = (np.cumsum((begun - ended).reshape(CELLS, width), axis=1) > 0)[:, :CELLS]
    return crossed
