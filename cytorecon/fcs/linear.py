"""From stored values to the linear scale: log amplifiers, gains, the time step.

FCS 3.1 sections 3.2.20 ($PnE, $PnG, $PnR) and 3.2.21 ($TIMESTEP).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cytorecon.errors import Issue, Severity
from cytorecon.fcs.decode import Block, Run
from cytorecon.fcs.numbers import decimal, quoted
from cytorecon.fcs.storage import Kind
from cytorecon.sample import ChannelRole

_FLOATS = (Kind.FLOAT, Kind.DOUBLE)

#: What float32 can hold.
MOST_DECADES = 30


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

    @classmethod
    def none(cls, stored_range: float) -> Scaling:
        """Return the scaling that leaves stored values as they are."""
        return cls(0.0, 0.0, 1.0, stored_range)

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
    keywords: Mapping[str, str], index: int, role: ChannelRole, kind: Kind, stored_range: float
) -> tuple[Scaling, tuple[Issue, ...]]:
    """Return how column `index` (from 0) becomes linear, and what was wrong with its keywords."""
    amplification = keywords.get(f"$P{index + 1}E")
    if role is ChannelRole.TIME:
        return _scaling(index, kind in _FLOATS, stored_range, amplification, (keywords.get("$TIMESTEP"),))
    return _scaling(index, kind in _FLOATS, stored_range, amplification, keywords.get(f"$P{index + 1}G"))


#: The files of a study repeat a few descriptions of channels.
@lru_cache(maxsize=2048)
def _scaling(
    index: int,
    is_float: bool,
    stored_range: float,
    amplification: str | None,
    unit: str | tuple[str | None] | None,
) -> tuple[Scaling, tuple[Issue, ...]]:
    """Take apart what the keywords say; `unit` is the gain, or in a tuple of its own the time step."""
    name = f"$P{index + 1}E"
    decades, offset, issues = _amplification(amplification, name)
    if decades and is_float:
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
    if isinstance(unit, tuple):
        factor, more = _time_step(*unit)
        if decades and factor != 1:
            factor, more = 1.0, (_log_time(),)
    else:
        factor, more = (1.0, ()) if decades else _inverse_gain(unit, f"$P{index + 1}G")
    return Scaling(decades, offset, factor, stored_range), (*issues, *more)


def make_linear(runs: Sequence[Run], scalings: Mapping[int, Scaling], target: Block) -> None:
    """Write the values of a block into `target`, those of scaled columns on the linear scale.

    Parameters
    ----------
    runs : sequence of Run
        Stored values of all columns.
    scalings : mapping of int to Scaling
        Of the columns whose stored values are not linear already.
    target : ndarray, shape (events, columns)
        Where they go; a run may be it.
    """
    for run in runs:
        if run.values is not target:
            target[:, run.first : run.stop] = run.values
        for column, scaling in scalings.items():
            if not run.first <= column < run.stop:
                continue
            values, place = run.values[:, column - run.first], target[:, column]
            if scaling.decades:
                exponent = values * (scaling.decades / scaling.stored_range)
                place[:] = scaling.offset * np.power(10.0, exponent)
            else:
                np.multiply(values, scaling.factor, out=place, casting="same_kind")


def _amplification(value: str | None, name: str) -> tuple[float, float, tuple[Issue, ...]]:
    if value is None:
        return (
            0.0,
            0.0,
            (_warning("no_amplification", name, "The amplification is missing; it was taken for linear."),),
        )
    parts = [decimal(part) for part in value.split(",")]
    decades, offset = (parts[0], parts[1]) if len(parts) == 2 else (math.nan, math.nan)
    if not (0 <= decades <= MOST_DECADES and offset >= 0):
        wrong = "is not two numbers" if math.isnan(decades + offset) else "is out of range"
        return (
            0.0,
            0.0,
            (
                _warning(
                    "bad_amplification",
                    name,
                    f"The amplification ({quoted(value)}) {wrong}; it was taken for linear.",
                ),
            ),
        )
    return decades, offset or 1.0, ()  # "4,0" is to be read as "4,1", says the standard


def _inverse_gain(value: str | None, name: str) -> tuple[float, tuple[Issue, ...]]:
    if value is None:
        return 1.0, ()
    gain = decimal(value)
    if gain > 0:
        return 1.0 / gain, ()
    if gain == 0:  # several writers put 0 for "no gain"
        return 1.0, ()
    return 1.0, (
        _warning(
            "bad_gain",
            name,
            f"The gain ({quoted(value)}) is no positive number; values were left as they are.",
        ),
    )


def _time_step(value: str | None) -> tuple[float, tuple[Issue, ...]]:
    step = decimal(value) if value is not None else math.nan
    if step > 0:
        return step, ()
    found = "is missing" if value is None else f"({quoted(value)}) is no number of seconds"
    severity = Severity.INFO if value is None else Severity.WARNING
    return 1.0, (
        Issue(
            "fcs.no_time_step",
            severity,
            "$TIMESTEP",
            f"The time step {found}; time is in steps of unknown length.",
        ),
    )


def _log_time() -> Issue:
    message = "Time is on a log scale, where a step means nothing; it is not in seconds."
    return _warning("log_time", "$TIMESTEP", message)


def _warning(code: str, subject: str, message: str) -> Issue:
    return Issue(f"fcs.{code}", Severity.WARNING, subject, message)
