"""Finder: the end of cells whose staining is known (what an FMO control does, within the tube)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from cytorecon.gating.finders.control import ControlTail, control_tail
from cytorecon.gating.finders.valley import find_valley, without_floor
from cytorecon.quantiles import quantiles

#: A reference is never exactly the cells in question; where its end lies is known to about this share of a
#: robust standard deviation. Experts who place an FMO gate by eye differ by as much or more.
UNSURE = 0.5
#: A mode with a smaller share of the reference is a clump of strays, not the reference.
CLUMP = 0.2
#: Less spread than this (1 = 4.5 decades) is a pile on one value, the floor of a detector: it has no end.
NO_SPREAD = 0.002


def reference_tail(
    values: npt.NDArray[np.float32], end: Literal["upper", "lower"], deviations: float, *, least: int
) -> ControlTail | None:
    """Return the end of the reference `values`; None with fewer than `least` of them.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        The reference's events on one channel, transformed scale.
    end : {"upper", "lower"}
        ``upper`` is the bright end of cells that lack the marker, ``lower`` the dim end of cells that
        carry it.
    deviations : float
        Robust standard deviations from the median to the end.
    least : int
        Fewest events; strays that form a mode of their own are not counted. Events piled up on one value
        have no end either.

    Returns
    -------
    ControlTail or None
        Its standard error holds sampling, and that the reference resembles the cells in question only
        within ``UNSURE`` deviations.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> negative, strays = rng.normal(0.2, 0.05, 5000), rng.normal(0.8, 0.05, 1000)
    >>> values = np.concatenate([negative, strays]).astype(np.float32)
    >>> round(reference_tail(values, "upper", 4.0, least=100).position, 1)
    0.4
    """
    shown = _of_the_mode(values, end)
    sign = 1 if end == "upper" else -1
    tail = control_tail(sign * shown, deviations, least=least)
    if tail is None:
        return None
    low, median = quantiles(sign * shown, (0.1587, 0.5))
    if median - low < NO_SPREAD:
        return None
    error = float(np.hypot(tail.standard_error, UNSURE * (median - low)))
    return ControlTail(sign * tail.position, error, tail.events)


def _of_the_mode(values: npt.NDArray[np.float32], end: Literal["upper", "lower"]) -> npt.NDArray[np.float32]:
    """Return the events of the dimmest mode (upper end) or of the brightest, where it is no mere clump."""
    shown = without_floor(values) if end == "upper" else values
    valley = find_valley(shown, "above_dimmest" if end == "upper" else "below_brightest")
    if valley is None:
        return shown
    dim, bright = shown[shown < valley.position], shown[shown >= valley.position]
    mode, rest = (dim, bright) if end == "upper" else (bright, dim)
    return mode if mode.size >= CLUMP * shown.size else rest
