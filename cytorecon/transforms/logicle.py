"""The logicle scale: logarithmic for bright events, linear around zero.

Parks, Roederer and Moore 2006 (doi:10.1002/cyto.a.20258); parameters and reflection at zero as in
Moore and Parks 2012 (doi:10.1002/cyto.a.22030) and Gating-ML 2.0 section 6.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from cytorecon.results import AxisTick
from cytorecon.sample import Events
from cytorecon.transforms.scales import Values, check, finite_only
from cytorecon.transforms.ticks import decade_ticks

_LN10 = math.log(10)

#: Intervals of the lookup table. The table is uniform in asinh of the linear value, in which the
#: logicle is nearly straight: 8192 intervals give an error below 1e-6 over the whole scale.
_INTERVALS = 8192

#: The table ends at this scale value; the linear value there is ten thousand times t and more.
_TOP = 2.0

#: Values handled at a time: small enough for the processor's cache.
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Logicle:
    """The inverse of ``a exp(b y) - c exp(-d y) + f``.

    Parameters
    ----------
    t : float
        Top of the scale: the linear value that becomes 1. Positive.
    w : float
        Decades in the linear part around zero; 0 <= w <= m / 2.
    m : float
        Decades of a logarithmic scale of the same steepness at the top. Positive.
    a : float
        Additional decades for negative values; -w <= a <= m - 2 w.

    Raises
    ------
    TransformError
        If a parameter is outside these bounds.

    Examples
    --------
    >>> scale = Logicle(t=262_144, w=0.5, m=4.5)
    >>> scale.apply([0, 262_144]).round(4).tolist()
    [0.1111, 1.0]
    >>> scale.inverse(scale.apply(1000.0)).round(1)
    np.float64(1000.0)
    """

    kind: ClassVar[str] = "logicle"

    t: float
    w: float = 0.5
    m: float = 4.5
    a: float = 0.0

    def __post_init__(self) -> None:
        check(self.kind, "t", self.t, self.t > 0, "above 0")
        check(self.kind, "m", self.m, self.m > 0, "above 0")
        check(self.kind, "w", self.w, 0 <= self.w <= self.m / 2, "0 to m / 2")
        check(self.kind, "a", self.a, -self.w <= self.a <= self.m - 2 * self.w, "-w to m - 2 w")

    def apply(self, x: npt.ArrayLike) -> Events:
        """Return `x` on this scale as float32.

        Values that are not finite become NaN; finite values beyond any instrument's range lie at
        the end of the table (2, and its mirror image).
        """
        values = np.asarray(x, dtype=np.float32)
        flat = values.reshape(-1)
        result = np.empty(flat.shape, dtype=np.float32)
        table = _table(self.t, self.w, self.m, self.a)
        for start in range(0, len(flat), _CHUNK):
            result[start : start + _CHUNK] = table.look_up(flat[start : start + _CHUNK])
        return finite_only(values, result.reshape(values.shape))

    def inverse(self, y: npt.ArrayLike) -> Values:
        """Return the linear values of scale values `y` as float64."""
        return _coefficients(self.t, self.w, self.m, self.a).linear(np.asarray(y, dtype=np.float64))

    def ticks(self) -> tuple[AxisTick, ...]:
        """Return ticks at 0 and at the decades that lie clear of it."""
        return decade_ticks(self.t, self.apply, lowest=self.t / 10.0**self.m, with_zero=True)


@dataclass(frozen=True, slots=True)
class _Coefficients:
    """Of ``a exp(b y) - c exp(-d y) + f``; `zero` is the scale value of 0."""

    a: float
    b: float
    c: float
    d: float
    f: float
    zero: float

    def linear(self, y: Values) -> Values:
        """Linear values of `y`; below zero the curve is the mirror image of the one above."""
        above = self.zero + np.abs(y - self.zero)
        values = self.a * np.exp(self.b * above) - self.c * np.exp(-self.d * above) + self.f
        return np.asarray(np.where(y < self.zero, -values, values))

    @property
    def slope_at_zero(self) -> float:
        return self.a * self.b * math.exp(self.b * self.zero) + self.c * self.d * math.exp(
            -self.d * self.zero
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """Scale values at equal steps of ``asinh(x / unit)``, for x from 0 up."""

    zero: np.float32
    unit: np.float32
    steps: np.float32
    heights: npt.NDArray[np.float32]
    rises: npt.NDArray[np.float32]

    def look_up(self, x: Events) -> Events:
        """Scale values of `x` by linear interpolation; NaN and infinity give any finite value."""
        size = np.nan_to_num(np.abs(x), nan=0.0, posinf=0.0)
        place = np.minimum(np.arcsinh(size / self.unit) * self.steps, np.float32(_INTERVALS))
        cell = place.astype(np.int32)
        np.minimum(cell, _INTERVALS - 1, out=cell)
        height = self.heights[cell] + (place - cell.astype(np.float32)) * self.rises[cell]
        return np.asarray(self.zero + np.copysign(height, x), dtype=np.float32)


@lru_cache(maxsize=256)
def _coefficients(t: float, w: float, m: float, a: float) -> _Coefficients:
    """Moore and Parks 2012, equations 4 to 13."""
    width, extra = w / (m + a), a / (m + a)
    zero, crossover = extra + width, extra + 2 * width
    b = (m + a) * _LN10
    d = (
        b
        if width == 0
        else float(brentq(_width_error, 1e-12 * b, b, args=(b, width), xtol=1e-15, rtol=8.9e-16))
    )
    c_over_a = math.exp(crossover * (b + d))
    f_over_a = c_over_a * math.exp(-d * zero) - math.exp(b * zero)
    leading = t / (math.exp(b) - c_over_a * math.exp(-d) + f_over_a)
    return _Coefficients(leading, b, c_over_a * leading, d, f_over_a * leading, zero)


def _width_error(d: float, b: float, width: float) -> float:
    """Zero where the curve has no second derivative at zero: the condition that ties d to w."""
    return 2 * (math.log(d) - math.log(b)) + width * (d + b)


@lru_cache(maxsize=256)
def _table(t: float, w: float, m: float, a: float) -> _Table:
    curve = _coefficients(t, w, m, a)
    # Near zero x = slope * y, far out y = ln(x) / b: with this unit both have slope 1 / b in asinh(x / unit).
    unit = curve.slope_at_zero / curve.b
    dense = np.linspace(curve.zero, _TOP, 4 * _INTERVALS)
    places = np.arcsinh(curve.linear(dense) / unit)
    grid = np.linspace(0, places[-1], _INTERVALS + 1)
    heights = np.interp(grid, places, dense) - curve.zero
    return _Table(
        zero=np.float32(curve.zero),
        unit=np.float32(unit),
        steps=np.float32(_INTERVALS / places[-1]),
        heights=heights[:-1].astype(np.float32),
        rises=np.diff(heights).astype(np.float32),
    )
