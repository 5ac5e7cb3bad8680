"""Corners of a polygon: read as people type them, thinned out as they draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cytorecon.gating.overrides import Vertices


def read_corners(text: str) -> Vertices:
    """Return the corners of ``X,Y X,Y X,Y``; none when the text is no such list.

    Parameters
    ----------
    text : str
        Positions on the transformed scale.

    Examples
    --------
    >>> read_corners("0.1,0.2 0.5,0.2 0.5,0.6")
    ((0.1, 0.2), (0.5, 0.2), (0.5, 0.6))
    >>> read_corners("0.1,0.2 0.5")
    ()
    """
    try:
        pairs = [tuple(float(number) for number in pair.split(",")) for pair in text.split()]
    except ValueError:
        return ()
    if any(len(pair) != 2 for pair in pairs):
        return ()
    return tuple((pair[0], pair[1]) for pair in pairs)


def write_corners(corners: Sequence[tuple[float, float]]) -> str:
    """Return corners as text, to three places: finer than any pixel of a picture.

    Examples
    --------
    >>> write_corners([(0.1, 0.25), (0.5, 1 / 3)])
    '0.100,0.250 0.500,0.333'
    """
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in corners)


def thinned(corners: Sequence[tuple[float, float]], tolerance: float) -> Vertices:
    """Return an outline drawn by hand with fewer corners.

    Douglas and Peucker (Cartographica 10:112, 1973): a corner is left out when it lies within `tolerance` of
    the line between those that stay.

    Parameters
    ----------
    corners : sequence of (x, y)
        In order, closed or not.
    tolerance : float
        On the scale of the axes.

    Examples
    --------
    >>> thinned([(0, 0), (0.5, 0.001), (1, 0), (1, 1), (0, 1), (0, 0)], 0.01)
    ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    """
    points = np.array(corners, dtype=np.float64).reshape(-1, 2)
    if len(points) > 1 and np.array_equal(points[0], points[-1]):
        points = points[:-1]
    if len(points) < 4:
        return _pairs(points)
    # an outline has no ends: it is cut at its first corner and at the one farthest from it
    far = int(np.argmax(np.hypot(*(points - points[0]).T)))
    there = _open(points[: far + 1], tolerance)
    back = _open(np.vstack([points[far:], points[:1]]), tolerance)
    return _pairs(np.vstack([there[:-1], back[:-1]]))


def _open(points: npt.NDArray[np.float64], tolerance: float) -> npt.NDArray[np.float64]:
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        distances = _distances(points[first + 1 : last], points[first], points[last])
        worst = int(np.argmax(distances))
        if distances[worst] > tolerance:
            keep[first + 1 + worst] = True
            parts += [(first, first + 1 + worst), (first + 1 + worst, last)]
    return points[keep]


def _distances(
    points: npt.NDArray[np.float64], start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    along = end - start
    length = math.hypot(*along)
    if not length:
        apart: npt.NDArray[np.float64] = np.hypot(*(points - start).T)
        return apart
    across: npt.NDArray[np.float64] = np.abs(
        along[0] * (points[:, 1] - start[1]) - along[1] * (points[:, 0] - start[0])
    )
    return across / length


def _pairs(points: npt.NDArray[np.float64]) -> Vertices:
    return tuple((float(x), float(y)) for x, y in points)
