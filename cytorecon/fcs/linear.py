"""From stored values to the linear scale: log amplifiers, gains, the time step.

FCS 3.1 sections 3.2.20 ($PnE, $PnG, $PnR) and 3.2.21 ($TIMESTEP).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cytorecon.errors import Issue, Severity
from cytorecon.fcs.decode import Stored
from cytorecon.sample import ChannelRole, Events


@dataclass(frozen=True, slots=True)
class Scaling:
    """How one column's stored values become linear ones.

    Parameters
    ----------
    decades, offset : float
        A log amplifier of this many decades whose lowest channel is `offset`: the linear value is
        ``offset * 10 ** (decades * stored / range)``. 0 decades when the amplifier is linear.
    factor : float
        Linear values are multiplied by it: one over the gain, or the time step in seconds.
    stored_range : float
        ``$PnR``.
    """

    decades: float
    offset: float
    factor: float
    stored_range: float

    @property
    def is_identity(self) -> bool:
        """True when nothing has to be done."""
        return self.decades == 0 and self.factor == 1

    @property
    def maximum(self) -> float:
        """Upper end of the range on the linear scale."""
        if self.decades:
            return float(self.offset * 10.0**self.decades)
        return self.stored_range * self.factor


def find_scaling(
    keywords: Mapping[str, str], index: int, role: ChannelRole, datatype: str, stored_range: float
) -> tuple[Scaling, tuple[Issue, ...]]:
    """Return how column `index` (from 0) becomes linear, and what was wrong with its keywords."""
    name = f"$P{index + 1}E"
    decades, offset, issues = _amplification(keywords.get(name), name)
    if decades and datatype != "I":
        issues = (
            *issues,
            Issue(
                "fcs.log_of_float",
                Severity.WARNING,
                name,
                "Floating-point data are linear by the standard; the log amplifier was ignored.",
            ),
        )
        decades = 0.0
    if role is ChannelRole.TIME:
        factor, more = _time_step(keywords)
    else:
        factor, more = (1.0, ()) if decades else _inverse_gain(keywords, f"$P{index + 1}G")
    return Scaling(decades, offset, factor, stored_range), (*issues, *more)


def linear_events(stored: Stored, scalings: tuple[Scaling, ...]) -> Events:
    """Return `stored` on the linear scale as float32, shape (events, channels).

    The array is `stored` itself when nothing has to be done.
    """
    events = stored.astype(np.float32, copy=False)
    if all(scaling.is_identity for scaling in scalings):
        return events
    if np.shares_memory(events, stored):
        events = events.copy()
    for column, scaling in enumerate(scalings):
        if scaling.decades:
            exponent = stored[:, column] * (scaling.decades / scaling.stored_range)
            events[:, column] = scaling.offset * np.power(10.0, exponent)
        elif scaling.factor != 1:
            events[:, column] = stored[:, column] * scaling.factor
    return events


def _amplification(value: str | None, name: str) -> tuple[float, float, tuple[Issue, ...]]:
    if value is None:
        return (
            0.0,
            0.0,
            (_warning("no_amplification", name, "The amplification is missing; it was taken for linear."),),
        )
    parts = [_finite(part) for part in value.split(",")]
    decades, offset = (parts[0], parts[1]) if len(parts) == 2 else (math.nan, math.nan)
    if not (0 <= decades <= 30 and offset >= 0):  # 30 decades: what float32 can hold
        return (
            0.0,
            0.0,
            (
                _warning(
                    "bad_amplification", name, f"'{value[:40]}' is no amplification; it was taken for linear."
                ),
            ),
        )
    return decades, offset or 1.0, ()  # "4,0" is to be read as "4,1", says the standard


def _inverse_gain(keywords: Mapping[str, str], name: str) -> tuple[float, tuple[Issue, ...]]:
    value = keywords.get(name)
    if value is None:
        return 1.0, ()
    gain = _finite(value)
    if gain > 0:
        return 1.0 / gain, ()
    if gain == 0:  # several writers put 0 for "no gain"
        return 1.0, ()
    return 1.0, (_warning("bad_gain", name, f"'{value[:40]}' is no gain; values were left as they are."),)


def _time_step(keywords: Mapping[str, str]) -> tuple[float, tuple[Issue, ...]]:
    value = keywords.get("$TIMESTEP")
    step = _finite(value) if value is not None else math.nan
    if step > 0:
        return step, ()
    found = "is missing" if value is None else f"'{value[:40]}' is no number of seconds"
    severity = Severity.INFO if value is None else Severity.WARNING
    return 1.0, (
        Issue(
            "fcs.no_time_step",
            severity,
            "$TIMESTEP",
            f"The time step {found}; time is in steps of unknown length.",
        ),
    )


def _finite(text: str) -> float:
    """Return the number in `text`, or NaN: NaN fails every comparison."""
    try:
        value = float(text.strip(" \x00"))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _warning(code: str, subject: str, message: str) -> Issue:
    return Issue(f"fcs.{code}", Severity.WARNING, subject, message)
