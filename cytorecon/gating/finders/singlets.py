"""Finder: single cells by the ratio of scatter area to height."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cytorecon.gating.kernels import Floats

MIN_EVENTS = 100


def singlet_wedge(
    area: npt.NDArray[np.float32], height: npt.NDArray[np.float32], width: float
) -> Floats | None:
    """Return a wedge around the usual area / height ratio, or None with too few events.

    Parameters
    ----------
    area, height : ndarray of float32, shape (n,)
        Forward scatter on the linear axis.
    width : float
        Half width in robust standard deviations of log(area / height). The deviation comes from
        the lower half of the ratios: doublets have a higher ratio and must not widen it.

    Returns
    -------
    ndarray, shape (4, 2)
        Corners (area, height), from the low-ratio edge round to the high-ratio edge.
    """
    usable = (area > 0) & (height > 0)
    if int(usable.sum()) < MIN_EVENTS:
        return None
    ratio = np.log(area[usable].astype(np.float64) / height[usable])
    low, median = np.quantile(ratio, [0.1587, 0.5])
    spread = width * max(float(median - low), 1e-3)
    narrow, wide = np.exp([median - spread, median + spread])
    near, far = 1e-6, 2.0
    return np.array([[near * narrow, near], [far * narrow, far], [far * wide, far], [near * wide, near]])
