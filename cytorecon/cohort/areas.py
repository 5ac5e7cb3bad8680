"""Mean level of each patient's counts over the first hundred days."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cytorecon.cohort.windows import numbered
from cytorecon.statistics.area import areas_under_curves
from cytorecon.tables import AREA_COLUMNS
from cytorecon.trajectory.marks import until_the_end

_METHOD: Final = (
    "area under the curve of log10 by trapezoids, as its geometric mean level; from least to most what "
    "values below their limit may be (counts below 1 count as 1); days before the first and after the last "
    "visit are not seen"
)


def recovery_areas(
    table: pd.DataFrame, *, start: int = 0, end: int = 100, measure: str = "cells_per_ul"
) -> pd.DataFrame:
    """Return the mean level of each patient and population over a span of days.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    start, end : int
        The span, days after the anchor.
    measure : str
        Of the table.

    Returns
    -------
    DataFrame
        Columns ``tables.AREA_COLUMNS``; one row per population and patient with two days in reach of the
        span. `mean_level` is empty where `low` and `high` differ, as hidden values decide it; `coverage` is
        the share of the span between visits. Multiply log10 of the level by `days_seen` for the area itself.
    """
    table = until_the_end(table)
    all_hidden = (table["censored"] == "left").to_numpy(dtype=np.bool_)
    known = table["value"].notna().to_numpy() | all_hidden
    usable = np.flatnonzero((table["measure"] == measure).to_numpy() & known)
    if not len(usable):
        return _frame(table, usable, {})
    # by population and patient, numbered anew as some have no row that is usable
    curve = pd.factorize(numbered(table, ("population", "patient"))[usable])[0]
    hidden = all_hidden[usable]
    days = table["days_after_transplant"].to_numpy(dtype=np.float64)[usable]
    values = np.where(hidden, table["lloq"].to_numpy()[usable], table["value"].to_numpy()[usable])
    found = areas_under_curves(curve, days, values, hidden, start=start, end=end, scale="log10")
    inside = (days >= start) & (days <= end)
    seen = np.flatnonzero(found.days > 0)
    spans = found.days[seen]
    low, high = (10.0 ** (side[seen] / spans) for side in (found.low, found.high))
    size = len(found.days)
    numbers = {
        "from_day": np.full(len(seen), start),
        "to_day": np.full(len(seen), end),
        "n": np.bincount(curve[inside], minlength=size)[seen],
        "n_censored": np.bincount(curve[inside & hidden], minlength=size)[seen],
        # Two sums in a different order may differ in the last bit.
        "mean_level": np.where(high - low <= 1e-9 * high, high, np.nan),
        "low": low,
        "high": high,
        "days_seen": spans,
        "coverage": spans / (end - start),
    }
    first = np.unique(curve, return_index=True)[1]
    return _frame(table, usable[first[seen]], numbers)


def _frame(table: pd.DataFrame, rows: np.ndarray, numbers: dict[str, np.ndarray]) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for name in AREA_COLUMNS:
        if name in ("patient", "population", "measure", "unit"):
            columns[name] = table[name].iloc[rows].reset_index(drop=True).astype("object")
        elif name == "method":
            columns[name] = pd.Series([_METHOD] * len(rows), dtype="object")
        else:
            whole = name in ("from_day", "to_day", "n", "n_censored")
            columns[name] = pd.Series(numbers.get(name, np.zeros(0)), dtype="Int64" if whole else "float64")
    return pd.DataFrame(columns)
