"""The log counts of patients on the same days, read off between visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.trajectory.marks import until_the_end


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of patients who were seen long enough.

    Parameters
    ----------
    patients : tuple of str
        In the order of the table.
    levels : ndarray, shape (patients, days)
        log10 of the measure; a value below its limit enters as the limit.
    left_out : int
        Patients whose visits do not reach from the first day to the last.
    unit : str
        Of the measure.
    """

    patients: tuple[str, ...]
    levels: npt.NDArray[np.float64]
    left_out: int
    unit: str


def log_curves(table: pd.DataFrame, population: str, measure: str, days: Sequence[int]) -> Curves:
    """Return the curves of one population on `days`, straight in log10 between visits and never beyond them.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    population, measure : str
        Of the table.
    days : sequence of int
        In order.
    """
    table = until_the_end(table)
    own = table[(table["population"] == population) & (table["measure"] == measure)]
    own = own[own["value"].notna() | (own["censored"] == "left")]
    codes, names = pd.factorize(own["patient"])
    seen = own["days_after_transplant"].to_numpy(dtype=np.float64)
    value = np.where(own["censored"] == "left", own["lloq"], own["value"]).astype(np.float64)
    usable = np.flatnonzero(value > 0)
    order = usable[np.lexsort((seen[usable], codes[usable]))]
    courses = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(order) else []
    reaching = [visits for visits in courses if seen[visits[0]] <= days[0] and seen[visits[-1]] >= days[-1]]
    levels = [np.interp(days, seen[visits], np.log10(value[visits])) for visits in reaching]
    unit = str(own["unit"].iloc[0]) if len(own) else ""
    matrix = np.array(levels, dtype=np.float64).reshape(len(levels), len(days))
    patients = tuple(str(names[codes[visits[0]]]) for visits in reaching)
    return Curves(patients, matrix, len(names) - len(patients), unit)
