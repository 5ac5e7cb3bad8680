"""Ratios of sums of populations at the latest visit that has them all."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def latest_ratio(
    table: pd.DataFrame, patient: str, above: Sequence[str], below: Sequence[str]
) -> tuple[int, float] | None:
    """Return day and value of a ratio of concentrations; None when no day has all parts above the LLOQ.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    patient : str
        Pseudonym.
    above, below : sequence of str
        Populations whose sums are divided. They may come from several tubes of one day. Of a day with two
        values of one population there is no ratio: nobody knows which of them is meant.

    Examples
    --------
    >>> table = pd.DataFrame({"patient": "P01", "days_after_transplant": [30, 30, 60],
    ...     "measure": "cells_per_ul", "population": ["Treg", "Th17", "Treg"], "value": [12.0, 6.0, 30.0]})
    >>> latest_ratio(table, "P01", ["Treg"], ["Th17"])
    (30, 2.0)
    """
    parts = (*above, *below)
    own = table[
        (table["patient"] == patient)
        & (table["measure"] == "cells_per_ul")
        & table["population"].isin(parts)
        & table["value"].notna()
    ]
    days = own["days_after_transplant"].astype(int)
    for day in sorted(set(days), reverse=True):
        rows = own[days == day]
        values = dict(zip(rows["population"], rows["value"].astype(float), strict=True))
        if len(rows) == len(values) == len(parts):
            whole = sum(values[name] for name in below)
            return (day, sum(values[name] for name in above) / whole) if whole else None
    return None
