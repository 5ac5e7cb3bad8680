"""Events that lie in the same gates are alike to every expression: a tube has some hundred kinds of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Mask

Numbers = npt.NDArray[np.intp]

#: Kinds are numbered anew when their numbers have grown beyond this.
_LARGEST = 1 << 12


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of events of one tube; what is asked of each event can be asked of each kind.

    Parameters
    ----------
    of_event : ndarray of int, shape (events,)
        The kind of each event.
    events : ndarray of int, shape (kinds,)
        How many events are of each kind; at least one.
    gates, populations : mapping of str to ndarray of bool, shape (kinds,)
        Which kinds lie inside.
    everything : ndarray of bool, shape (kinds,)
        Which have a place on every axis.
    """

    of_event: Numbers
    events: Numbers
    gates: Mapping[str, Mask]
    populations: Mapping[str, Mask]
    everything: Mask

    def count(self, kinds: Mask) -> int:
        """Return how many events are of any of these `kinds`."""
        return int(self.events[kinds].sum())


def kinds_of(gated: GatedSample) -> Kinds:
    """Return the kinds of events of a tube."""
    of_event = distinct([gated.everything, *gated.gate_masks.values()])
    events = np.bincount(of_event)
    one_of_each = np.empty(events.size, dtype=np.intp)
    one_of_each[of_event] = np.arange(of_event.size)
    return Kinds(
        of_event=of_event,
        events=events,
        gates={name: mask[one_of_each] for name, mask in gated.gate_masks.items()},
        populations={name: mask[one_of_each] for name, mask in gated.masks.items()},
        everything=gated.everything[one_of_each],
    )


def distinct(masks: Iterable[Mask]) -> Numbers:
    """Return a number for each event, from 0 without gaps, the same for events that no mask tells apart.

    Examples
    --------
    >>> distinct([np.array([True, True, False]), np.array([False, True, False])]).tolist()
    [1, 2, 0]
    """
    listed = list(masks)
    numbers, largest = np.zeros(listed[0].size, dtype=np.intp), 0
    for first in range(0, len(listed), 8):
        if largest > _LARGEST:
            numbers = _without_gaps(numbers)
            largest = int(numbers.max(initial=0))
        eight = np.zeros(numbers.size, dtype=np.uint8)
        for mask in listed[first : first + 8]:
            eight <<= 1
            eight |= mask.view(np.uint8)
        numbers *= 256
        numbers += eight
        largest = 256 * largest + 255
    return _without_gaps(numbers)


def _without_gaps(numbers: Numbers) -> Numbers:
    taken = np.bincount(numbers) > 0
    return (np.cumsum(taken) - 1)[numbers]
