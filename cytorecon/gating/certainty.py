"""What is known about how certain the count of a population is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Detection:
    """The test of one population.

    Parameters
    ----------
    background : float
        Events expected in the population's gate when the population is absent.
    detected : bool
        Whether its events are more than the background explains.
    is_mixed : bool
        Whether it was detected, and neighbours explain more of its events than they may.
    """

    background: float
    detected: bool
    is_mixed: bool = False


@dataclass(frozen=True, slots=True)
class Reliance:
    """How one population depends on one gate.

    Parameters
    ----------
    gate, population : str
        Which.
    lost : int
        Events it would lose were the gate turned over.
    leaked : float
        Expected number of its events that belong to neighbours on the other side of the gate; 0 for
        gates without a threshold and for large populations.
    """

    gate: str
    population: str
    lost: int
    leaked: float


@dataclass(frozen=True, slots=True)
class Move:
    """How counts change when one threshold moves.

    Parameters
    ----------
    gate, part : str
        What moves.
    to : {"uncertainty", "alternative", "otherwise"}
        By its standard error to either side, or to where it might as well lie: the tube's own valley
        where the batch's position was used, the batch's where the tube's was. ``otherwise``: of a cloud
        in doubt, to what one threshold would leave with it.
    events : mapping of str to (int, int)
        Fewest and most events of each population that changes.
    sides : mapping of str to tuple of int
        Events of each population that changes, at each of the positions tried.
    """

    gate: str
    part: str
    to: str
    events: Mapping[str, tuple[int, int]]
    sides: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
