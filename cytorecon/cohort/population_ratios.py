"""Ratios of populations of one tube: CD4 to CD8, naive to memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.counts.reported import measure_text
from cytorecon.statistics.checked import Numbers
from cytorecon.study.frame import typed_frame
from cytorecon.tables import RATIO_COLUMNS, TUBE_COLUMNS

_METHOD: Final = (
    "{above} / {below} in the same tube; interval (95 %) from those of the parts, where all have one, as "
    "independent and log-normal; a part below its limit makes it a limit"
)
#: Two-sided 95 % of the normal distribution.
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio: name as a population, and the populations above and below the line."""

    name: str
    above: tuple[str, ...]
    below: tuple[str, ...]


#: Memory: CD45RA-negative, central and effector (populations.csv).
RATIOS: Final = (
    Ratio("CD4_CD8_ratio", ("CD4_T",), ("CD8_T",)),
    Ratio("CD4_naive_memory_ratio", ("CD4_naive",), ("CD4_CM", "CD4_EM")),
    Ratio("CD8_naive_memory_ratio", ("CD8_naive",), ("CD8_CM", "CD8_EM")),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A sum of populations in each tube: from `least` to `most` (equal when measured), and its log error.

    The error is NaN where a measured part has no interval.
    """

    least: Numbers
    most: Numbers
    error: Numbers


def ratios(table: pd.DataFrame, *, wanted: tuple[Ratio, ...] = RATIOS) -> pd.DataFrame:
    """Return the ratios of every tube in which both parts were counted.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS`` with cells/µL.
    wanted : tuple of Ratio
        CD4 to CD8 and naive to memory by default.

    Returns
    -------
    DataFrame
        Columns ``tables.RATIO_COLUMNS``. `n` is the number of populations it is made of. `censored` is
        ``left`` where the part above the line is below its limit (`lloq` is then the largest it may be),
        ``right`` where the part below the line is (`low` is then the least) and ``interval`` where one of
        several parts is; where both sides are, there is no row. A ratio of measured parts has no interval
        where one of them has none; the limits of a censored one are then those of its parts alone.
    """
    names = {name for ratio in wanted for name in (*ratio.above, *ratio.below)}
    usable = table[(table["measure"] == "cells_per_ul") & table["population"].isin(names)]
    usable = usable[usable["value"].notna() | (usable["censored"] == "left")]
    tubes = usable.drop_duplicates("tube")[list(TUBE_COLUMNS)].reset_index(drop=True)
    cells = {
        str(population): found.drop_duplicates("tube").set_index("tube").reindex(tubes["tube"])
        for population, found in usable.groupby("population", sort=False)
    }
    parts = [
        _of_ratio(ratio, tubes, _part(cells, ratio.above), _part(cells, ratio.below))
        for ratio in wanted
        if all(name in cells for name in (*ratio.above, *ratio.below))
    ]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else typed_frame([], RATIO_COLUMNS)


def _part(cells: Mapping[str, pd.DataFrame], names: tuple[str, ...]) -> _Part:
    """Return a sum of populations; NaN in tubes in which one of them was not counted."""
    least = most = squares = np.zeros(len(cells[names[0]]))
    for name in names:
        value, low, high, lloq = (
            cells[name][column].to_numpy(dtype=np.float64) for column in ("value", "low", "high", "lloq")
        )
        hidden = (cells[name]["censored"] == "left").to_numpy(dtype=np.bool_)
        least = least + np.where(hidden, 0.0, value)
        most = most + np.where(hidden, lloq, value)
        known = (low > 0) & (high > 0)
        width = np.log(np.divide(high, low, out=np.full_like(low, np.nan), where=known)) / (2 * _Z)
        # nothing is known of the error of a value without an interval; one below its limit has none to add
        squares = squares + np.where(hidden | (value == 0), 0.0, (value * width) ** 2)
    error = np.divide(np.sqrt(squares), least, out=np.zeros_like(least), where=least > 0)
    return _Part(least, most, error)


def _of_ratio(ratio: Ratio, tubes: pd.DataFrame, above: _Part, below: _Part) -> pd.DataFrame:
    counted = ~np.isnan(above.most) & ~np.isnan(below.most) & (below.most > 0)
    place = np.flatnonzero(counted & ((above.least > 0) | (below.least > 0)))
    own = [_Part(part.least[place], part.most[place], part.error[place]) for part in (above, below)]
    error = np.hypot(own[0].error, own[1].error)
    least = own[0].least / own[1].most
    most = np.divide(own[0].most, own[1].least, out=np.full(len(place), np.inf), where=own[1].least > 0)
    known = (own[0].least == own[0].most) & (own[1].least == own[1].most)
    spread = np.exp(_Z * np.where(known, error, np.nan_to_num(error)))
    left, right = ~known & (own[0].least == 0), ~known & np.isinf(most)
    kind = np.select([known, left, right], ["", "left", "right"], "interval").astype(np.object_)
    method = _METHOD.format(above=" + ".join(ratio.above), below=" + ".join(ratio.below))
    columns = tubes.iloc[place].reset_index(drop=True)
    return columns.assign(
        population=ratio.name,
        measure="ratio",
        n=pd.array([len(ratio.above) + len(ratio.below)] * len(place), dtype="Int64"),
        value=np.where(known, least, np.nan),
        unit="ratio",
        low=least / spread,
        high=np.where(np.isfinite(most), most * spread, np.nan),
        lloq=np.where(left, most, np.nan),
        censored=kind,
        reported=[_reported(*cell) for cell in zip(kind, least.tolist(), most.tolist(), strict=True)],
        method=method,
    )[list(RATIO_COLUMNS)]


def _reported(kind: str, least: float, most: float) -> str:
    if kind == "left":
        return f"<{measure_text(most, 'ratio')}"
    if kind == "right":
        return f">{measure_text(least, 'ratio')}"
    text = measure_text(least, "ratio")
    return f"{text}–{measure_text(most, 'ratio')}" if kind else text
