"""Do the counts of groups differ: by what factor, how often, and how surely."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cytorecon.cohort.groups import Groups
from cytorecon.cohort.windows import closest_in_windows
from cytorecon.counts.reported import measure_text
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.visit_windows import VisitWindows, load_visit_windows
from cytorecon.statistics.checked import Flags, Numbers
from cytorecon.statistics.multiplicity import benjamini_hochberg
from cytorecon.statistics.ranks import rank_test, superiority
from cytorecon.statistics.shift import hodges_lehmann
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.tables import COMPARISON_COLUMNS
from cytorecon.trajectory.marks import until_the_end

_METHOD: Final = (
    "Pairs of patients whose order is certain (Gehan); p-value of the rank test, permuted where a group is "
    "smaller than 10, adjusted over all rows (Benjamini-Hochberg); ratio: Hodges-Lehmann of log10, 95 %, "
    "whatever the values below their limit are; superiority: share of pairs in which the group has the "
    "larger value"
)


def compare_groups(
    table: pd.DataFrame, groups: Groups, *, windows: VisitWindows | None = None, seed: int = 1
) -> pd.DataFrame:
    """Compare each group with the largest one, by window, population and measure.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``.
    groups : Groups
        Two or more.
    windows : VisitWindows, optional
        The packaged ones by default.
    seed : int
        For permutations.

    Returns
    -------
    DataFrame
        Columns ``tables.COMPARISON_COLUMNS``. `ratio` is how many times the values of `versus` those of
        `group` are, empty where hidden values decide it: then `ratio_reported` says between what it lies.
        With fewer than ``minimum_patients`` in one of the two there are `n` and `n_versus` and nothing else.

    Raises
    ------
    CytoreconError
        If there is one group only.

    Notes
    -----
    A measured 0 % is taken as a value below the upper end of its interval. Groups are compared as they are:
    patients were not assigned to them.
    """
    if len(groups.names) < 2:
        raise CytoreconError(
            "A comparison needs two groups.",
            subject="compare_groups",
            field=groups.by,
            found=", ".join(groups.names) or "none",
        )
    own = windows or load_visit_windows()
    table = until_the_end(table)
    usable = table[
        (table["value"].notna() | (table["censored"] == "left")) & table["patient"].isin(list(groups.of))
    ]
    chosen = closest_in_windows(usable, own)
    chosen = chosen.assign(group=chosen["patient"].map(dict(groups.of)))
    rows: list[dict[str, Cell]] = []
    names = ["measure", "population", "unit", "window_place"]
    for (measure, population, _, place), series in chosen.groupby(names, sort=False):
        about = (own.windows[int(str(place))].window, str(population), str(measure), groups.by)
        rows += _rows(series, about, groups.names, own.minimum_patients, seed)
    adjusted = benjamini_hochberg([_number(row["p_value"]) for row in rows])
    rows = [{**row, "p_adjusted": float(value)} for row, value in zip(rows, adjusted, strict=True)]
    return typed_frame(rows, COMPARISON_COLUMNS)


def _number(value: Cell) -> float:
    return float("nan") if value is None else float(value)


def _rows(
    series: pd.DataFrame, about: tuple[str, str, str, str], names: tuple[str, ...], least: int, seed: int
) -> list[dict[str, Cell]]:
    values, below = _values(series)
    group = series["group"].to_numpy(dtype=np.object_)
    window, population, measure, by = about
    versus = group == names[0]
    rows: list[dict[str, Cell]] = []
    for name in names[1:]:
        inside = group == name
        if not inside.any() or not versus.any():
            continue
        small = bool(min(inside.sum(), versus.sum()) < least)
        row: dict[str, Cell] = {
            **dict.fromkeys(COMPARISON_COLUMNS),
            "window": window,
            "population": population,
            "measure": measure,
            "by": by,
            "group": name,
            "versus": names[0],
            "n": int(inside.sum()),
            "n_versus": int(versus.sum()),
            "unit": "times",
            "suppressed": small,
            "method": _METHOD,
        }
        rows.append(row if small else row | _compared(values, below, inside, versus, seed))
    return rows


def _values(series: pd.DataFrame) -> tuple[Numbers, Flags]:
    hidden = (series["censored"] == "left").to_numpy(dtype=np.bool_)
    value = series["value"].to_numpy(dtype=np.float64)
    zero = ~hidden & (value <= 0)
    limits = series["lloq"].to_numpy(dtype=np.float64)
    if zero.any():
        limits = np.where(zero, series["high"].to_numpy(dtype=np.float64), limits)
    return np.where(hidden | zero, limits, value), hidden | zero


def _compared(values: Numbers, below: Flags, inside: Flags, versus: Flags, seed: int) -> dict[str, Cell]:
    both = inside | versus
    logs = np.log10(values)
    test = rank_test(values[both], below[both], inside[both].astype(np.intp), seed=seed)
    shift = hodges_lehmann(logs[inside], below[inside], logs[versus], below[versus])
    share = superiority(values[inside], below[inside], values[versus], below[versus])
    least, most = float(10.0**shift.least), float(10.0**shift.most)
    return {
        "n_censored": int(below[inside].sum()),
        "n_censored_versus": int(below[versus].sum()),
        "ratio": least if shift.known else None,
        "low": float(10.0**shift.low),
        "high": float(10.0**shift.high),
        "ratio_reported": _reported(least, most),
        "superiority": share.share,
        "superiority_low": share.low,
        "superiority_high": share.high,
        "p_value": test.p_value,
    }


def _reported(least: float, most: float) -> str:
    if least == most and np.isfinite(most):
        return measure_text(least, "ratio")
    if not np.isfinite(most):
        return "not known" if least == 0 else f">{measure_text(least, 'ratio')}"
    if least == 0:
        return f"<{measure_text(most, 'ratio')}"
    return f"{measure_text(least, 'ratio')}–{measure_text(most, 'ratio')}"
