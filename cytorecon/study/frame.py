"""From rows to a DataFrame with one type per column, the same in every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

Cell = str | int | float | bool | None

_INTEGERS: Final = frozenset(
    {
        "days_after_transplant",
        "events",
        "parent_events",
        "n_events",
        "errors",
        "warnings",
        "after_day",
        "by_day",
        "confirmed_day",
        "deadline_day",
        "due_from_day",
        "due_to_day",
        "target_day",
        "from_day",
        "to_day",
        "n",
        "n_censored",
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
        "blood_ul_counted",
        "value",
        "low",
        "high",
        "lloq",
        "age_years",
        "reference_low",
        "reference_high",
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


def _dtype(column: str) -> str:
    if column in _INTEGERS:
        return "Int64"
    if column in _NUMBERS:
        return "float64"
    return "boolean" if column in _BOOLEANS else "object"
