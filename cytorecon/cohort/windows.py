"""One value per patient and window: the one closest to its target day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cytorecon.knowledge.visit_windows import VisitWindows


def closest_in_windows(table: pd.DataFrame, windows: VisitWindows) -> pd.DataFrame:
    """Return the values that stand for the windows.

    Parameters
    ----------
    table : DataFrame
        Columns of the trajectory table.
    windows : VisitWindows
        In order, without overlap.

    Returns
    -------
    DataFrame
        Rows of `table` with a column `window_place`, the place of the window; of each patient, measure,
        population and unit the one closest to the target day, the earlier of two at the same distance.

    Examples
    --------
    >>> from cytorecon.knowledge.visit_windows import load_visit_windows
    >>> table = pd.DataFrame({"patient": "P1", "days_after_transplant": [95, 101, 300], "measure": "m",
    ...     "population": "B", "unit": "u"})
    >>> closest_in_windows(table, load_visit_windows())["days_after_transplant"].tolist()
    [101, 300]
    """
    days = table["days_after_transplant"].to_numpy(dtype=np.int64)
    starts, ends, targets = (
        np.array([getattr(window, name) for window in windows.windows])
        for name in ("from_day", "to_day", "target_day")
    )
    place = np.searchsorted(starts, days, side="right") - 1
    inside = (place >= 0) & (days <= ends[place])
    own = table.loc[inside].assign(window_place=place[inside])
    distance = np.abs(days[inside] - targets[place[inside]])
    # Sorted by distance and day, the first of each patient is the one that counts.
    order = np.lexsort((days[inside], distance))
    names = ["measure", "population", "unit", "window_place", "patient"]
    chosen = own.iloc[order].drop_duplicates(names)
    return chosen.sort_index(kind="stable")
