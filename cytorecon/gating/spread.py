"""How uncertain a count is because its gates might lie elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from cytorecon.gating.certainty import Move
from cytorecon.results import GateSpread

#: Standard errors from a count to another way of counting: of a cloud in doubt (``otherwise``) the other
#: count just lies within the interval of 95 %.
_ERRORS: Final = {"uncertainty": 1.0, "otherwise": 1.96}
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
        Only those by a standard error, and to what a cloud in doubt might hold, count.

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
    counted = [move for move in moves if move.to in _ERRORS]
    own = [_changes(population, events, move) for move in counted]
    parts = {"events": math.hypot(*(_rms(change) for change in own))}
    for name, whole in wholes.items():
        of_whole = [_changes(whole, events, move) for move in counted]
        parts[name] = math.hypot(
            *(_rms(_difference(one, other)) for one, other in zip(own, of_whole, strict=True))
        )
    return GateSpread(**parts)


def _changes(population: str, events: Mapping[str, int], move: Move) -> list[float]:
    """Return the change of ln(events) by one standard error; empty when there is none."""
    now, errors = math.log(events[population] + _CONTINUITY), _ERRORS[move.to]
    return [(math.log(moved + _CONTINUITY) - now) / errors for moved in move.sides.get(population, ())]


def _difference(one: list[float], other: list[float]) -> list[float]:
    if not one or not other:
        return one or other
    return [first - second for first, second in zip(one, other, strict=True)]


def _rms(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0
