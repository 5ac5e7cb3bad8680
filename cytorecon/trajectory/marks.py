"""What the results of one patient say of each other."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.study.frame import objects
from cytorecon.trajectory.points import Points, Texts, Truths
from cytorecon.trajectory.tubes import Places, TubeColumns

#: Put on a visit whose concentration was counted by another method than the one before it.
METHOD_SWITCH: Final = "trajectory.method_switch"
#: Put on a visit whose population was gated by another definition than at the one before it.
DEFINITION_SWITCH: Final = "trajectory.definition_switch"
#: Put on the results of several tubes of one patient, day and panel: one sample twice, or two draws.
SAME_DAY: Final = "trajectory.same_day"

#: Put on the results of a sample that bears a day after the death of its patient (``study.assay.after_end``).
AFTER_FINAL_EVENT: Final = "assay.after_final_event"


def until_the_end(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` without the results of samples that bear a day after the death of their patient.

    Parameters
    ----------
    table : DataFrame
        With the column `review` of ``TRAJECTORY_COLUMNS``; one without it is returned as it is.

    Examples
    --------
    >>> table = pd.DataFrame({"days_after_transplant": [60, 99], "review": ["", "assay.after_final_event"]})
    >>> until_the_end(table)["days_after_transplant"].tolist()
    [60]
    """
    if "review" not in table.columns:
        return table
    late = table["review"].astype("object").str.contains(AFTER_FINAL_EVENT, regex=False, na=False)
    return table[~late].reset_index(drop=True) if late.any() else table


def review_texts(
    points: Points, tubes: TubeColumns, places: Places, definition: Texts, *, is_concentration: bool
) -> Texts:
    """Return the review codes of one population's rows, with those that rows give each other.

    Parameters
    ----------
    points : Points
        The rows.
    tubes : TubeColumns
        All tubes.
    places : ndarray of int
        The tube of each row, in the order of the table.
    definition : ndarray of str
        What was counted in each row.
    is_concentration : bool
        Whether there are count methods that can differ.
    """
    patient, has_result = tubes.place[places], points.has_result
    flags = [(_same_day(tubes.panel[places], has_result), SAME_DAY)]
    if is_concentration:
        counted = np.asarray(points.count_method != "none")
        flags.append((_switched(patient, points.count_method, counted), METHOD_SWITCH))
    flags.append((_switched(patient, definition, has_result), DEFINITION_SWITCH))
    codes = list(points.review)
    for flagged, code in flags:
        for row in np.flatnonzero(flagged).tolist():
            codes[row] = (*codes[row], code)
    return objects([";".join(own) if own else "" for own in codes])


def _same_day(panel: Places, has_result: Truths) -> Truths:
    """Return which results share patient, day and panel with another one."""
    return np.asarray(has_result & (np.bincount(panel, weights=has_result)[panel] > 1))


def _switched(patient: Places, what: Texts, among: npt.NDArray[np.bool_]) -> Truths:
    """Return which rows `among` all have another `what` than the one before of their patient."""
    rows = np.flatnonzero(among)
    own, said = patient[rows], what[rows]
    switched = np.zeros(len(patient), dtype=np.bool_)
    switched[rows[1:]] = (own[1:] == own[:-1]) & (said[1:] != said[:-1])
    return switched
