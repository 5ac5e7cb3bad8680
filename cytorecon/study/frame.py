"""From rows to a DataFrame with one type per column, the same in every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Cell = str | int | float | bool | None

_INTEGERS: Final = frozenset(
    {
        *("last_day", "earlier_day", "n_visits", "n_patients", "n_cohort"),
        "days_after_transplant",
        "events",
        "parent_events",
        "n_events",
        "errors",
        "warnings",
        "after_day",
        "by_day",
        "certain_after_day",
        "certain_by_day",
        "confirmed_day",
        "deadline_day",
        "due_from_day",
        "due_to_day",
        "target_day",
        "from_day",
        "to_day",
        "n",
        "n_censored",
        "n_reached",
        "n_competing",
        "n_left_out",
        "n_versus",
        "n_censored_versus",
        "n_values",
        "day",
        "landmark_day",
        "horizon_day",
    }
)
_NUMBERS: Final = frozenset(
    {
        *(
            f"percent_of_{whole}{end}"
            for whole in ("parent", "lymphocytes", "leukocytes")
            for end in ("", "_low", "_high")
        ),
        "cells_per_ul",
        "cells_per_ul_low",
        "cells_per_ul_high",
        "lloq_cells_per_ul",
        "lod_cells_per_ul",
        "blood_ul_counted",
        "value",
        "low",
        "high",
        *("visit_low", "visit_high", "band", "probability", "limit"),
        *("z", "earlier_value", "earlier_z", "cohort_z", "distance", "earlier_distance", "cohort_distance"),
        "lloq",
        "age_years",
        "reference_low",
        "reference_high",
        "reference_median",
        "reference_z",
        "reference_percentile",
        "threshold",
        "median",
        "quartile_low",
        "quartile_high",
        "dose",
        "dose_low",
        "dose_high",
        "dose_lloq",
        "less_than",
        "more_than",
        "product_volume_ml",
        "recipient_weight_kg",
        # Days that statistics give may be infinite: not reached as far as is known.
        *("median_after_day", "median_by_day", "median_low_day", "median_high_day"),
        *("probability", "probability_if_unseen", "survival", "p_value", "p_adjusted"),
        *("hazard_ratio", "hazard_ratio_low", "hazard_ratio_high"),
        *("superiority", "superiority_low", "superiority_high"),
        *("mean_level", "days_seen", "coverage", "level", "stability", "silhouette", "factor"),
        *("ratio", "x", "y", "known_share", "explained_x", "explained_y"),
    }
)
_BOOLEANS: Final = frozenset({"below_lloq", "suppressed", "living_only"})


def typed_frame(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> pd.DataFrame:
    """Return `rows` as a table with exactly `columns`.

    Parameters
    ----------
    rows : sequence of mapping
        Each with all of `columns`; None is what is not known.
    columns : sequence of str
        Of ``cytorecon.tables``.

    Returns
    -------
    DataFrame
        Counts and days are ``Int64`` (``<NA>`` when not known), numbers ``float64`` (NaN), truth
        ``boolean``, the rest text. The types do not depend on the rows, so an empty table has them.

    Examples
    --------
    >>> typed_frame([{"events": 3, "visit": ""}, {"events": None, "visit": ""}], ("events", "visit")).dtypes
    events     Int64
    visit     object
    dtype: object
    """
    return pd.DataFrame(
        {column: pd.Series([row[column] for row in rows], dtype=_dtype(column)) for column in columns}
    )


def objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    """Return values as they are in an array of one dimension; tuples are not taken apart.

    Examples
    --------
    >>> objects([(1, 2), None])
    array([(1, 2), None], dtype=object)
    """
    return np.fromiter(values, dtype=np.object_, count=len(values))


def column_of(name: str, values: Sequence[Cell]) -> npt.NDArray[Any]:
    """Return the values of a column for :func:`typed_columns`: numbers as floats, the rest as it is.

    Examples
    --------
    >>> column_of("value", [1.5, None]), column_of("visit", ["+30"])
    (array([1.5, nan]), array(['+30'], dtype=object))
    """
    return np.array(values, dtype=np.float64) if name in _NUMBERS else objects(values)


def typed_columns(columns: Mapping[str, npt.NDArray[Any]], names: Sequence[str]) -> pd.DataFrame:
    """Return columns as a table of the types of :func:`typed_frame`: for tables of many rows.

    Parameters
    ----------
    columns : mapping of str to ndarray
        Each of `names`, of one length; None or NaN is what is not known.
    names : sequence of str
        Of ``cytorecon.tables``, in order.

    Examples
    --------
    >>> typed_columns({"events": np.arange(2), "visit": objects(["", ""])}, ("events", "visit")).dtypes
    events     Int64
    visit     object
    dtype: object
    """
    series = {name: pd.Series(columns[name], dtype=_dtype(name)) for name in names}
    # not copied into blocks: a large table would be held twice
    return pd.DataFrame(series, copy=False)


def _dtype(column: str) -> str:
    if column in _INTEGERS:
        return "Int64"
    if column in _NUMBERS:
        return "float64"
    return "boolean" if column in _BOOLEANS else "object"
