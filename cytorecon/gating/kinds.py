"""Events that lie in the same gates are alike to every expression: a tube has some hundred kinds of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.gating.expressions import population_masks
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import Template

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


@dataclass(frozen=True, slots=True)
class Turned:
    """What populations would hold if every event lay inside one gate, or none.

    Parameters
    ----------
    populations : tuple of str
        Rows of the following.
    now : ndarray of bool, shape (populations, kinds)
        Which kinds each holds.
    inside, outside : mapping of str to ndarray of bool, shape (populations, kinds)
        Which it would hold, by gate.
    """

    populations: tuple[str, ...]
    now: Mask
    inside: Mapping[str, Mask]
    outside: Mapping[str, Mask]

    def without(self, gate: str, kinds: Kinds) -> Mask:
        """Return what populations would hold if the gate were turned over."""
        turned: Mask = np.where(kinds.gates[gate], self.outside[gate], self.inside[gate])
        return turned


def turned(template: Template, kinds: Kinds, absent: frozenset[str] = frozenset()) -> Turned:
    """Evaluate all populations anew for each gate, all gates at once: one row for each way it is turned."""
    rows = 2 * len(kinds.gates)
    gates = {name: np.tile(mask, (rows, 1)) for name, mask in kinds.gates.items()}
    for place, name in enumerate(kinds.gates):
        gates[name][2 * place] = kinds.everything
        gates[name][2 * place + 1] = False
    everything = np.tile(kinds.everything, (rows, 1))
    made = population_masks(template, gates, everything, absent)
    populations = tuple(name for name in made if name in kinds.populations)
    if not populations:
        nothing = np.zeros((0, kinds.events.size), dtype=bool)
        return Turned((), nothing, dict.fromkeys(kinds.gates, nothing), dict.fromkeys(kinds.gates, nothing))
    every = np.stack([made[name] for name in populations])
    return Turned(
        populations=populations,
        now=np.stack([kinds.populations[name] for name in populations]),
        inside={name: every[:, 2 * place] for place, name in enumerate(kinds.gates)},
        outside={name: every[:, 2 * place + 1] for place, name in enumerate(kinds.gates)},
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
