"""Finder: the upper tail of cells that are known to lack the marker (an internal control)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Fewer control cells than this give no tail.
MIN_CONTROL_EVENTS = 100


@dataclass(frozen=True, slots=True)
class ControlTail:
    """Upper tail of an internal negative control: position and its standard error."""

    position: float
    standard_error: float
    events: int


def control_tail(values: npt.NDArray[np.float32], deviations: float) -> ControlTail | None:
    """Return median + `deviations` robust standard deviations of `values`; None if too few.

    The deviation is taken from the lower half (median to 16th percentile), which a few positive
    contaminants among the controls do not widen.
    """
    if values.size < MIN_CONTROL_EVENTS:
        return None
    low, median = np.quantile(values.astype(np.float64), [0.1587, 0.5])
    deviation = float(median - low)
    error = deviation * float(np.sqrt(1.57 / values.size + deviations**2 / values.size))
    return ControlTail(float(median + deviations * deviation), error, int(values.size))
