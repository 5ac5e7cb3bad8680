"""How uncertain a count is because its gates might lie elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from cytorecon.gating.certainty import Move
from cytorecon.results import GateSpread

#: Events added to every count, so that the logarithm of none exists (Anscombe 1956, Biometrika 43:461).
_CONTINUITY: Final = 0.5


def gate_spread(
    population: str, events: Mapping[str, int], wholes: Mapping[str, str], moves: Iterable[Move]
) -> GateSpread:
    """Return how far the count of a population, and its shares, would move with its gates.

    Parameters
    ----------
    population : str
        Which.
    events : mapping of str to int
        Events of every population of the tube.
    wholes : mapping of str to str
        Field of :class:`~cytorecon.results.GateSpread` -> the population it is a share of.
    moves : iterable of Move
        Only those by a standard error count.

    Returns
    -------
    GateSpread
        Standard deviations of natural logarithms.

    Notes
    -----
    Each threshold is put one standard error to either side; the root mean square of the two changes of
    ln(events + 0.5) is its part. Gates were found one by one, so their parts add as squares.

    Examples
    --------
    >>> move = Move("CD19", "CD19", "uncertainty", {"B": (90, 110)}, {"B": (90, 110)})
    >>> spread = gate_spread("B", {"B": 100, "lymphocytes": 1000}, {"of_lymphocytes": "lymphocytes"}, [move])
    >>> round(spread.events, 2), round(spread.of_lymphocytes, 2)
    (0.1, 0.1)
    """
    moved = [move.sides for move in moves if move.to == "uncertainty"]
    own = [_changes(population, events, sides) for sides in moved]
    parts = {"events": math.hypot(*(_rms(change) for change in own))}
    for name, whole in wholes.items():
        of_whole = [_changes(whole, events, sides) for sides in moved]
        parts[name] = math.hypot(
            *(_rms(_difference(one, other)) for one, other in zip(own, of_whole, strict=True))
        )
    return GateSpread(**parts)


def _changes(population: str, events: Mapping[str, int], sides: Mapping[str, tuple[int, ...]]) -> list[float]:
    """Return the change of ln(events) at each position; empty when there is none."""
    now = math.log(events[population] + _CONTINUITY)
    return [math.log(moved + _CONTINUITY) - now for moved in sides.get(population, ())]


def _difference(one: list[float], other: list[float]) -> list[float]:
    if not one or not other:
        return one or other
    return [first - second for first, second in zip(one, other, strict=True)]


def _rms(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0
