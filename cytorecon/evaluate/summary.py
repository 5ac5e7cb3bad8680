"""Tables over tubes: agreement, detection of few cells, and what is worth a look."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.counts.intervals import binomial_interval
from cytorecon.evaluate.intervals import cluster_interval
from cytorecon.knowledge.evaluation import EvaluationRules

GROUP: Final = ["dataset", "regime", "method", "population"]
#: Seed of the bootstrap.
SEED: Final = 1

AGREEMENT_COLUMNS: Final = (
    *GROUP, "results", "not_evaluable", "f1_results", "f1_median", "f1_low", "f1_high", "f1_p10",
    "f1_worst", "worst_tube", "precision_median", "recall_median", "log10_ratio_median",
    "bias_of_parent_median", "bias_of_parent_worst", "percent_wrong",
)  # fmt: skip
DETECTION_COLUMNS: Final = (
    *GROUP, "cells", "results", "detected", "detected_low", "detected_high", "not_detected",
    "not_detected_low", "not_detected_high", "close", "close_low", "close_high", "found_median",
    "found_worst", "worst_tube",
)  # fmt: skip
REVIEW_COLUMNS: Final = (
    "dataset", "regime", "results", "evaluable", "accepted", "percent_accepted", "accepted_low",
    "accepted_high", "wrong", "wrong_accepted", "percent_wrong_accepted", "wrong_accepted_low",
    "wrong_accepted_high",
)  # fmt: skip
RISK_COLUMNS: Final = ("dataset", "regime", "accepted_share", "wrong_share", "review", "instability")


def agreement_table(scores: pd.DataFrame, rules: EvaluationRules) -> pd.DataFrame:
    """Return agreement by set, regime, method and population, columns ``AGREEMENT_COLUMNS``.

    F1 is summarised over tubes with at least ``f1_least_cells`` true cells. A population that was
    not evaluable has no F1; it is counted in `not_evaluable`. Intervals draw whole patients.
    """
    rows = [
        dict(zip(GROUP, keys, strict=True)) | _agreement(group, rules)
        for keys, group in _groups(scores[scores["regime"] != "diluted"])
    ]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def detection_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how few cells are found, by the number that was planted, columns ``DETECTION_COLUMNS``.

    Limits of shares are Clopper-Pearson's and treat results as independent.
    """
    planted = scores[scores["planted"].notna()]
    rows = [
        dict(zip(GROUP, keys, strict=True)) | {"cells": cells} | _detection(group)
        for keys, same in _groups(planted)
        for cells, group in same.groupby("planted")
    ]
    return pd.DataFrame(rows, columns=list(DETECTION_COLUMNS))


def review_table(scores: pd.DataFrame, rules: EvaluationRules) -> pd.DataFrame:
    """Return what is accepted without a look and how much of it is wrong, columns ``REVIEW_COLUMNS``.

    Ours only. Shares are of all results, those that were not evaluable among them; limits draw
    whole patients, and are Clopper-Pearson's where nothing is wrong.
    """
    rows = []
    for (dataset, regime), group in _ours(scores).groupby(["dataset", "regime"], sort=False):
        rows.append({"dataset": dataset, "regime": regime} | _review(group, rules))
    return pd.DataFrame(rows, columns=list(REVIEW_COLUMNS))


