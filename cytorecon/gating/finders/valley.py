"""Finder: a threshold in the valley between two modes of one channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from cytorecon.gating.estimates import ValleyEstimate
from cytorecon.gating.kernels import (
    BIN_WIDTH,
    CENTRES,
    Floats,
    bandwidth,
    binned,
    find_modes,
    reach,
    smoothed,
)

Cut = Literal["above_dimmest", "below_brightest"]

#: Modes must stand out of their valley by this many Poisson deviations.
MODE_Z = 3.0
#: A mode with fewer events, or a smaller share of all positive events, is a clump, not a population.
MODE_EVENTS, MODE_SHARE = 15, 0.05
#: Kernel width on the transformed scale (1 = 4.5 decades): 0.012 = 0.05, 0.035 = 0.16 decades.
NARROWEST, WIDEST = 0.012, 0.035
BOOTSTRAPS = 24
#: More than this share of events on the very lowest value is a floor, not a coincidence.
FLOOR_SHARE = 0.01


def find_valley(values: npt.NDArray[np.float32], cut: Cut, *, seed: int = 0) -> ValleyEstimate | None:
    """Return the valley of `values`, or None when they show one mode only.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        One channel of the parent's events, transformed scale.
    cut : {"above_dimmest", "below_brightest"}
        Which valley, where there are several.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> dim, bright = rng.normal(0.2, 0.05, 900), rng.normal(0.8, 0.05, 300)
    >>> found = find_valley(np.concatenate([dim, bright]).astype(np.float32), "above_dimmest")
    >>> 0.35 < found.position < 0.65, found.below, found.above
    (True, 900.0, 300.0)
    >>> find_valley(dim.astype(np.float32), "above_dimmest") is None
    True
    """
    return valley_of(binned(without_floor(values)), cut, seed=seed)


def without_floor(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return `values` without those piled up on their minimum.

    A log amplifier, or a detector that clips at zero, puts everything dimmer than its floor on
    one value: a spike that is no population. The dim cells above the floor stay.
    """
    if values.size == 0:
        return values
    above = values > values.min()
    rest = np.count_nonzero(above)
    piled = values.size - rest
    return values[above] if piled > FLOOR_SHARE * values.size and rest > values.size // 4 else values


def valley_of(counts: Floats, cut: Cut, *, seed: int = 0) -> ValleyEstimate | None:
    """Return the valley of a histogram on the common grid, or None when it has one mode only."""
    peaks = modes_of(counts)
    if len(peaks) < 2:
        return None
    which = 0 if cut == "above_dimmest" else len(peaks) - 2
    return replace(valley_between(counts, peaks[which], peaks[which + 1], seed=seed), modes=len(peaks))


def modes_of(counts: Floats) -> tuple[int, ...]:
    """Return the bins of the modes of a histogram on the common grid, dimmest first, without clumps."""
    shown = _within_grid(counts)
    modes = find_modes(shown, bandwidth(shown, low=NARROWEST, high=WIDEST), z=MODE_Z)
    return tuple(_drop_clumps(modes.peaks, modes.masses))


def valley_between(counts: Floats, left: int, right: int, *, seed: int = 0) -> ValleyEstimate:
    """Return the valley between the modes in bins `left` and `right`."""
    shown = _within_grid(counts)
    width = bandwidth(shown, low=NARROWEST, high=WIDEST)
    density = smoothed(shown, width)
    (bottom,) = left + _bottoms(density[None, left : right + 1])
    draws = np.random.default_rng(seed).poisson(shown, size=(BOOTSTRAPS, shown.size))
    # The density between the modes does not feel what lies farther away than the kernel reaches.
    begin, end = max(left - reach(width), 0), right + 1 + reach(width)
    near = smoothed(draws[:, begin:end].astype(np.float64), width)
    again = _bottoms(near[:, left - begin : right + 1 - begin])
    lower_peak = min(density[left], density[right])
    return ValleyEstimate(
        position=float(CENTRES[bottom]),
        standard_error=max(float(np.std(again)) * BIN_WIDTH, BIN_WIDTH),
        depth=float(1 - density[bottom] / lower_peak),
        below=float(counts[:bottom].sum()),
        above=float(counts[bottom:].sum()),
    )


def _within_grid(counts: Floats) -> Floats:
    """Return `counts` without the end bins: there lies all that is beyond the grid, which is no mode."""
    inner = counts.copy()
    inner[[0, -1]] = 0.0
    return inner


def _drop_clumps(peaks: tuple[int, ...], masses: tuple[float, ...]) -> list[int]:
    """Drop bright modes too small to be a population (aggregates, carry-over), brightest first."""
    kept_peaks, kept = list(peaks), list(masses)
    while len(kept) > 1:
        positives = sum(kept[1:])
        if kept[-1] >= max(MODE_EVENTS, MODE_SHARE * positives):
            break
        kept_peaks.pop()
        clump = kept.pop()
        kept[-1] += clump
    return kept_peaks


def _bottoms(densities: Floats) -> npt.NDArray[np.intp]:
    """Return the middle of the lowest stretch of each row: an empty valley has no lowest point."""
    lowest = densities <= densities.min(axis=1, keepdims=True) + 1e-3
    middles: Floats = (lowest @ np.arange(densities.shape[1])) / lowest.sum(axis=1)
    return np.rint(middles).astype(np.intp)
