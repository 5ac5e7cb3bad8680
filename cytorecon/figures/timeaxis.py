"""The time axis: days from the transplant, on a square-root or a linear scale.

Visits are dense in the first weeks and sparse later, so the square root of the day spreads them
evenly; days before the transplant are mirrored (``-sqrt(8)`` for day -8).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from cytorecon.figures.format import MINUS

TimeScale = Literal["sqrt", "linear"]

#: Days that may carry a tick, the most useful first: when space is short the later ones go.
_TICK_DAYS: Final = (
    (100, "+100"),
    (365, "1 y"),
    (730, "2 y"),
    (30, "30"),
    (1826, "5 y"),
    (180, "+180"),
    (1096, "3 y"),
    (60, "60"),
    (14, "14"),
    (548, "18 mo"),
    (3652, "10 y"),
    (-30, f"{MINUS}30"),
    (7, "7"),
    (-7, f"{MINUS}7"),
    (21, "21"),
    (-14, f"{MINUS}14"),
)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Where a day lies on the page.

    Parameters
    ----------
    first_day, last_day : int
        Days that must be visible; day 0 always is.
    scale : {"sqrt", "linear"}
        Spacing of the days.
    zero_label : str
        What day 0 is, e.g. ``"HCT"``.
    """

    first_day: int
    last_day: int
    scale: TimeScale = "sqrt"
    zero_label: str = "HCT"

    def position(self, day: float) -> float:
        """Return the position of `day` in axis units.

        Examples
        --------
        >>> axis = TimeAxis(-8, 100)
        >>> axis.position(100), axis.position(-4)
        (10.0, -2.0)
        """
        return float(day) if self.scale == "linear" else math.copysign(math.sqrt(abs(day)), day)

    @property
    def range(self) -> tuple[float, float]:
        """Range of the axis in axis units, with a margin so that no symbol is cut."""
        low, high = self.position(self.first_day), self.position(self.last_day)
        margin = 0.03 * (high - low)
        return low - margin, high + margin

    def ticks(self, spacing: float = 0.06) -> tuple[tuple[float, str], ...]:
        """Return (position, label) of the ticks, at least `spacing` of the width apart.

        Examples
        --------
        >>> [label for _, label in TimeAxis(0, 740).ticks()]
        ['HCT', '14', '30', '60', '+100', '+180', '1 y', '18 mo', '2 y']
        """
        low, high = self.range
        chosen = [(self.position(0), self.zero_label)]
        for day, label in _TICK_DAYS:
            position = self.position(day)
            apart = min(abs(position - other) for other, _ in chosen)
            if low <= position <= high and apart >= spacing * (high - low):
                chosen.append((position, label))
        return tuple(sorted(chosen))


def time_axis(days: Iterable[int], *, scale: TimeScale = "sqrt", zero_label: str = "HCT") -> TimeAxis:
    """Return the axis that shows all `days` and day 0.

    Parameters
    ----------
    days : iterable of int
        Days on the patient's clock; may be empty (then the first 100 days are shown).
    scale : {"sqrt", "linear"}
        Spacing of the days.
    zero_label : str
        Name of day 0.
    """
    seen = list(days)
    last = max(seen, default=100)
    return TimeAxis(min([0, *seen]), max(last, 7), scale, zero_label)
