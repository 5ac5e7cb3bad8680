"""Which patients recover alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from cytorecon.cohort.curves import log_curves
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.statistics.clusters import STABLE, Clusters, trajectory_clusters
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.tables import CLUSTER_COLUMNS

#: Days on which curves are compared; a patient needs visits from the first to the last.
DAYS: Final = (30, 60, 100, 180)
_METHOD: Final = (
    "k-means of log10 on days {days}, straight between visits, values below their limit as the limit; "
    "number of clusters by the silhouette; stability: mean Jaccard similarity over bootstrap samples, below "
    "{stable:g} not a finding; level, low, high: geometric mean and 2.5th to 97.5th percentile of patients' "
    "mean levels"
)


def clusters(
    table: pd.DataFrame,
    *,
    population: str = "CD4_T",
    measure: str = "cells_per_ul",
    days: Sequence[int] = DAYS,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the cluster of each patient by the course of one population.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    population, measure : str
        Of the table.
    days : sequence of int
        In order.
    seed : int
        For starts and resamples.

    Returns
    -------
    DataFrame
        Columns ``tables.CLUSTER_COLUMNS``; clusters are numbered from the lowest level. `n` is the size of
        the cluster. Numbers of a cluster smaller than ``minimum_patients`` are left empty (`suppressed`).

    Raises
    ------
    CytoreconError
        With fewer than 20 patients whose visits reach from the first to the last day.
    """
    curves = log_curves(table, population, measure, days)
    with threadpool_limits(1):
        found = trajectory_clusters(curves.levels, seed=seed)
    least = load_visit_windows().minimum_patients
    method = _METHOD.format(days=", ".join(map(str, days)), stable=STABLE)
    numbers = [_numbers(found, curves.levels, one, least) for one in range(len(found.centres))]
    rows = [
        {
            "patient": patient,
            "population": population,
            "measure": measure,
            "cluster": str(label + 1),
            "n_left_out": curves.left_out,
            "unit": curves.unit,
            "silhouette": found.silhouette,
            "method": method,
            **numbers[label],
        }
        for patient, label in zip(curves.patients, found.labels.tolist(), strict=True)
    ]
    return typed_frame(rows, CLUSTER_COLUMNS)


def _numbers(found: Clusters, levels: npt.NDArray[np.float64], one: int, least: int) -> dict[str, Cell]:
    means = levels[found.labels == one].mean(axis=1)
    if len(means) < least:
        empty: dict[str, Cell] = dict.fromkeys(("level", "low", "high", "stability"))
        return empty | {"n": len(means), "suppressed": True}
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "n": len(means),
        "level": float(10.0 ** means.mean()),
        "low": float(10.0**low),
        "high": float(10.0**high),
        "stability": float(found.stability[one]),
        "suppressed": False,
    }
