"""By what factor counts rise, and differ between groups: a mixed model of log counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cytorecon.cohort.groups import Groups, groups_by
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.statistics.censored_mixed import MixedModel, fit_censored_mixed
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Study
from cytorecon.tables import RECOVERY_MODEL_COLUMNS
from cytorecon.trajectory.marks import until_the_end

#: The clock is log10(day / 100): factors between groups are those of day 100.
PIVOT_DAY: Final = 100
_METHOD: Final = (
    "mixed model of log10 by maximum likelihood: log10(day / 100), group, random intercept and slope per "
    "patient; values below their limit enter as what they are, anything below it; interval 95 % (Wald)"
)
_Z: Final = 1.959964


def recovery_model(
    table: pd.DataFrame,
    study: Study,
    *,
    populations: Sequence[str] = ("CD4_T",),
    measure: str = "cells_per_ul",
    groups: Groups | None = None,
    from_day: int = 14,
    to_day: int = 730,
) -> pd.DataFrame:
    """Return level, rise and differences between groups of each population.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    study : Study
        The study it was made of.
    populations : sequence of str
        One model each.
    measure : str
        Of the table.
    groups : Groups, optional
        The largest is the one that others are compared with.
    from_day, to_day : int
        Values on these days enter.

    Returns
    -------
    DataFrame
        Columns ``tables.RECOVERY_MODEL_COLUMNS``. `factor` of ``level on day 100`` is in the unit of the
        measure, of ``tenfold time`` how many times the count is after ten times as long, of a group how many
        times that of the largest group. Groups with fewer patients than ``minimum_patients`` are left out.
    """
    own = groups or groups_by(study)
    least = load_visit_windows().minimum_patients
    rows: list[dict[str, Cell]] = []
    with threadpool_limits(1):
        for population in populations:
            rows += _rows(
                _usable(table, population, measure, from_day, to_day), own, population, measure, least
            )
    return typed_frame(rows, RECOVERY_MODEL_COLUMNS)


def _usable(table: pd.DataFrame, population: str, measure: str, from_day: int, to_day: int) -> pd.DataFrame:
    table = until_the_end(table)
    own = table[(table["population"] == population) & (table["measure"] == measure)]
    hidden = own["censored"] == "left"
    days = own["days_after_transplant"]
    level = own["lloq"].where(hidden, own["value"])
    return own.assign(level=level, hidden=hidden)[(level > 0) & (days >= max(from_day, 1)) & (days <= to_day)]


def _rows(
    values: pd.DataFrame, groups: Groups, population: str, measure: str, least: int
) -> list[dict[str, Cell]]:
    group = values["patient"].map(dict(groups.of))
    sizes = values.groupby(group)["patient"].nunique()
    names = [name for name in groups.names if sizes.get(name, 0) >= least]
    if not names:
        return []
    inside = group.isin(names).to_numpy(dtype=np.bool_)
    values, group = values[inside], group[inside]
    clock = np.log10(values["days_after_transplant"].to_numpy(dtype=np.float64) / PIVOT_DAY)
    ones = np.ones(len(values))
    others = [(group == name).to_numpy(dtype=np.float64) for name in names[1:]]
    found = fit_censored_mixed(
        np.log10(values["level"].to_numpy(dtype=np.float64)),
        values["hidden"].to_numpy(dtype=np.bool_),
        values["patient"].to_numpy(),
        np.column_stack([ones, clock, *others]),
        np.column_stack([ones, clock]),
    )
    terms = ["level on day 100", "tenfold time", *(f"{name} / {names[0]}" for name in names[1:])]
    units = [str(values["unit"].iloc[0]), *["times"] * (len(terms) - 1)]
    return [
        _row(found, place, terms[place], units[place], groups.by, population, measure)
        for place in range(len(terms))
    ]


def _row(
    found: MixedModel, place: int, term: str, unit: str, by: str, population: str, measure: str
) -> dict[str, Cell]:
    effect, error = float(found.fixed[place]), float(found.standard_errors[place])
    return {
        "population": population,
        "measure": measure,
        "by": by,
        "term": term,
        "factor": 10.0**effect,
        "low": 10.0 ** (effect - _Z * error),
        "high": 10.0 ** (effect + _Z * error),
        "unit": unit,
        "n": found.patients,
        "n_values": found.values,
        "n_censored": found.censored,
        "suppressed": False,
        "method": _METHOD,
    }