def risk_coverage(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the share of wrong results against the share accepted, columns ``RISK_COLUMNS``.

    Results without a review code come first, each part from the stablest to the least stable. One
    row per distinct place in that order: results that tie are accepted together.
    """
    tables = []
    for _, group in _ours(scores).groupby(["dataset", "regime"], sort=False):
        known = group[group["status"] != "not_evaluable"].copy()
        known["review"] = ~known["is_accepted"]
        known["instability"] = known["instability"].fillna(0.0)
        known = known.sort_values(["review", "instability"], kind="stable")
        known["accepted_share"] = np.arange(1, len(known) + 1) / len(group)
        known["wrong_share"] = known["is_wrong"].cumsum() / np.arange(1, len(known) + 1)
        last = known.drop_duplicates(["review", "instability"], keep="last")
        tables.append(last[list(RISK_COLUMNS)])
    return pd.concat(tables) if tables else pd.DataFrame(columns=list(RISK_COLUMNS))


def _ours(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[scores["method"] == "cytorecon"]


def _groups(scores: pd.DataFrame) -> Iterator[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    yield from scores.groupby(GROUP, sort=False)


def _agreement(group: pd.DataFrame, rules: EvaluationRules) -> dict[str, object]:
    enough = group[group["has_f1"]]
    row: dict[str, object] = {
        "results": len(group),
        "not_evaluable": int((group["status"] == "not_evaluable").sum()),
        "f1_results": len(enough),
        "log10_ratio_median": _middle(group["log10_ratio"]),
        "bias_of_parent_median": _middle(group["bias_of_parent"]),
        "bias_of_parent_worst": _furthest(group["bias_of_parent"]),
        "percent_wrong": 100 * float(group["is_wrong"].mean()),
    }
    if not len(enough):
        return row
    f1 = enough["f1"].to_numpy("float64")
    low, high = cluster_interval(
        f1, _patients(enough), _median, draws=int(rules.bootstrap_draws.value), seed=SEED
    )
    worst = enough.loc[enough["f1"].idxmin()]
    return row | {
        "f1_median": _median(f1),
        "f1_low": low,
        "f1_high": high,
        "f1_p10": float(np.percentile(f1, 10)),
        "f1_worst": float(worst["f1"]),
        "worst_tube": f"{worst['batch']} {worst['tube']}".strip(),
        "precision_median": _middle(enough["precision"]),
        "recall_median": _middle(enough["recall"]),
    }


def _detection(group: pd.DataFrame) -> dict[str, object]:
    results = len(group)
    row: dict[str, object] = {"results": results}
    shares = {
        "detected": group["is_detected"],
        "not_detected": group["status"] == "not_detected",
        "close": group["is_close"],
    }
    for name, holds in shares.items():
        successes = int(holds.sum())
        low, high = binomial_interval(successes, results)
        row |= {name: successes / results, f"{name}_low": low, f"{name}_high": high}
    known = group[group["found"].notna()]
    if len(known):
        away = (known["found"] - known["true"]).abs().astype("float64")
        worst = known.loc[away.idxmax()]
        row |= {
            "found_median": float(known["found"].astype("float64").median()),
            "found_worst": int(worst["found"]),
            "worst_tube": f"{worst['batch']} {worst['tube']}".strip(),
        }
    return row


def _review(group: pd.DataFrame, rules: EvaluationRules) -> dict[str, object]:
    results, accepted = len(group), group[group["is_accepted"]]
    wrong = int(accepted["is_wrong"].sum())
    draws = int(rules.bootstrap_draws.value)
    share = cluster_interval(
        group["is_accepted"].to_numpy("float64"), _patients(group), _mean, draws=draws, seed=SEED
    )
    risk = (float("nan"), float("nan"))
    if len(accepted):
        risk = binomial_interval(wrong, len(accepted))
        if wrong:
            values = accepted["is_wrong"].to_numpy("float64")
            risk = cluster_interval(values, _patients(accepted), _mean, draws=draws, seed=SEED)
    return {
        "results": results,
        "evaluable": int((group["status"] != "not_evaluable").sum()),
        "accepted": len(accepted),
        "percent_accepted": 100 * len(accepted) / results,
        "accepted_low": 100 * share[0],
        "accepted_high": 100 * share[1],
        "wrong": int(group["is_wrong"].sum()),
        "wrong_accepted": wrong,
        "percent_wrong_accepted": 100 * wrong / len(accepted) if len(accepted) else float("nan"),
        "wrong_accepted_low": 100 * risk[0],
        "wrong_accepted_high": 100 * risk[1],
    }


def _patients(group: pd.DataFrame) -> np.ndarray:
    # the same name in two batches is not the same patient
    return (group["batch"] + " " + group["patient"]).to_numpy(dtype=object)


def _median(values: np.ndarray) -> float:
    return float(np.median(values))


def _middle(values: pd.Series[float]) -> float:
    """Return the median of what is known, or NaN of nothing (where pandas would warn)."""
    known = values.dropna()
    return float(known.median()) if len(known) else float("nan")


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _furthest(values: pd.Series[float]) -> float:
    known = values.dropna()
    return float(known.loc[known.abs().idxmax()]) if len(known) else float("nan")
