"""The yardstick, and what it says of simulated cohorts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate import compare_with_truth, summarise_accuracy
from cytorecon.jobs import run_batch
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.study import tidy_counts

VISIT = {"patient": "P01", "days_after_transplant": 30, "visit": "+30", "population": "B"}


def outcome(events: int | None, truth: float, blood: float = 2.0) -> str:
    status = "not_evaluable" if events is None else "counted"
    counts = pd.DataFrame(
        [{**VISIT, "status": status, "events": events, "blood_ul_counted": blood, "review": ""}]
    )
    row = pd.DataFrame([{**VISIT, "true_cells_per_ul": truth}])
    return str(compare_with_truth(counts, row)["outcome"].iloc[0])


@pytest.mark.parametrize(
    ("events", "truth", "expected"),
    [
        (2000, 1000, "within"),
        (2190, 1000, "within"),
        (2210, 1000, "off"),
        (29, 10, "within"),  # 3 Poisson deviations of 20 expected events are 13.4
        (34, 10, "off"),
        (0, 0, "within"),
        (3, 0, "within"),  # one expected event at least
        (4, 0, "off"),
        (None, 10, "not_evaluable"),
    ],
)
def test_within_ten_percent_or_three_poisson_deviations(
    events: int | None, truth: float, expected: str
) -> None:
    assert outcome(events, truth) == expected


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(CytoreconError, match="true_cells_per_ul"):
        compare_with_truth(pd.DataFrame([{**VISIT}]), pd.DataFrame([{**VISIT}]))


@pytest.mark.parametrize("seed", [1, 4])
def test_a_simulated_cohort_is_counted_right(tmp_path: Path, seed: int) -> None:
    write_cohort(simulate_cohort(patients=6, visits=6, events=15_000, seed=seed), tmp_path / "cohort")
    result = run_batch(tmp_path / "cohort" / "manifest.csv", tmp_path / "study")
    compared = compare_with_truth(tidy_counts(result), pd.read_csv(tmp_path / "cohort" / "truth.csv"))
    table = summarise_accuracy(compared).set_index("population")
    assert float(table["percent_within"]["all"]) >= 95
    assert int(table["results"]["all"]) == 6 * 6 * 5
    absent = compared[(compared["population"] == "B") & (compared["true_cells_per_ul"] < 0.1)]
    assert (absent["events"].fillna(0) < 10).all()
