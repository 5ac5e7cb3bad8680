"""How close counts come to a known truth: the yardstick of simulated cohorts.

A result is *within* when it differs from the true concentration by no more than 10 % or three
Poisson standard deviations of the count, whichever is larger: nobody who counts ``n`` cells can
tell their number better than that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cytorecon.errors import CytoreconError

#: Populations whose accuracy is stated.
JUDGED: Final = ("CD3_T", "CD4_T", "CD8_T", "B", "NK")
#: Share of the truth by which a result may be off, and Poisson standard deviations.
RELATIVE_TOLERANCE: Final = 0.10
POISSON_DEVIATIONS: Final = 3.0

#: Columns that name one result in both tables.
KEYS: Final = ("patient", "days_after_transplant", "visit", "population")

#: One row per true result of a judged population.
COMPARISON_COLUMNS: Final = (
    *KEYS,
    "true_cells_per_ul",
    "expected_events",
    "events",
    "estimated_cells_per_ul",
    "tolerance_cells_per_ul",
    "outcome",
    "review",
)

#: One row per population, and one named ``all``.
ACCURACY_COLUMNS: Final = (
    "population",
    "results",
    "within",
    "off",
    "off_with_review",
    "not_evaluable",
    "without_count",
    "percent_within",
    "percent_review",
)


def compare_with_truth(counts: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return each true result beside what was counted, and whether it is within tolerance.

    Parameters
    ----------
    counts : DataFrame
        Of :func:`cytorecon.study.tidy_counts`; at most one tube per patient, day and visit.
    truth : DataFrame
        ``truth.csv`` of a simulated cohort: patient, days_after_transplant, visit, population,
        true_cells_per_ul; one row per result.

    Returns
    -------
    DataFrame
        Columns ``COMPARISON_COLUMNS``, in the order of `truth`, populations ``JUDGED`` only.
        The estimate is events / blood counted (cells/µL), also below the LLOQ. `outcome` is
        ``within``, ``off``, ``not_evaluable`` (the tube says it cannot tell), ``without_count``
        (no count method) or ``missing`` (the tube failed, or is not in `counts`).

    Raises
    ------
    CytoreconError
        If a table lacks a column, or names one result twice.

    Notes
    -----
    Tolerance = max(0.10 x truth, 3 x sqrt(max(expected events, 1)) / blood counted), with
    expected events = truth x blood counted.

    Examples
    --------
    >>> keys = {"patient": ["P01"], "days_after_transplant": [30], "visit": ["+30"], "population": ["B"]}
    >>> truth = pd.DataFrame({**keys, "true_cells_per_ul": [100.0]})
    >>> counts = pd.DataFrame({**keys, "status": ["counted"], "events": [430], "blood_ul_counted": [5.0],
    ...                        "review": [""]})
    >>> row = compare_with_truth(counts, truth).iloc[0]
    >>> print(row["estimated_cells_per_ul"], round(row["tolerance_cells_per_ul"], 1), row["outcome"])
    86.0 13.4 off
    """
    measured = ("status", "events", "blood_ul_counted", "review")
    known = _checked(truth, "truth", (*KEYS, "true_cells_per_ul"))
    known = known[known["population"].isin(JUDGED)]
    found = _checked(counts, "counts", (*KEYS, *measured))
    table = known.merge(found, on=list(KEYS), how="left", validate="one_to_one").reset_index(drop=True)
    true, blood = (table[name].astype("float64") for name in ("true_cells_per_ul", "blood_ul_counted"))
    expected = true * blood
    table["expected_events"] = expected
    table["estimated_cells_per_ul"] = table["events"].astype("float64") / blood
    deviation = np.sqrt(expected.clip(lower=1.0)) / blood
    table["tolerance_cells_per_ul"] = np.maximum(RELATIVE_TOLERANCE * true, POISSON_DEVIATIONS * deviation)
    table["outcome"] = _outcome(table)
    table["review"] = table["review"].fillna("")
    return table[list(COMPARISON_COLUMNS)]


def summarise_accuracy(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return how many results are within tolerance, by population and in all.

    Parameters
    ----------
    comparison : DataFrame
        Of :func:`compare_with_truth`.

    Returns
    -------
    DataFrame
        Columns ``ACCURACY_COLUMNS``. `off_with_review` of the `off` carry a review flag: the
        others are wrong with confidence. `without_count` holds tubes that failed, too.
        `percent_within` is of within + off, `percent_review` of the same (NaN of nothing).

    Examples
    --------
    >>> rows = {"population": ["B", "B", "NK"], "outcome": ["within", "off", "within"]}
    >>> table = summarise_accuracy(pd.DataFrame({**rows, "review": ["", "gate.outlier:CD19", ""]}))
    >>> table[["population", "results", "off_with_review", "percent_within"]]
      population  results  off_with_review  percent_within
    0          B        2                1            50.0
    1         NK        1                0           100.0
    2        all        3                1            66.7
    """
    names = [name for name in JUDGED if (comparison["population"] == name).any()]
    rows = [_summary(name, comparison[comparison["population"] == name]) for name in names]
    return pd.DataFrame([*rows, _summary("all", comparison)], columns=list(ACCURACY_COLUMNS))


def _checked(table: pd.DataFrame, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise CytoreconError(
            "The table lacks columns.",
            subject=name,
            found=", ".join(map(str, table.columns)),
            allowed=f"also {', '.join(missing)}",
        )
    twice = table[table.duplicated(list(KEYS))]
    if len(twice):
        raise CytoreconError(
            "The table names a result twice.",
            subject=name,
            found=" ".join(str(twice.iloc[0][key]) for key in KEYS),
            allowed="one row per patient, day, visit and population",
        )
    return table[list(columns)]


def _outcome(table: pd.DataFrame) -> pd.Series[str]:
    away = (table["estimated_cells_per_ul"] - table["true_cells_per_ul"].astype("float64")).abs()
    outcome = pd.Series("off", index=table.index, dtype="object")
    outcome[away <= table["tolerance_cells_per_ul"]] = "within"
    outcome[table["estimated_cells_per_ul"].isna()] = "without_count"
    outcome[table["status"] == "not_evaluable"] = "not_evaluable"
    outcome[table["status"].isna()] = "missing"
    return outcome


def _summary(name: str, rows: pd.DataFrame) -> dict[str, str | int | float]:
    counted = rows[rows["outcome"].isin(["within", "off"])]
    off = counted[counted["outcome"] == "off"]
    within = len(counted) - len(off)
    reviewed = int((counted["review"] != "").sum())
    return {
        "population": name,
        "results": len(rows),
        "within": within,
        "off": len(off),
        "off_with_review": int((off["review"] != "").sum()),
        "not_evaluable": int((rows["outcome"] == "not_evaluable").sum()),
        "without_count": int(rows["outcome"].isin(["without_count", "missing"]).sum()),
        "percent_within": _percent(within, len(counted)),
        "percent_review": _percent(reviewed, len(counted)),
    }


def _percent(part: int, whole: int) -> float:
    return round(100.0 * part / whole, 1) if whole else float("nan")
