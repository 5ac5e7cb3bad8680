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
from cytorecon.transforms.scales import Values, check
from cytorecon.transforms.ticks import decade_ticks

_LN10 = math.log(10)

#: The table has one straight piece for each value of the upper half of a float32: sign, exponent and 7 bits
#: of the fraction. That is 128 pieces an octave, which give an error below 1e-6 over the whole scale, and
#: the piece of a number is found without any arithmetic.
_LOWER_BITS = 16
_PIECES = 1 << 15
_FIRST_NOT_FINITE = 0x7F80

#: The table ends at this scale value; the linear value there is ten thousand times t and more.
_TOP = 2.0

#: Points of the curve from which the pieces are interpolated.
_POINTS = 32_768

#: Values handled at a time: small enough for the processor's cache.
_CHUNK = 16_384


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
            table.look_up(flat[start : start + _CHUNK], result[start : start + _CHUNK])
        return result.reshape(values.shape)

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
    """Scale values as ``height + slope * x``, by the upper half of the float32 x."""

    bottom: float
    heights: npt.NDArray[np.float32]
    slopes: npt.NDArray[np.float32]

    def look_up(self, x: Events, target: Events) -> None:
        """Write the scale values of `x` into `target`; NaN where `x` is not finite."""
        piece = (np.ascontiguousarray(x).view(np.uint32) >> _LOWER_BITS).astype(np.intp)
        # every number has a piece: nothing is out of bounds, and "wrap" saves the look
        np.take(self.slopes, piece, out=target, mode="wrap")
        with np.errstate(invalid="ignore"):
            target *= x
        target += np.take(self.heights, piece, mode="wrap")
        np.clip(target, self.bottom, _TOP, out=target)


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
    # A little more than the scale, so that its end is not a bend within a piece.
    points = np.linspace(curve.zero, _TOP + 0.1, _POINTS)
    places = np.arcsinh(curve.linear(points) / unit)
    ends = np.arange(_FIRST_NOT_FINITE, dtype=np.uint32) << _LOWER_BITS
    x = ends.view(np.float32).astype(np.float64)
    middles = (x[1:] + x[:-1]) / 2
    y, y_of_middles = (np.interp(np.arcsinh(at / unit), places, points) for at in (x, middles))
    slopes = np.diff(y) / np.diff(x)
    chords = y[:-1] - slopes * x[:-1]
    # half way between the chord and the arc over it: half the error
    heights = (chords + y_of_middles - slopes * middles) / 2
    # the last finite piece is flat, and what is not finite has no place
    rest = _PIECES - len(slopes)
    slopes = np.concatenate([slopes, np.zeros(rest)])
    heights = np.concatenate([heights, y[-1:], np.full(rest - 1, np.nan)])
    return _Table(
        bottom=2 * curve.zero - _TOP,
        heights=np.concatenate([heights, 2 * curve.zero - heights]).astype(np.float32),
        slopes=np.concatenate([slopes, slopes]).astype(np.float32),
    )
