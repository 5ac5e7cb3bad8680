"""A curve of the probability that something has happened, with what is not known between two days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytorecon.statistics.checked import Numbers
from cytorecon.statistics.innermost import Innermost


@dataclass(frozen=True, slots=True)
class Incidence:
    """Masses in intervals, by day.

    Parameters
    ----------
    after, by : ndarray, shape (steps,)
        The mass lies in (after, by].
    masses : ndarray, shape (steps,)
        Probability of the event in each; they add up to 1 or less.
    """

    after: Numbers
    by: Numbers
    masses: Numbers

    def at(self, day: float) -> float:
        """Return the probability that it has happened by `day`: the mass of intervals that are over."""
        return float(self.masses[self.by <= day].sum())

    def at_most(self, day: float) -> float:
        """Return the same with the mass of the interval that `day` lies in."""
        begun = (self.after < day) | (self.by <= day)
        return float(self.masses[begun].sum())

    def quantile(self, share: float) -> tuple[float, float] | None:
        """Return (after, by], the interval in which the probability passes `share`; None when it does not."""
        # A sum of masses may miss its share by rounding.
        reached = np.flatnonzero(np.cumsum(self.masses) >= share - 1e-9)
        if not len(reached):
            return None
        return float(self.after[reached[0]]), float(self.by[reached[0]])


def incidence(places: Innermost, masses: Numbers, *, cause: int) -> Incidence:
    """Return the curve of one cause.

    Parameters
    ----------
    places : Innermost
        Where mass can lie.
    masses : ndarray
        Of all places.
    cause : int
        From 1.
    """
    own = (places.cause == cause) & (masses > 0)
    order = np.argsort(places.by[own], kind="stable")
    return Incidence(places.after[own][order], places.by[own][order], masses[own][order])
