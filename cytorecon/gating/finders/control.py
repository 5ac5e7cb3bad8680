"""Finder: the upper tail of cells that are known to lack the marker (an internal control)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.quantiles import quantiles

#: Fewer control cells than this give no tail.
MIN_CONTROL_EVENTS = 100
#: n x variance of the median and of the 16th percentile of a unit normal, and n x their covariance:
#: p (1 - q) / (density(p) density(q)) (Mosteller 1946, Ann Math Stat 17:377).
_MEDIAN, _LOW, _BOTH = 1.571, 2.281, 0.822


@dataclass(frozen=True, slots=True)
class ControlTail:
    """Upper tail of an internal negative control: position and its standard error."""

    position: float
    standard_error: float
    events: int


def control_tail(
    values: npt.NDArray[np.float32], deviations: float, *, least: int = MIN_CONTROL_EVENTS
) -> ControlTail | None:
    """Return median + `deviations` robust standard deviations of `values`; None if fewer than `least`.

    The deviation is taken from the lower half (median to 16th percentile), which a few positive
    contaminants among the controls do not widen.

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(0.2, 0.05, 5000).astype(np.float32)
    >>> round(control_tail(values, 4.0).position, 1)
    0.4
    """
    if values.size < least:
        return None
    low, median = quantiles(values, (0.1587, 0.5))
    deviation = median - low
    variance = (
        (1 + deviations) ** 2 * _MEDIAN - 2 * deviations * (1 + deviations) * _BOTH + deviations**2 * _LOW
    )
    error = deviation * float(np.sqrt(variance / values.size))
    return ControlTail(float(median + deviations * deviation), error, int(values.size))
