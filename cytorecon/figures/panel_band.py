"""One window of the cohort's own band."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BandWindow:
    """Median and quartiles of one visit window; None where a value below the LLOQ decides one.

    Parameters
    ----------
    window : str
        Name of the window, e.g. ``day 100``.
    day : int
        Day it stands for.
    n : int
        Patients in it.
    low, median, high : float or None
        In the unit of the measure.
    text : str
        The same in words.
    """

    window: str
    day: int
    n: int
    low: float | None
    median: float | None
    high: float | None
    text: str
