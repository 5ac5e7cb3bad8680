"""Ratio of the hazards of two groups, and the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import numbers, same_length


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """Ratio of hazards of group 1 to group 0.

    Parameters
    ----------
    ratio, low, high : float
        Cox model with 95 % interval; NaN where a group has no event.
    p_value : float
        Log-rank test.
    """

    ratio: float
    low: float
    high: float
    p_value: float


def hazard_ratio(days: npt.ArrayLike, events: npt.ArrayLike, groups: npt.ArrayLike) -> HazardRatio:
    """Return the hazard ratio of group 1 to group 0, and the log-rank test.

    Parameters
    ----------
    days, events, groups : array-like, shape (n,)
        As in :class:`cytorecon.statistics.landmark.Landmark`; two groups, 0 and 1.

    Raises
    ------
    CytoreconError
        If there are not two groups.

    Notes
    -----
    Cox model with Breslow ties and the log-rank test of statsmodels.
    """
    times, happened = numbers(days, name="days"), np.asarray(events, dtype=np.bool_)
    own = np.asarray(groups, dtype=np.intp)
    same_length(days=times, events=happened, groups=own)
    if set(own.tolist()) != {0, 1}:
        raise CytoreconError(
            "A hazard ratio compares two groups.",
            subject="groups",
            found=", ".join(map(str, np.unique(own))),
            allowed="0 and 1, both present",
        )
    if not (happened[own == 0].any() and happened[own == 1].any()):
        p_value = float(survdiff(times, happened, own)[1]) if happened.any() else float("nan")
        return HazardRatio(float("nan"), float("nan"), float("nan"), p_value)
    fitted = PHReg(times, own[:, None].astype(np.float64), status=happened.astype(np.intp)).fit()
    (low, high) = np.exp(fitted.conf_int()[0])
    p_value = float(survdiff(times, happened, own)[1])
    return HazardRatio(float(np.exp(fitted.params[0])), float(low), float(high), p_value)
