"""By what factor two groups differ: Hodges-Lehmann, with values below a limit as what they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Flags, Numbers, numbers, same_length
from cytorecon.statistics.profile import CONFIDENCE


@dataclass(frozen=True, slots=True)
class Shift:
    """A difference of two groups.

    Parameters
    ----------
    least, most : float
        Between these lies the median of all differences; equal where no hidden value decides it.
    low, high : float
        Interval; infinite where hidden values leave it open.
    """

    least: float
    most: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the median does not depend on hidden values."""
        return self.least == self.most


def hodges_lehmann(
    first: npt.ArrayLike,
    first_below: npt.ArrayLike,
    second: npt.ArrayLike,
    second_below: npt.ArrayLike,
    *,
    confidence: float = CONFIDENCE,
) -> Shift:
    r"""Return by how much the first group lies above the second.

    Parameters
    ----------
    first, second : array-like
        Values, or the limits of those below one.
    first_below, second_below : array-like of bool
        Whether they lie below it.
    confidence : float
        Coverage, a fraction.

    Raises
    ------
    CytoreconError
        If a group is empty.

    Notes
    -----
    The median of all differences :math:`x_i - y_j` (Hodges & Lehmann 1963, Ann Math Stat 34:598-611); the
    interval is that of the Mann-Whitney test, the k-th smallest and largest difference with :math:`k = n m /
    2 - z \sqrt{n m (n + m + 1) / 12}`. A value below a limit may be anything down to minus infinity, so each
    of these is taken over the smallest and over the largest possible differences: what is said holds whatever
    the hidden values are.

    Examples
    --------
    >>> hodges_lehmann([3, 4, 5], [False] * 3, [1, 2, 3], [False] * 3).least
    2.0
    """
    x, x_below = _group(first, first_below, "first")
    y, y_below = _group(second, second_below, "second")
    pairs = len(x) * len(y)
    spread = float(norm.ppf((1 + confidence) / 2)) * np.sqrt(pairs * (len(x) + len(y) + 1) / 12)
    place = round(pairs / 2 - spread)
    # the k-th smallest, the two in the middle, and the k-th largest
    wanted = (max(place - 1, 0), (pairs - 1) // 2, pairs // 2, min(pairs - place, pairs - 1))
    least = _of_order(np.where(x_below, -np.inf, x), y, wanted)
    hidden = x_below.any() or y_below.any()
    most = _of_order(x, np.where(y_below, -np.inf, y), wanted) if hidden else least
    low, high = (least[0], most[3]) if place >= 1 else (-np.inf, np.inf)
    # of two middle values of which one is infinite, the infinite one
    return Shift((least[1] + least[2]) / 2, (most[1] + most[2]) / 2, low, high)


def _of_order(x: Numbers, y: Numbers, places: Sequence[int]) -> list[float]:
    """Return the differences at `places`, which ascend from 0 for the smallest."""
    differences = np.subtract.outer(x, y).reshape(-1)
    found: dict[int, float] = {}
    begin = 0
    # One after the other, as several places at once take four times as long.
    for place in dict.fromkeys(places):
        beyond = differences[begin:]
        beyond.partition(place - begin)
        found[place], begin = float(differences[place]), place + 1
    return [found[place] for place in places]


def _group(values: npt.ArrayLike, below: npt.ArrayLike, name: str) -> tuple[Numbers, Flags]:
    own, hidden = numbers(values, name=name), np.asarray(below, dtype=np.bool_)
    if not len(own):
        raise CytoreconError("A group is empty.", subject=name)
    same_length(values=own, below=hidden)
    return own, hidden
