"""Many comparisons at once: the share of false ones among those called different."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control

from cytorecon.statistics.checked import Numbers


def benjamini_hochberg(p_values: npt.ArrayLike) -> Numbers:
    """Return p-values adjusted for the false discovery rate; NaN, a test not made, stays NaN.

    Notes
    -----
    Benjamini & Hochberg 1995, JRSS B 57:289-300. Holds for independent and for positively dependent tests, as
    those of subsets of one blood sample are.

    Examples
    --------
    >>> benjamini_hochberg([0.01, float("nan"), 0.04, 0.03])
    array([0.03,  nan, 0.04, 0.04])
    """
    own = np.asarray(p_values, dtype=np.float64)
    made = ~np.isnan(own)
    adjusted = np.full(own.shape, np.nan)
    if made.any():
        adjusted[made] = false_discovery_control(own[made], method="bh")
    return adjusted
