"""The value axis of one panel: log10 or linear, with strips below it for what has no height.

A result below the LLOQ has no position on a log axis; it is drawn in a grey strip under the
scale. A tube that was not evaluable gets a row of its own below that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.figures.format import measure_named
from cytorecon.figures.points import Point

#: Share of the panel's height of the "<LLOQ" strip and of the "not evaluable" row.
LLOQ_SHARE: Final = 0.13
ROW_SHARE: Final = 0.11

_LOG_STEPS: Final = (1, 3)


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Positions on the value axis of one panel, in axis units (log10 of the value, or the value).

    Parameters
    ----------
    scale : {"log", "linear"}
        What an axis unit is.
    low, high : float
        Range of the scale itself, in axis units, without the strips.
    lloq_strip, missing_row : bool
        Whether the strip for ``<LLOQ`` and the row for missing results exist.
    measure : str
        For the tick labels.
    """

    scale: str
    low: float
    high: float
    lloq_strip: bool
    missing_row: bool
    measure: str

    @property
    def _unit(self) -> float:
        share = 1 - LLOQ_SHARE * self.lloq_strip - ROW_SHARE * self.missing_row
        return (self.high - self.low) / share

    @property
    def range(self) -> tuple[float, float]:
        """Range including the strips."""
        return self.high - self._unit, self.high

    @property
    def lloq_center(self) -> float:
        """Where a result below the LLOQ is drawn."""
        return self.low - 0.5 * LLOQ_SHARE * self._unit

    @property
    def missing_center(self) -> float:
        """Where a result that does not exist is marked."""
        return self.range[0] + 0.5 * ROW_SHARE * self._unit

    @property
    def strip(self) -> tuple[float, float] | None:
        """Bottom and top of the LLOQ strip, in axis units."""
        return (self.low - LLOQ_SHARE * self._unit, self.low) if self.lloq_strip else None

    def position(self, value: float) -> float:
        """Return the position of `value`; what lies below a log scale is put on its lower end."""
        if self.scale == "linear":
            return value
        return max(self.low, math.log10(value)) if value > 0 else self.low

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return (position, label) of the ticks, strips included."""
        marks = list(self._log_ticks() if self.scale == "log" else self._linear_ticks())
        if self.lloq_strip:
            marks.append((self.lloq_center, "<LLOQ"))
        if self.missing_row:
            marks.append((self.missing_center, "no result"))
        return tuple(sorted(marks))

    def _log_ticks(self) -> list[tuple[float, str]]:
        values = [step * 10.0**power for power in range(-3, 7) for step in _LOG_STEPS]
        inside = [value for value in values if self.low <= math.log10(value) <= self.high]
        if len(inside) > 7:
            inside = [value for value in inside if math.log10(value) % 1 == 0]
        return [(math.log10(value), f"{value:,.0f}" if value >= 1 else f"{value:g}") for value in inside]

    def _linear_ticks(self) -> list[tuple[float, str]]:
        step = _nice_step((self.high - self.low) / 4)
        count = math.floor(self.high / step + 1e-9)
        digits = next(digits for digits in range(12) if math.isclose(step, round(step, digits)))
        return [(index * step, f"{index * step:,.{digits}f}") for index in range(count + 1)]


def value_axis(points: Sequence[Point], *, limits: Sequence[float] = ()) -> ValueAxis:
    """Return the axis that shows `points`, their intervals and references, and `limits`.

    Parameters
    ----------
    points : sequence of Point
        Of one population and measure; at least one.
    limits : sequence of float
        Further values that must be visible, e.g. a milestone's threshold.
    """
    measure = measure_named(points[0].measure)
    censored = any(point.state == "below_lloq" for point in points)
    missing = any(point.state in ("not_evaluable", "no_count") for point in points)
    shown = [*_shown_values(points), *limits]
    if measure.scale == "linear":
        top = 1.08 * max(shown, default=1.0) or 1.0
        return ValueAxis("linear", 0.0, _linear_top(top, measure.unit), censored, missing, measure.name)
    positive = [value for value in shown if value > 0]
    low = math.log10(min(positive, default=1.0)) - 0.12
    high = math.log10(max(positive, default=1000.0)) + 0.2
    # under one and a half decades noise looks like a trend
    spare = max(0.0, 1.5 - (high - low))
    return ValueAxis("log", low - spare / 2, high + spare / 2, True, missing, measure.name)


def _linear_top(top: float, unit: str) -> float:
    return min(top, 104.0) if unit == "%" else top


def _shown_values(points: Sequence[Point]) -> list[float]:
    values: list[float] = []
    for point in points:
        values += [bound for bound in (point.value, point.lloq) if bound is not None]
        # a lower bound near zero would stretch a log scale; error bars are cut at its end instead
        if point.state == "measured" and point.high is not None:
            values.append(point.high)
        if point.reference is not None:
            values += [point.reference.low, point.reference.high]
    return values


def _nice_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return min((candidate * power for candidate in (1, 2, 2.5, 5, 10)), key=lambda nice: abs(nice - step))
