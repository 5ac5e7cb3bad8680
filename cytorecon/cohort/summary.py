"""Medians and quartiles of all patients by visit window, with values below the LLOQ left as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.cohort.windows import closest_rows, numbered
from cytorecon.counts.reported import below_text, measure_text
from cytorecon.knowledge.visit_windows import VisitWindow, VisitWindows, load_visit_windows
from cytorecon.statistics.checked import Flags, Numbers
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.tables import COHORT_COLUMNS
from cytorecon.trajectory.marks import until_the_end

_SERIES: Final = ("measure", "population", "unit")


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of values of which some are only known to lie below a limit.

    Parameters
    ----------
    value : float or None
        The quantile; None when a value below its limit decides it.
    below : float or None
        Then the quantile is known to lie below this.
    """

    value: float | None = None
    below: float | None = None

    def text(self, measure: str) -> str:
        """Return it for people: ``"156"`` or ``"<12"``."""
        if self.below is not None:
            return below_text(self.below)
        return "" if self.value is None else measure_text(self.value, measure)


def cohort_summary(
    table: pd.DataFrame, *, windows: VisitWindows | None = None, patients: Collection[str] | None = None
) -> pd.DataFrame:
    """Return median and quartiles of each population by visit window.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``, on any clock.
    windows : VisitWindows, optional
        The packaged windows by default.
    patients : collection of str, optional
        Who takes part; all by default.

    Returns
    -------
    DataFrame
        Columns ``tables.COHORT_COLUMNS``; in the order of measures and populations in `table`, then
        by window. Each patient enters a window once, with the result closest to its target day
        (the earlier of two at the same distance). With fewer patients than
        ``minimum_patients`` a window has `n` and nothing else (`suppressed`): medians, quartiles
        and `n_censored` would be single persons' values. Samples that bear a day after death are left out.

        Values below the LLOQ are not replaced by anything: a quantile that one of them decides is
        empty, and its ``*_reported`` says what is certain, e.g. ``"<12"``.

    Examples
    --------
    >>> table = pd.DataFrame({"patient": [f"P{n}" for n in range(5)], "days_after_transplant": 98,
    ...     "population": "B", "measure": "cells_per_ul", "unit": "cells/µL",
    ...     "value": [np.nan, 15.0, 20.0, 40.0, 60.0], "lloq": 5.0, "censored": ["left", "", "", "", ""]})
    >>> cohort_summary(table)[["window", "n", "n_censored", "median_reported", "suppressed"]]
        window  n  n_censored median_reported  suppressed
    0  day 100  5           1              20       False
    """
    if patients is not None and not patients:
        return typed_frame([], COHORT_COLUMNS)
    own = windows or load_visit_windows()
    table = until_the_end(table)
    hidden = (table["censored"] == "left").to_numpy(dtype=np.bool_)
    values, limits = (table[name].to_numpy(dtype=np.float64) for name in ("value", "lloq"))
    usable = ~np.isnan(values) | hidden
    if patients is not None:
        usable &= table["patient"].isin(set(patients)).to_numpy(dtype=np.bool_)
    known = np.flatnonzero(usable)
    series = numbered(table, _SERIES)[known]
    owner = series * len(table) + numbered(table, ("patient",))[known]
    days = table["days_after_transplant"].to_numpy(dtype=np.int64)[known]
    chosen, place = closest_rows(days, owner, own)
    cell = series[chosen] * len(own.windows) + place
    order = np.argsort(cell, kind="stable")
    cell, chosen = cell[order], known[chosen[order]]
    censored = hidden[chosen]
    highs = np.where(censored, limits[chosen], values[chosen])
    names = {name: table[name].to_numpy(dtype=np.object_) for name in ("population", "measure", "unit")}
    begins, ends = np.flatnonzero(np.diff(cell, prepend=-1)), np.flatnonzero(np.diff(cell, append=-1)) + 1
    rows: list[dict[str, Cell]] = []
    for begin, end in zip(begins, ends, strict=True):
        about = {name: str(texts[chosen[begin]]) for name, texts in names.items()}
        window = own.windows[int(cell[begin]) % len(own.windows)]
        rows.append(_row(highs[begin:end], censored[begin:end], window, about, own.minimum_patients))
    return typed_frame(rows, COHORT_COLUMNS)


def censored_quantile(
    lows: Sequence[float] | Numbers, highs: Sequence[float] | Numbers, fraction: float
) -> Quantile:
    """Return a quantile of values known as intervals, without putting a number in place of any.

    Parameters
    ----------
    lows, highs : sequence of float
        Each value lies from `low` to `high`; the two are equal for a measured value, and 0 and the
        LLOQ for one below it.
    fraction : float
        0.5 for the median.

    Returns
    -------
    Quantile

    Notes
    -----
    A quantile does not decrease when a value increases, so it lies between the quantile of the lower
    ends and that of the upper ends (order statistics, linear interpolation). Where the two agree it
    is known; where not, the upper one is what can be said.

    Examples
    --------
    >>> censored_quantile([0, 0, 20], [5, 5, 20], 0.5)
    Quantile(value=None, below=5.0)
    """
    (found,) = _quantiles(np.asarray(lows, dtype=np.float64), np.asarray(highs, dtype=np.float64), [fraction])
    return found


def _quantiles(lows: Numbers, highs: Numbers, fractions: Sequence[float]) -> list[Quantile]:
    most = np.quantile(highs, fractions).tolist()
    least = most if lows is highs else np.quantile(lows, fractions).tolist()
    return [
        Quantile(value=high) if low == high else Quantile(below=high)
        for low, high in zip(least, most, strict=True)
    ]


def _row(
    highs: Numbers, censored: Flags, window: VisitWindow, names: dict[str, str], minimum_patients: int
) -> dict[str, Cell]:
    suppressed = len(highs) < minimum_patients
    low = middle = high = Quantile()
    if not suppressed:
        lows = np.where(censored, 0.0, highs) if censored.any() else highs
        low, middle, high = _quantiles(lows, highs, (0.25, 0.5, 0.75))
    measure = names["measure"]
    return {
        "window": window.window,
        "target_day": window.target_day,
        "from_day": window.from_day,
        "to_day": window.to_day,
        **names,
        "n": len(highs),
        "n_censored": None if suppressed else int(censored.sum()),
        "median": middle.value,
        "median_reported": middle.text(measure),
        "quartile_low": low.value,
        "quartile_low_reported": low.text(measure),
        "quartile_high": high.value,
        "quartile_high_reported": high.text(measure),
        "suppressed": suppressed,
        "rule": f"closest to day {window.target_day} of days {window.from_day} to {window.to_day}",
    }
