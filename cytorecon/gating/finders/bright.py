"""Finder: the lower end of the brightest cloud of one marker, where dim cells run into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Share of a normal distribution within one standard deviation of its centre.
ONE_DEVIATION = 0.6827
#: The shortest half alone is a noisy mode; the mean of what lies this near (in deviations) is not.
CORE, ROUNDS = 1.5, 5
BOOTSTRAPS = 24


@dataclass(frozen=True, slots=True)
class BrightMode:
    """Lower end of a cloud, with its bootstrap error, and the mode and deviation it was measured from."""

    position: float
    standard_error: float
    mode: float
    deviation: float


def bright_mode(
    values: npt.NDArray[np.float32], deviations: float, *, least: int, seed: int = 0
) -> BrightMode | None:
    """Return mode - `deviations` x deviation of the brighter side of `values`; None if fewer than `least`.

    The mode begins as the middle of the shortest half of the values (Andrews et al. 1972, "shorth"): dim
    cells, as long as they are the minority, move it less than they move the median. Only cells
    brighter than the mode say how wide the cloud is, so the dim ones do not widen it.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Positive cells, transformed scale.
    deviations : float
        2.33 keeps 99 % of a normal cloud.
    least : int
        Fewer events than this have no shape.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> bright, dim = rng.normal(0.70, 0.05, 1000), rng.uniform(0.45, 0.60, 200)
    >>> found = bright_mode(np.concatenate([bright, dim]).astype(np.float32), 2.33, least=30)
    >>> abs(found.mode - 0.70) < 0.02, abs(found.position - 0.584) < 0.03
    (True, True)
    """
    if values.size < least:
        return None
    ordered = np.sort(values.astype(np.float64))
    mode, deviation = _mode_and_deviation(ordered)
    draws = np.random.default_rng(seed)
    again = []
    for _ in range(BOOTSTRAPS):
        drawn = np.sort(draws.choice(ordered, ordered.size))
        centre, width = _mode_and_deviation(drawn)
        again.append(centre - deviations * width)
    return BrightMode(mode - deviations * deviation, float(np.std(again)), mode, deviation)


def _mode_and_deviation(ordered: npt.NDArray[np.float64]) -> tuple[float, float]:
    half = ordered.size // 2
    start = int(np.argmin(ordered[half:] - ordered[: ordered.size - half]))
    mode = float(ordered[start] + ordered[start + half]) / 2
    for _ in range(ROUNDS):
        deviation = _upper_deviation(ordered, mode)
        mode = float(ordered[np.abs(ordered - mode) <= CORE * deviation].mean())
    return mode, _upper_deviation(ordered, mode)


def _upper_deviation(ordered: npt.NDArray[np.float64], mode: float) -> float:
    return float(np.quantile(ordered[ordered >= mode] - mode, ONE_DEVIATION))
