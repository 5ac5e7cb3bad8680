"""One value per patient and window: the one closest to its target day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.knowledge.visit_windows import VisitWindows
from cytorecon.statistics.checked import Places


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
    rows, places = closest_rows(
        table["days_after_transplant"].to_numpy(dtype=np.int64),
        numbered(table, ("measure", "population", "unit", "patient")),
        windows,
    )
    return table.iloc[rows].assign(window_place=places)


def closest_rows(days: npt.NDArray[np.int64], owner: Places, windows: VisitWindows) -> tuple[Places, Places]:
    """Return the rows that stand for the windows, in their order, and the place of the window of each.

    Parameters
    ----------
    days : ndarray of int, shape (n,)
        Day of each row.
    owner : ndarray of int, shape (n,)
        The same number for rows of which a window takes one: those of a patient and a series.
    windows : VisitWindows
        In order, without overlap.

    Examples
    --------
    >>> from cytorecon.knowledge.visit_windows import load_visit_windows
    >>> rows, places = closest_rows(np.array([95, 101, 300]), np.zeros(3, np.intp), load_visit_windows())
    >>> rows.tolist()
    [1, 2]
    """
    starts, ends, targets = (
        np.array([getattr(window, name) for window in windows.windows])
        for name in ("from_day", "to_day", "target_day")
    )
    place = np.searchsorted(starts, days, side="right") - 1
    inside = np.flatnonzero((place >= 0) & (days <= ends[place]))
    place, late = place[inside], days[inside] - targets[place[inside]]
    cell = owner[inside] * len(targets) + place
    # By distance, of two at the same one the earlier: the first of each cell is the one that counts.
    order = np.lexsort((2 * np.abs(late) + (late > 0), cell))
    first = order[np.diff(cell[order], prepend=-1) != 0]
    first.sort()
    return inside[first], place[first]


def numbered(table: pd.DataFrame, names: Sequence[str]) -> Places:
    """Return a number for each row, the same for rows alike in the columns `names`, from 0 by first row.

    Examples
    --------
    >>> numbered(pd.DataFrame({"a": ["x", "y", "x"], "b": "z"}), ["a", "b"])
    array([0, 1, 0])
    """
    texts = [table[name].to_numpy() for name in names]
    # rows next to each other are mostly alike: only the first of each run is looked up
    is_first = np.zeros(len(table), dtype=np.bool_)
    is_first[:1] = True
    for text in texts:
        is_first[1:] |= np.asarray(text[1:] != text[:-1], dtype=np.bool_)
    runs = np.flatnonzero(is_first)
    number = np.zeros(len(runs), dtype=np.intp)
    for text in texts:
        own, known = pd.factorize(text[runs])
        number = number * (len(known) + 1) + own
    return np.repeat(pd.factorize(number)[0].astype(np.intp), np.diff(runs, append=len(table)))
