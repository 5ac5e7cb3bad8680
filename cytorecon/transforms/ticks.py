"""Axis ticks: positions on the transformed scale, labels on the linear one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cytorecon.results import AxisTick

Scale = Callable[[npt.ArrayLike], npt.NDArray[np.float32]]

#: Ticks closer than this on a scale of 0..1 cannot be told apart on a plot of 400 pixels.
_CLEAR = 0.04

#: How far below 0 an axis is drawn: dim compensated events.
_BOTTOM = -0.3

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def decade_ticks(t: float, scale: Scale, *, lowest: float, with_zero: bool) -> tuple[AxisTick, ...]:
    """Return ticks at the powers of ten from `lowest` to `t`, their negatives, and 0.

    Decades that lie too close to 0 to be told from it are left out.
    """
    first, last = math.ceil(math.log10(lowest) - 1e-9), math.floor(math.log10(t) + 1e-9)
    zero = float(scale(0.0))
    ticks = [AxisTick(position=zero, label="0")] if with_zero else []
    for exponent in range(first, last + 1):
        for sign, prefix in ((1.0, ""), (-1.0, "-")) if with_zero else ((1.0, ""),):
            position = float(scale(sign * 10.0**exponent))
            if position >= _BOTTOM and (not with_zero or abs(position - zero) >= _CLEAR):
                label = f"{prefix}10{str(exponent).translate(_SUPERSCRIPT).replace('-', '⁻')}"
                ticks.append(AxisTick(position=position, label=label))
    return tuple(sorted(ticks, key=lambda tick: tick.position))


def linear_ticks(t: float, scale: Scale) -> tuple[AxisTick, ...]:
    """Return about five ticks from 0 to `t` at round numbers, thousands as ``k``."""
    rough = t / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1, 2, 2.5, 5, 10)), key=lambda value: abs(value - rough))
    count = math.floor(t / step + 1e-9)
    return tuple(
        AxisTick(position=float(scale(step * index)), label=_short(step * index))
        for index in range(count + 1)
    )


def _short(value: float) -> str:
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"
