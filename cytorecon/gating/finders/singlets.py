"""Finder: single cells by the ratio of scatter area to height."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cytorecon.gating.kernels import Floats
from cytorecon.quantiles import quantiles

MIN_EVENTS = 100
#: The ratio that is constant spreads less than this share of the other.
EXCHANGED = 0.5


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
    at = np.flatnonzero(usable)
    if at.size < MIN_EVENTS:
        return None
    ratio = np.log(area[at].astype(np.float64) / height[at])
    low, median = quantiles(ratio, (0.1587, 0.5))
    spread = width * max(float(median - low), 1e-3)
    narrow, wide = np.exp([median - spread, median + spread])
    near, far = 1e-6, 2.0
    return np.array([[near * narrow, near], [far * narrow, far], [far * wide, far], [near * wide, near]])


def is_width(
    area: npt.NDArray[np.float32], height: npt.NDArray[np.float32], width: npt.NDArray[np.float32]
) -> bool:
    """Return whether what is called height is the width, and the other way round.

    Area is height times width. The height of single cells follows their area, the width hardly varies, so
    area / height is nearly constant. Some exports exchange the two labels; the ratio then varies with size.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> height, width = rng.lognormal(0, 0.3, 1000), rng.lognormal(0, 0.03, 1000)
    >>> is_width(height * width, height, width), is_width(height * width, width, height)
    (False, True)
    """
    usable = (area > 0) & (height > 0) & (width > 0)
    if np.count_nonzero(usable) < MIN_EVENTS:
        return False
    logs = [np.log(column[usable].astype(np.float64)) for column in (area, height, width)]
    over_height, over_width = (quantiles(logs[0] - log, (0.25, 0.75)) for log in logs[1:])
    return over_width[1] - over_width[0] < EXCHANGED * (over_height[1] - over_height[0])
