"""What float32 does not hold: whole numbers above 2**24, and doubles.

Detectors lose less than one part in 16 million, which no analysis notices. A clock that begins far from
zero loses more: at 1.7e9 neighbouring numbers are 128 apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cytorecon.errors import Issue, Severity
from cytorecon.fcs.decode import Run
from cytorecon.fcs.storage import Kind, Storage
from cytorecon.sample import Channel, ChannelRole

#: float32 has 24 bits for the digits of a number.
_EXACT_BITS = 24
_LARGEST_EXACT = 2**_EXACT_BITS

#: Over fewer steps a change with time is not seen any more.
_FEWEST_STEPS = 1000


class Precision:
    """Watches the stored values of one data set that become float32.

    Parameters
    ----------
    storage : Storage
        How they are stored; columns that float32 holds are not looked at.
    channels : sequence of Channel
        What they are.
    """

    def __init__(self, storage: Storage, channels: Sequence[Channel]) -> None:
        self._columns = {
            index
            for index, (kind, mask) in enumerate(zip(storage.kinds, storage.masks, strict=True))
            if kind in (Kind.DOUBLE, Kind.ASCII) or mask.bit_length() > _EXACT_BITS
        }
        self._channels = channels
        self._rounded: set[int] = set()
        self._least, self._most = np.inf, -np.inf

    def see(self, runs: Sequence[Run]) -> None:
        """Look at the stored values of a block."""
        for run in runs:
            if self._columns.isdisjoint(range(run.first, run.stop)):
                continue
            self._see_time(run)
            # Over all columns at once it is several times as quick; NaN fails the comparison.
            if run.values.max() <= _LARGEST_EXACT and run.values.min() >= -_LARGEST_EXACT:
                continue
            for column in sorted(self._columns.intersection(range(run.first, run.stop)) - self._rounded):
                values = run.values[:, column - run.first]
                if (np.abs(values) > _LARGEST_EXACT).any() and _is_rounded(values):
                    self._rounded.add(column)

    def _see_time(self, run: Run) -> None:
        for column in self._columns.intersection(range(run.first, run.stop)):
            if self._channels[column].role is ChannelRole.TIME:
                values = run.values[:, column - run.first]
                self._least = min(self._least, float(np.fmin.reduce(values)))
                self._most = max(self._most, float(np.fmax.reduce(values)))

    def issues(self) -> list[Issue]:
        """Return what was noticed."""
        time = {column for column in self._rounded if self._channels[column].role is ChannelRole.TIME}
        issues = []
        if detectors := sorted(self._rounded - time):
            names = [self._channels[column].name for column in detectors]
            which = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            message = f"Numbers above {_LARGEST_EXACT} were rounded, by less than one part in 16 million."
            issues.append(Issue("fcs.rounded", Severity.INFO, which, message))
        if time and 0 < self._most - self._least < _FEWEST_STEPS * _step_at(max(-self._least, self._most)):
            (column,) = time
            message = (
                "Time begins so far from zero that its precision was lost: changes with time are not seen."
            )
            hint = "linearize=False gives the stored times."
            issues.append(
                Issue("fcs.time_rounded", Severity.WARNING, self._channels[column].name, message, hint)
            )
        return issues


def _step_at(value: float) -> float:
    """Distance of neighbouring numbers in float32; NaN where it has none, which Tally counts."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.spacing(np.float32(value)))


def _is_rounded(values: npt.NDArray[np.floating | np.unsignedinteger]) -> bool:
    short = values.astype(np.float32)
    return bool((np.isfinite(short) & (short.astype(np.float64) != values.astype(np.float64))).any())
