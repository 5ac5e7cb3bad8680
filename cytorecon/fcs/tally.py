"""What is noticed of the events while they are read: values that are not finite, nothing but zeros."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from cytorecon.errors import Issue, Severity
from cytorecon.fcs.decode import Block, Run

#: No detector gives more: 24 bits are 2e7, and the sum over a pulse some thousand times that. Floating-point
#: numbers read from the wrong place or in the wrong byte order exceed it in every few events.
LARGEST = 1e15
_LARGEST_SQUARE = LARGEST**2

#: Fewer events of zeros, or zeros in fewer detectors, could be measured.
_FEWEST_ZEROS, _FEWEST_DETECTORS = 4, 2


class Tally:
    """Counts over the blocks of one data set.

    Parameters
    ----------
    detectors : collection of int
        Columns that are not time.
    """

    def __init__(self, detectors: Collection[int]) -> None:
        self._detectors = detectors
        self._events = 0
        self._not_finite = 0
        self._large = 0
        self._only_zeros = True
        self._last: Sequence[Run] = ()

    def see_stored(self, runs: Sequence[Run]) -> None:
        """Look at stored values: a log amplifier makes ones of the zeros of a broken copy."""
        self._last = runs
        if self._only_zeros:
            self._only_zeros = not any(
                run.values[:, column - run.first].any()
                for run in runs
                for column in range(run.first, run.stop)
                if column in self._detectors
            )

    def see(self, block: Block) -> None:
        """Count the events of a finished block."""
        self._events += len(block)
        if block.dtype.kind != "f":
            return
        # One pass in the cache tells that there is nothing to count: the sum of squares grows with
        # any large number and is not finite when a number is not.
        flat = block.reshape(-1)
        if not np.dot(flat, flat) < _LARGEST_SQUARE:
            finite = np.isfinite(block).all(axis=1)
            large = (np.abs(block[:, sorted(self._detectors)]) > LARGEST).any(axis=1)
            self._not_finite += int(np.count_nonzero(~finite))
            self._large += int(np.count_nonzero(finite & large))

    def issues(self) -> list[Issue]:
        """Return what was noticed."""
        if not self._events:
            return [Issue("fcs.no_events", Severity.WARNING, "events", "The data set holds no events.")]
        issues = []
        if self._not_finite:
            message = f"{self._not_finite} of {self._events} events hold a value that is not a finite number."
            issues.append(
                Issue("fcs.not_finite", Severity.WARNING, "events", message, "They lie in no gate.")
            )
        if self._large:
            message = f"{self._large} of {self._events} events hold a number that no detector gives."
            hint = "The events are damaged, shifted or in another byte order: copy or export the file again."
            issues.append(Issue("fcs.implausible", Severity.ERROR, "events", message, hint))
        if self._detectors and self._only_zeros:
            message = "Every value of every detector is zero."
            hint = "The copy was broken: copy the file again."
            issues.append(Issue("fcs.all_zero", Severity.ERROR, "events", message, hint))
        elif (zeros := self._zeros_at_end()) >= _FEWEST_ZEROS:
            message = f"The last {zeros} events (at least) hold nothing but zeros."
            hint = "The copy was broken off, or the disk was full: copy the file again."
            issues.append(Issue("fcs.zeros_at_end", Severity.WARNING, "events", message, hint))
        return issues

    def _zeros_at_end(self) -> int:
        """Count events of the last block, from its end, in which every detector gives zero."""
        columns = [
            run.values[::-1, column - run.first]
            for run in self._last
            for column in range(run.first, run.stop)
            if column in self._detectors
        ]
        if len(columns) < _FEWEST_DETECTORS or any(column[0] for column in columns):
            return 0
        something = np.any([column != 0 for column in columns], axis=0)
        return int(something.argmax()) if something.any() else len(something)
