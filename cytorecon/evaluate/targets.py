"""What has to be reached, what was measured, and which tubes stand in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from cytorecon.knowledge.evaluation import Target

TARGET_COLUMNS: Final = (
    "dataset", "regime", "measure", "population", "cells", "results", "target",
    "measured", "p10", "worst", "met",
)  # fmt: skip
MISSED_COLUMNS: Final = (
    "dataset", "regime", "measure", "population", "batch", "tube", "true", "found", "f1", "status",
    "review", "instability",
)  # fmt: skip
#: So many of the worst results are shown for each target that was missed.
WORST: Final = 10

#: What the largest number of events found is called; the only measure that is neither F1 nor a share.
COUNTED: Final = "most cells found"

_WORDS: Final = {
    "f1": "F1, median",
    "not_detected": "share 'not detected'",
    "most_found": COUNTED,
    "detected": "share detected",
    "close": "share within 2 sqrt(n) + 3",
    "accepted": "share accepted",
    "wrong_accepted": "share wrong of accepted",
}


def target_table(scores: pd.DataFrame, targets: Sequence[Target]) -> pd.DataFrame:
    """Return each target with what was measured, by set and regime, columns ``TARGET_COLUMNS``.

    Only our own results are held against targets. `met` is None where no result can tell.
    """
    rows = []
    for target, group in _asked(scores, targets):
        values = _values(group, target)
        known = values.dropna()
        measured = _measured(known, target)
        rows.append(
            {
                "dataset": group["dataset"].iloc[0],
                "regime": group["regime"].iloc[0],
                "measure": _WORDS[target.measure],
                "population": target.population or "all",
                "cells": _cells(target),
                "results": len(known),
                "target": target.limit,
                "measured": measured,
                "p10": known.quantile(0.1) if target.measure == "f1" else None,
                "worst": known.min() if target.measure == "f1" else None,
                "met": None if measured is None else target.is_met(measured),
            }
        )
    return pd.DataFrame(rows, columns=list(TARGET_COLUMNS))


def missed_table(scores: pd.DataFrame, targets: Sequence[Target]) -> pd.DataFrame:
    """Return the worst results of each target that was missed, columns ``MISSED_COLUMNS``."""
    tables = []
    for target, group in _asked(scores, targets):
        values = _values(group, target)
        measured = _measured(values.dropna(), target)
        if measured is None or target.is_met(measured):
            continue
        order = values.dropna().astype("float64").sort_values(ascending=target.at_least is not None)
        bad = order[order != (1.0 if target.at_least is not None else 0.0)].index[:WORST]
        tables.append(group.loc[bad].assign(measure=_WORDS[target.measure])[list(MISSED_COLUMNS)])
    return pd.concat(tables) if tables else pd.DataFrame(columns=list(MISSED_COLUMNS))


def _asked(scores: pd.DataFrame, targets: Sequence[Target]) -> list[tuple[Target, pd.DataFrame]]:
    ours = scores[scores["method"] == "cytorecon"]
    asked = []
    for (dataset, regime), group in ours.groupby(["dataset", "regime"], sort=False):
        for target in targets:
            if target.laboratory and not str(dataset).endswith(target.laboratory):
                continue
            if (target.cells is not None) != (regime == "diluted") and not _is_planted(group, target):
                continue
            chosen = _chosen(group, target)
            if len(chosen):
                asked.append((target, chosen))
    return asked


def _is_planted(group: pd.DataFrame, target: Target) -> bool:
    return target.cells is not None and bool(group["planted"].notna().any())


def _chosen(group: pd.DataFrame, target: Target) -> pd.DataFrame:
    chosen = group[group["true"] >= target.least_cells]
    if target.population:
        chosen = chosen[chosen["population"] == target.population]
    if target.cells is not None:
        chosen = chosen[chosen["planted"].fillna(-1) == target.cells]
    return chosen


def _values(group: pd.DataFrame, target: Target) -> pd.Series[float]:
    match target.measure:
        case "f1":
            return group["f1"]
        case "not_detected":
            return (group["status"] == "not_detected").astype("float64")
        case "detected":
            return group["is_detected"].astype("float64")
        case "close":
            return group["is_close"].astype("float64")
        case "most_found":
            return group["found"].astype("Float64").astype("float64")
        case "accepted":
            return group["is_accepted"].astype("float64")
        case "wrong_accepted":
            return group["is_wrong"].astype("float64").where(group["is_accepted"])


def _measured(known: pd.Series[float], target: Target) -> float | None:
    if not len(known):
        return None
    if target.measure == "f1":
        return float(known.median())
    return float(known.max()) if target.measure == "most_found" else float(known.mean())


def _cells(target: Target) -> str:
    if target.cells is not None:
        return str(target.cells)
    return f">= {target.least_cells}" if target.least_cells else ""
