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


def test_a_result_named_twice_is_refused() -> None:
    row = pd.DataFrame([{**VISIT, "true_cells_per_ul": 1.0}])
    with pytest.raises(CytoreconError) as caught:
        compare_with_truth(pd.DataFrame(), pd.concat([row, row]))
    assert str(caught.value) == (
        "truth: The table names a result twice. Found: P01 30 +30 B. "
        "Allowed: one row per patient, day, visit and population."
    )


def test_what_a_tube_cannot_say_is_kept_apart_from_what_it_says_wrongly() -> None:
    truth = pd.DataFrame(
        [{**VISIT, "population": name, "true_cells_per_ul": 100.0} for name in ("B", "NK", "CD3_T")]
    )
    rows = [
        {
            **VISIT,
            "population": "B",
            "status": "counted",
            "events": 30,
            "blood_ul_counted": None,
            "review": "",
        },
        {
            **VISIT,
            "population": "NK",
            "status": "not_evaluable",
            "events": None,
            "blood_ul_counted": 5.0,
            "review": "x",
        },
        {
            **VISIT,
            "population": "monocytes",
            "status": "counted",
            "events": 5,
            "blood_ul_counted": 5.0,
            "review": "",
        },
    ]
    compared = compare_with_truth(pd.DataFrame(rows), truth).set_index("population")
    assert compared["outcome"].to_dict() == {"B": "without_count", "NK": "not_evaluable", "CD3_T": "missing"}
    assert compared["review"].to_dict() == {"B": "", "NK": "x", "CD3_T": ""}


def test_a_summary_counts_what_is_wrong_with_confidence() -> None:
    comparison = pd.DataFrame(
        {
            "population": ["B"] * 5 + ["NK"],
            "outcome": ["within", "within", "off", "off", "not_evaluable", "missing"],
            "review": ["", "gate.unstable:CD19", "gate.outlier:CD19", "", "", ""],
        }
    )
    b_cells, nk_cells, everything = summarise_accuracy(comparison).to_dict("records")
    assert b_cells == {
        "population": "B",
        "results": 5,
        "within": 2,
        "off": 2,
        "off_with_review": 1,
        "not_evaluable": 1,
        "without_count": 0,
        "percent_within": 50.0,
        "percent_review": 50.0,
    }
    assert (nk_cells["results"], nk_cells["without_count"]) == (1, 1)
    assert pd.isna(nk_cells["percent_within"])
    assert (everything["population"], everything["results"], everything["off"]) == ("all", 6, 2)


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
