"""All patients on one picture: near each other where their counts are alike."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cytorecon.cohort.windows import closest_in_windows
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.visit_windows import VisitWindows, load_visit_windows
from cytorecon.statistics.embedding import cohort_embedding
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.tables import COHORT_MAP_COLUMNS
from cytorecon.trajectory.marks import until_the_end

_METHOD: Final = (
    "principal components of z-scores of log10 within the cohort, result closest to the window's day, "
    "values below their limit as the limit; values not measured are estimated by the components "
    "(known_share says how many were)"
)
_USED: Final = (
    "patient", "days_after_transplant", "population", "measure", "unit", "value", "lloq", "censored",
)  # fmt: skip
#: Populations named beside an axis.
_NAMED: Final = 3


def cohort_map(
    table: pd.DataFrame,
    *,
    window: str = "day 100",
    measure: str = "cells_per_ul",
    windows: VisitWindows | None = None,
) -> pd.DataFrame:
    """Return the position of each patient on a map of the cohort.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    window : str
        Name of the visit window.
    measure : str
        Of the table.
    windows : VisitWindows, optional
        The packaged ones by default.

    Returns
    -------
    DataFrame
        Columns ``tables.COHORT_MAP_COLUMNS``; `x_populations` names those that weigh most on an axis, with
        the sign. `n` patients are shown, `n_left_out` have values of too few populations.

    Raises
    ------
    CytoreconError
        If there is no such window, or too few patients or populations have values.
    """
    own = windows or load_visit_windows()
    names = [item.window for item in own.windows]
    if window not in names:
        raise CytoreconError(
            "There is no such window.",
            subject="cohort_map",
            field="window",
            found=window,
            allowed=", ".join(names),
        )
    span = own.windows[names.index(window)]
    table = until_the_end(table)
    wanted = (table["measure"] == measure) & (table["value"].notna() | (table["censored"] == "left"))
    wanted &= table["days_after_transplant"].between(span.from_day, span.to_day)
    chosen = closest_in_windows(table.loc[wanted, list(_USED)], own)
    level = np.where(chosen["censored"] == "left", chosen["lloq"], chosen["value"]).astype(np.float64)
    wide = (
        chosen.assign(level=np.log10(np.where(level > 0, level, np.nan)))
        .pivot_table(index="patient", columns="population", values="level", sort=False)
        .astype("float64")
    )
    spread = wide.std()
    scores = ((wide - wide.mean()) / spread).loc[:, spread > 0]
    with threadpool_limits(1):
        found = cohort_embedding(scores.to_numpy(dtype=np.float64))
    populations = scores.columns.to_numpy(dtype=np.object_)[found.columns]
    axes = [_named(populations, found.loadings[:, axis]) for axis in (0, 1)]
    shared: dict[str, Cell] = {
        "window": window,
        "unit": "SD",
        "n": len(found.patients),
        "n_left_out": len(scores) - len(found.patients),
        "explained_x": float(found.explained[0]),
        "explained_y": float(found.explained[1]),
        "x_populations": axes[0],
        "y_populations": axes[1],
        "method": _METHOD,
    }
    rows = [
        {
            **shared,
            "patient": str(scores.index[patient]),
            "x": float(found.positions[place, 0]),
            "y": float(found.positions[place, 1]),
            "known_share": float(found.known[place]),
        }
        for place, patient in enumerate(found.patients)
    ]
    return typed_frame(rows, COHORT_MAP_COLUMNS)


def _named(populations: np.ndarray, loadings: np.ndarray) -> str:
    """Return the populations with the largest weights, with sign: ``"+CD4_T +B -NK"``."""
    order = np.argsort(-np.abs(loadings), kind="stable")[:_NAMED]
    return " ".join(f"{'+' if loadings[place] >= 0 else '-'}{populations[place]}" for place in order)
