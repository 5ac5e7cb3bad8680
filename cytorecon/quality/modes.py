"""Clouds of a detector's histogram, and where each of them lies through the run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cytorecon.sample import Events

Doubles = npt.NDArray[np.float64]
Ratios = TypeVar("Ratios", Events, Doubles)

#: Bins of a histogram; the smoothing of its peaks, in bins.
BINS, SMOOTH = 160, 2.5
#: Below this fraction of the range in use the scale is linear: noise around zero has no logarithm.
LINEAR = 0.01
#: A cloud holds this share of the events, and is parted from the next by a valley this deep.
LEAST_MASS, DEEPEST_VALLEY = 0.08, 0.7
#: Of a bin's events in a cloud this many are needed to tell their median.
FEWEST_IN_CLOUD = 30


@dataclass(frozen=True, slots=True)
class Mode:
    """One cloud of one detector through the run.

    Parameters
    ----------
    brightness : float
        Median of all its events as a fraction of the detector's range in use; negative below zero.
    medians : ndarray of float64, shape (bins,)
        Of the events in it, in decades of one more than their ratio to ``LINEAR`` of the range in
        use; NaN in a bin with too few.
    errors : ndarray of float64, shape (bins,)
        Standard errors of the medians, decades.
    """

    brightness: float
    medians: Doubles
    errors: Doubles

    def level(self, tolerance: float) -> float:
        """Return the median that most bins agree with, within `tolerance`.

        After a step half way it is one of the two levels, and not between them.
        """
        known = self.medians[np.isfinite(self.medians)]
        agreeing = (np.abs(known[:, None] - known[None, :]) <= tolerance / 2).sum(axis=1)
        best = known[np.abs(known - known[int(np.argmax(agreeing))]) <= tolerance / 2]
        return float(np.median(best))


def modes_over_time(values: Events, bins: int) -> list[list[Mode]]:
    """Return the clouds of each detector through the run.

    Parameters
    ----------
    values : ndarray of float32, shape (events, detectors)
        Linear scale, in the order of acquisition.
    bins : int
        Parts of the run, of equal numbers of events.

    Returns
    -------
    list of list of Mode
        For each detector; empty for one without a cloud.
    """
    counts, lows, widths = _histograms(values, bins)
    return [
        _modes(each, float(low), float(width)) for each, low, width in zip(counts, lows, widths, strict=True)
    ]


def _histograms(values: Events, bins: int) -> tuple[Doubles, Doubles, Doubles]:
    """Return events per (detector, part of the run, bin), where bins begin and how wide they are."""
    events, detectors = values.shape
    looked_at = values[:: max(1, events // 5000)]
    percentile = np.nanpercentile if np.isnan(looked_at).any() else np.percentile
    low, high = percentile(looked_at, [0.5, 99.5], axis=0)
    unit = np.maximum(np.maximum(np.abs(high), np.abs(low)) * LINEAR, np.finfo(np.float32).tiny)
    scaled = _in_logarithms(values / unit.astype(np.float32))
    low, high = _in_logarithms(low / unit), _in_logarithms(high / unit)
    width = np.maximum(high - low, 1e-9) / BINS
    place = (scaled - low.astype(np.float32)) * (1 / width).astype(np.float32)
    # What lies outside of the range is counted in a bin of its own: it stands at an end of the detector.
    cell = np.where((place >= 0) & (place < BINS), place, BINS).astype(np.intp)
    part = (np.arange(events) * bins // events)[:, None] + bins * np.arange(detectors)[None, :]
    counts = np.bincount((part * (BINS + 1) + cell).ravel(), minlength=detectors * bins * (BINS + 1))
    within = counts.reshape(detectors, bins, BINS + 1)[:, :, :BINS]
    return within.astype(np.float64), low, width


def _in_logarithms(ratios: Ratios) -> Ratios:
    """Return log(1 + ratio), with the sign of the ratio; cheaper than an inverse hyperbolic sine."""
    logarithms: Ratios = np.copysign(np.log(1 + np.abs(ratios)), ratios)
    return logarithms


def _modes(counts: Doubles, low: float, width: float) -> list[Mode]:
    """Return the clouds of one detector; `counts` has the shape (parts of the run, bins)."""
    total = counts.sum(axis=0)
    edges = _valleys(_smoothed(total))
    found = [
        _followed(counts[:, begin:end], low + begin * width, width)
        for begin, end in pairwise(edges)
        if total[begin:end].sum() >= LEAST_MASS * total.sum() > 0
    ]
    return [mode for mode in found if np.isfinite(mode.medians).any()]


def _smoothed(total: Doubles) -> Doubles:
    offsets = np.arange(-8, 9)
    kernel = np.exp(-0.5 * (offsets / SMOOTH) ** 2)
    return np.asarray(np.convolve(total, kernel / kernel.sum(), mode="same"))


def _valleys(density: Doubles) -> list[int]:
    """Return where clouds part: both ends, and each valley that is deep enough."""
    inner = np.arange(1, len(density) - 1)
    peaks = inner[(density[inner] > density[inner - 1]) & (density[inner] >= density[inner + 1])].tolist()
    kept: list[int] = []
    edges = [0]
    for peak in peaks:
        if not kept:
            kept.append(peak)
            continue
        valley = kept[-1] + int(np.argmin(density[kept[-1] : peak]))
        if density[valley] < DEEPEST_VALLEY * min(density[kept[-1]], density[peak]):
            kept.append(peak)
            edges.append(valley)
        elif density[peak] > density[kept[-1]]:
            kept[-1] = peak
    return [*edges, len(density)]


def _followed(counts: Doubles, low: float, width: float) -> Mode:
    """Return median and its standard error in each part of the run, in decades."""
    events = counts.sum(axis=1)
    enough = events >= FEWEST_IN_CLOUD
    step = width / np.log(10)
    quarter, middle, three_quarters = _quantiles(counts, (0.25, 0.5, 0.75))
    # 1.2533 sd / sqrt(n) is the error of a normal median, and 1.349 sd its interquartile range.
    errors = 1.2533 * (three_quarters - quarter) / 1.349 / np.sqrt(np.maximum(events, 1))
    of_all = low + width * float(_quantiles(counts.sum(axis=0)[None, :], (0.5,))[0][0])
    return Mode(
        brightness=float(np.copysign(np.expm1(abs(of_all)), of_all)) * LINEAR,
        medians=low / np.log(10) + np.where(enough, middle, np.nan) * step,
        errors=np.where(enough, errors, np.nan) * step,
    )


def _quantiles(counts: Doubles, shares: tuple[float, ...]) -> list[Doubles]:
    """Return quantiles of each row of histograms, in bins, interpolated within one."""
    running = np.cumsum(counts, axis=1)
    rows = np.arange(len(counts))
    found = []
    for share in shares:
        wanted = share * running[:, -1]
        at = np.minimum((running < wanted[:, None]).sum(axis=1), counts.shape[1] - 1)
        before = running[rows, at] - counts[rows, at]
        found.append(np.asarray(at + (wanted - before) / np.maximum(counts[rows, at], 1)))
    return found
