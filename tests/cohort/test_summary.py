from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.cohort import Quantile, censored_quantile, cohort_summary
from cytorecon.knowledge.visit_windows import VisitWindow, VisitWindows
from cytorecon.study import csv_text
from cytorecon.tables import COHORT_COLUMNS
from cytorecon.trajectory import trajectories
from tests import builders

WINDOWS = VisitWindows(
    minimum_patients=5,
    windows=(
        VisitWindow(window="day 30", target_day=30, from_day=22, to_day=44),
        VisitWindow(window="day 100", target_day=100, from_day=80, to_day=139),
    ),
)


def table(
    values: Mapping[str, Mapping[int, float | str | None]], measure: str = "cells_per_ul"
) -> pd.DataFrame:
    """Return B of each patient by day; ``"<12"`` is a value below an LLOQ of 12."""
    rows = []
    for patient, course in values.items():
        for day, value in course.items():
            below = isinstance(value, str)
            rows.append(
                {
                    "patient": patient,
                    "days_after_transplant": day,
                    "population": "B",
                    "measure": measure,
                    "unit": "cells/µL",
                    "value": None if below else value,
                    "lloq": float(str(value)[1:]) if below else np.nan,
                    "censored": "left" if below else "",
                }
            )
    return pd.DataFrame(rows).astype({"value": "float64", "days_after_transplant": "Int64"})


def at_day_100(*values: float | str | None) -> pd.DataFrame:
    return table({f"P{place:02}": {100: value} for place, value in enumerate(values)})


def summary(frame: pd.DataFrame, *, minimum: int = 5) -> list[dict[str, Any]]:
    windows = WINDOWS.model_copy(update={"minimum_patients": minimum})
    found = cohort_summary(frame, windows=windows)
    assert tuple(found.columns) == COHORT_COLUMNS
    return [{str(key): value for key, value in row.items()} for row in found.to_dict("records")]


def test_median_and_quartiles_of_measured_values() -> None:
    (row,) = summary(at_day_100(10, 20, 30, 40, 50))
    assert (row["window"], row["n"], row["n_censored"], row["suppressed"]) == ("day 100", 5, 0, False)
    assert (row["quartile_low"], row["median"], row["quartile_high"]) == (20.0, 30.0, 40.0)
    assert (row["quartile_low_reported"], row["median_reported"], row["quartile_high_reported"]) == (
        "20",
        "30",
        "40",
    )
    assert row["rule"] == "closest to day 100 of days 80 to 139"
    assert (row["target_day"], row["from_day"], row["to_day"]) == (100, 80, 139)


def test_of_few_patients_nothing_but_their_number_is_given() -> None:
    (row,) = summary(at_day_100(10, "<12", 30, 40))
    assert (row["n"], row["suppressed"]) == (4, True)
    assert all(pd.isna(row[name]) for name in ("median", "quartile_low", "quartile_high", "n_censored"))
    assert {row[f"{name}_reported"] for name in ("median", "quartile_low", "quartile_high")} == {""}


@pytest.mark.parametrize(
    ("values", "median", "reported"),
    [
        (("<12", "<12", "<12", 40, 50), None, "<12"),
        (("<12", "<5", "<5", "<5", 50), None, "<5"),
        (("<12", "<12", 30, 40, 50), 30.0, "30"),
        (("<12", "<12", 20, 40), None, "<16"),
        (("<5", "<5"), None, "<5"),
        ((10, "<50", 60), None, "<50"),
    ],
)
def test_a_median_below_the_lloq_is_said_to_be_below_it(
    values: tuple[float | str, ...], median: float | None, reported: str
) -> None:
    (row,) = summary(at_day_100(*values), minimum=2)
    assert row["median_reported"] == reported
    assert (None if pd.isna(row["median"]) else row["median"]) == median
    assert row["n_censored"] == sum(isinstance(value, str) for value in values)


def test_each_patient_enters_a_window_once_with_the_closest_result() -> None:
    frame = table(
        {
            "P01": {139: 4.0, 104: 3.0, 96: 2.0, 80: 1.0},  # 96 and 104 are equally close: the earlier
            "P02": {100: None, 110: 20.0},  # nothing measured on day 100
            "P03": {140: 30.0, 79: 31.0},  # both outside
            "P04": {22: 40.0, 44: 41.0},
            "P05": {30: 60.0},
        }
    )
    first, second = summary(frame, minimum=2)
    assert (first["window"], first["n"], first["median"]) == ("day 30", 2, 50.0)
    assert (second["window"], second["n"], second["median"]) == ("day 100", 2, 11.0)


def test_populations_and_measures_keep_their_order_and_stay_apart() -> None:
    found = cohort_summary(trajectories(builders.study_result()))
    assert found["measure"].iloc[0] == "cells_per_ul"
    cells = found[found["measure"] == "cells_per_ul"]
    assert list(dict.fromkeys(cells["population"]))[:4] == ["leukocytes", "lymphocytes", "CD3_T", "CD4_T"]
    own = cells[cells["population"] == "CD4_T"]
    assert list(own["window"]) == ["day 14", "day 30", "day 60", "day 100", "6 months", "1 year"]
    assert list(own["n"]) == [3, 2, 2, 3, 3, 3]  # one visit has no count method, one tube failed
    assert set(own["unit"]) == {"cells/µL"}
    assert csv_text(own).splitlines()[4].startswith("day 100,100,80,139,CD4_T,cells_per_ul,cells/µL,3,,,,")


def test_nothing_in_gives_an_empty_table() -> None:
    assert (
        tuple(cohort_summary(table({"P01": {30: 1.0}}).iloc[:0], windows=WINDOWS).columns) == COHORT_COLUMNS
    )


VALUES = st.lists(
    st.tuples(st.floats(0, 1000, allow_subnormal=False), st.booleans()), min_size=1, max_size=15
)


@given(VALUES, st.sampled_from([0.25, 0.5, 0.75]))
def test_what_is_said_of_a_quantile_holds_whatever_the_hidden_values_are(
    values: list[tuple[float, bool]], fraction: float
) -> None:
    """The hidden values are known here: the true quantile must agree with what is reported."""
    limit = 100.0
    lows = [0.0 if value < limit and hidden else value for value, hidden in values]
    highs = [limit if value < limit and hidden else value for value, hidden in values]
    truth = float(np.quantile([value for value, _ in values], fraction))
    found = censored_quantile(lows, highs, fraction)
    if found.value is not None:
        assert found.value == pytest.approx(truth)
    else:
        assert found.below is not None
        assert truth <= found.below * (1 + 1e-12)


def test_a_quantile_in_words() -> None:
    assert Quantile(value=156.4).text("cells_per_ul") == "156"
    assert Quantile(below=11.2).text("cells_per_ul") == "<12"
    assert Quantile(value=12.34).text("percent_of_parent") == "12.3"
    assert Quantile().text("cells_per_ul") == ""
