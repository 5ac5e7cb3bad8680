"""Area under a curve between two days, with values below a limit as bounds and the part that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Flags, Numbers, Places, numbers, same_length

Scale = Literal["linear", "log10"]


@dataclass(frozen=True, slots=True)
class Area:
    """Mean level of a curve over the days that were seen.

    Parameters
    ----------
    low, high : float
        Area between these, in unit x days (log10: log10 of the unit x days); equal without hidden values.
    days : float
        Days between the first and the last value inside the window.
    coverage : float
        `days` as a share of the window.
    """

    low: float
    high: float
    days: float
    coverage: float

    def mean(self, scale: Scale) -> tuple[float, float]:
        """Return the mean level in the unit of the values, least and most; geometric on the log10 scale."""
        least, most = self.low / self.days, self.high / self.days
        return (10.0**least, 10.0**most) if scale == "log10" else (least, most)


def area_under_curve(
    days: npt.ArrayLike,
    values: npt.ArrayLike,
    below: npt.ArrayLike,
    *,
    start: float,
    end: float,
    scale: Scale = "linear",
    floor: float = 1.0,
) -> Area | None:
    """Return the area under a curve by trapezoids.

    Parameters
    ----------
    days, values : array-like, shape (n,)
        Values on days, the limit for a value below one.
    below : array-like of bool, shape (n,)
        Whether the value lies below `values`.
    start, end : float
        The window, days.
    scale : {"linear", "log10"}
        Whether the curve is straight between days as it is or as a logarithm.
    floor : float
        On the log10 scale, the least a value counts as: a logarithm knows no 0.

    Returns
    -------
    Area or None
        None with fewer than two days in reach of the window.

    Raises
    ------
    CytoreconError
        If the window is empty, or a value below 0.

    Notes
    -----
    Values on one day are averaged. Where a visit lies on either side of an end of the window, the value there
    is interpolated. Nothing is extrapolated: what was not seen is not in the area but in `coverage`. A value
    below a limit makes two areas, one with 0 (or `floor`) and one with the limit in its place.

    Examples
    --------
    >>> area_under_curve([0, 50, 100], [0, 100, 100], [False] * 3, start=0, end=100)
    Area(low=7500.0, high=7500.0, days=100.0, coverage=1.0)
    """
    when, level = numbers(days, name="days"), numbers(values, name="values")
    hidden = np.asarray(below, dtype=np.bool_)
    same_length(days=when, values=level, below=hidden)
    found = areas_under_curves(
        np.zeros(len(when), np.intp), when, level, hidden, start=start, end=end, scale=scale, floor=floor
    )
    days_seen = float(found.days[0])
    if days_seen <= 0:
        return None
    return Area(float(found.low[0]), float(found.high[0]), days_seen, days_seen / (end - start))


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas of many curves: :class:`Area` by number of the curve; `days` is 0 where nothing was seen."""

    low: Numbers
    high: Numbers
    days: Numbers


def areas_under_curves(
    curves: Places,
    days: Numbers,
    values: Numbers,
    below: Flags,
    *,
    start: float,
    end: float,
    scale: Scale = "linear",
    floor: float = 1.0,
) -> Areas:
    """Return the areas under many curves at once, each as :func:`area_under_curve` gives it.

    Parameters
    ----------
    curves : ndarray of int, shape (n,)
        Which curve a value belongs to, from 0.
    days, values, below, start, end, scale, floor
        As in :func:`area_under_curve`.

    Raises
    ------
    CytoreconError
        If the window is empty, or a value below 0.
    """
    if end <= start:
        raise CytoreconError(
            "The window is empty.", subject="start, end", found=f"day {start:g} to day {end:g}"
        )
    if (values < 0).any():
        raise CytoreconError("A count is below 0.", subject="values", found=f"{values.min():g}")
    size = int(curves.max()) + 1
    least, most = _bounds(values, below, scale, floor)
    order = np.lexsort((days, curves))
    who, when = curves[order], days[order]
    fresh = np.concatenate([[True], (who[1:] != who[:-1]) | (when[1:] != when[:-1])])
    place = np.cumsum(fresh) - 1
    who, when = who[fresh], when[fresh]
    begin, stop = np.maximum(when[:-1], start), np.minimum(when[1:], end)
    inside = np.flatnonzero((who[1:] == who[:-1]) & (stop > begin))
    begin, stop, owner = begin[inside], stop[inside], who[inside]
    gap = when[inside + 1] - when[inside]
    early, late = (begin - when[inside]) / gap, (stop - when[inside]) / gap

    def total(level: Numbers) -> Numbers:
        mean = np.bincount(place, weights=level[order]) / np.bincount(place)
        rise = mean[inside + 1] - mean[inside]
        middle = mean[inside] + rise * (early + late) / 2
        return np.asarray(np.bincount(owner, weights=middle * (stop - begin), minlength=size))

    seen = np.asarray(np.bincount(owner, weights=stop - begin, minlength=size), dtype=np.float64)
    return Areas(total(least), total(most), seen)


def _bounds(level: Numbers, hidden: Flags, scale: Scale, floor: float) -> tuple[Numbers, Numbers]:
    least = np.where(hidden, 0.0, level)
    if scale == "linear":
        return least, level
    return np.log10(np.maximum(least, floor)), np.log10(np.maximum(level, floor))
