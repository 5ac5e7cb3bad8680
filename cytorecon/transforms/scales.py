"""Linear, logarithmic and asinh scales as Gating-ML 2.0 defines them (section 6; values in 0..1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cytorecon.errors import TransformError
from cytorecon.results import AxisTick
from cytorecon.sample import Events
from cytorecon.transforms.ticks import decade_ticks, linear_ticks

Values = npt.NDArray[np.float64]

_LN10 = math.log(10)


@dataclass(frozen=True, slots=True)
class Linear:
    """``(x + a) / (t + a)``.

    Parameters
    ----------
    t : float
        Top of the scale: the linear value that becomes 1. Positive.
    a : float
        The linear value ``-a`` becomes 0; 0 <= a <= t.

    Raises
    ------
    TransformError
        If a parameter is outside these bounds.

    Examples
    --------
    >>> Linear(t=1024).apply([256]).tolist()
    [0.25]
    """

    kind: ClassVar[str] = "linear"

    t: float
    a: float = 0.0

    def __post_init__(self) -> None:
        check(self.kind, "t", self.t, self.t > 0, "above 0")
        check(self.kind, "a", self.a, 0 <= self.a <= self.t, "0 to t")

    def apply(self, x: npt.ArrayLike) -> Events:
        """Return `x` on this scale as float32; values that are not finite become NaN."""
        return finite_only(x, (np.asarray(x, dtype=np.float64) + self.a) / (self.t + self.a))

    def inverse(self, y: npt.ArrayLike) -> Values:
        """Return the linear values of scale values `y` as float64."""
        return np.asarray(y, dtype=np.float64) * (self.t + self.a) - self.a

    def ticks(self) -> tuple[AxisTick, ...]:
        """Return ticks for an axis on this scale."""
        return linear_ticks(self.t, self.apply)


@dataclass(frozen=True, slots=True)
class Log:
    """``log10(x / t) / m + 1``, and 0 for everything at or below ``t / 10**m``.

    Gating-ML leaves values at or below 0 undefined; here they lie at the bottom of the scale.

    Parameters
    ----------
    t : float
        Top of the scale: the linear value that becomes 1. Positive.
    m : float
        Decades below the top that the scale covers. Positive.

    Raises
    ------
    TransformError
        If a parameter is outside these bounds.

    Examples
    --------
    >>> Log(t=10_000, m=4).apply([-5, 1, 100]).tolist()
    [0.0, 0.0, 0.5]
    """

    kind: ClassVar[str] = "log"

    t: float
    m: float = 4.5

    def __post_init__(self) -> None:
        check(self.kind, "t", self.t, self.t > 0, "above 0")
        check(self.kind, "m", self.m, self.m > 0, "above 0")

    def apply(self, x: npt.ArrayLike) -> Events:
        """Return `x` on this scale as float32; values that are not finite become NaN."""
        bottom = self.t / 10.0**self.m
        values = np.asarray(x, dtype=np.float64)
        return finite_only(x, np.log10(np.maximum(values, bottom) / self.t) / self.m + 1)

    def inverse(self, y: npt.ArrayLike) -> Values:
        """Return the linear values of scale values `y` as float64."""
        return np.asarray(self.t * 10.0 ** (self.m * (np.asarray(y, dtype=np.float64) - 1)))

    def ticks(self) -> tuple[AxisTick, ...]:
        """Return one tick per decade."""
        return decade_ticks(self.t, self.apply, lowest=self.t / 10.0**self.m, with_zero=False)


@dataclass(frozen=True, slots=True)
class Asinh:
    """``(asinh(x sinh(m ln 10) / t) + a ln 10) / ((m + a) ln 10)``.

    Parameters
    ----------
    t : float
        Top of the scale: the linear value that becomes 1. Positive.
    m : float
        Decades of the positive side. Positive.
    a : float
        Additional decades for negative values; 0 <= a <= m.

    Raises
    ------
    TransformError
        If a parameter is outside these bounds.

    Examples
    --------
    >>> Asinh(t=262_144).apply([0, 262_144]).tolist()
    [0.0, 1.0]
    """

    kind: ClassVar[str] = "asinh"

    t: float
    m: float = 4.5
    a: float = 0.0

    def __post_init__(self) -> None:
        check(self.kind, "t", self.t, self.t > 0, "above 0")
        check(self.kind, "m", self.m, self.m > 0, "above 0")
        check(self.kind, "a", self.a, 0 <= self.a <= self.m, "0 to m")

    def apply(self, x: npt.ArrayLike) -> Events:
        """Return `x` on this scale as float32; values that are not finite become NaN."""
        steep = math.sinh(self.m * _LN10) / self.t
        values = np.arcsinh(np.asarray(x, dtype=np.float64) * steep)
        return finite_only(x, (values + self.a * _LN10) / ((self.m + self.a) * _LN10))

    def inverse(self, y: npt.ArrayLike) -> Values:
        """Return the linear values of scale values `y` as float64."""
        angle = np.asarray(y, dtype=np.float64) * ((self.m + self.a) * _LN10) - self.a * _LN10
        return np.asarray(np.sinh(angle) * (self.t / math.sinh(self.m * _LN10)))

    def ticks(self) -> tuple[AxisTick, ...]:
        """Return ticks at 0 and at the decades that lie clear of it."""
        return decade_ticks(self.t, self.apply, lowest=self.t / 10.0**self.m, with_zero=True)


def check(kind: str, name: str, value: float, allowed: bool, bounds: str) -> None:
    """Raise a :class:`TransformError` unless parameter `name` is finite and `allowed`."""
    if not (allowed and math.isfinite(value)):
        raise TransformError(
            f"The {kind} scale cannot have this parameter.", field=name, found=f"{value:g}", allowed=bounds
        )


def finite_only(x: npt.ArrayLike, y: npt.NDArray[np.floating]) -> Events:
    """Return `y` as float32 with NaN where `x` is not finite: such events lie in no gate."""
    result = np.asarray(y, dtype=np.float32)
    finite = np.isfinite(x)
    return result if finite.all() else np.where(finite, result, np.float32(np.nan))
