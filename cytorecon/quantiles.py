"""Quantiles of many numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def quantiles(values: npt.NDArray[np.floating], shares: Sequence[float]) -> tuple[float, ...]:
    """Return quantiles of `values`, interpolated as numpy does by default.

    Sorting first is several times as quick as :func:`numpy.quantile`: numpy sorts with the processor's
    vector instructions, and finds two neighbours in an unsorted array without them.

    Parameters
    ----------
    values : ndarray, shape (n,)
        At least one, all finite.
    shares : sequence of float
        0 to 1.

    Examples
    --------
    >>> quantiles(np.array([4.0, 1.0, 2.0, 3.0]), (0, 0.5, 1))
    (1.0, 2.5, 4.0)
    """
    ordered = np.sort(values)
    return tuple(_between(ordered, share * (ordered.size - 1)) for share in shares)


def _between(ordered: npt.NDArray[np.floating], place: float) -> float:
    below = min(int(place), ordered.size - 1)
    lower, upper = float(ordered[below]), float(ordered[min(below + 1, ordered.size - 1)])
    return lower + (upper - lower) * (place - below)
