"""Tables over tubes, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cytorecon.counts.intervals import binomial_interval
from cytorecon.evaluate.scores import Score, score_table
from cytorecon.evaluate.summary import (
    AGREEMENT_COLUMNS,
    DETECTION_COLUMNS,
    REVIEW_COLUMNS,
    agreement_table,
    detection_table,
    review_table,
    risk_coverage,
)
from cytorecon.knowledge.evaluation import load_evaluation_rules
from tests.evaluate.labelled_sets import score

RULES = load_evaluation_rules()


def table(*scores: Score) -> pd.DataFrame:
    return score_table(scores, RULES)


def tubes(*positives: int, true: int = 100) -> list[Score]:
    """Return one tube of an own patient per number of true positives, with nothing else found."""
    return [
        score(tube=f"t{k}", patient=f"P{k}", true=true, found=n, true_positives=n)
        for k, n in enumerate(positives)
    ]


def test_agreement_by_hand() -> None:
    row = agreement_table(table(*tubes(100, 90, 80, 50)), RULES).iloc[0]
    f1 = [1.0, 180 / 190, 160 / 180, 100 / 150]
    assert row["f1_median"] == pytest.approx(np.median(f1))
    assert row["f1_p10"] == pytest.approx(np.percentile(f1, 10))
    assert (row["f1_worst"], row["worst_tube"]) == (pytest.approx(2 / 3), "1 t3")
    assert min(f1) <= row["f1_low"] <= row["f1_median"] <= row["f1_high"] <= 1
    assert row["recall_median"] == pytest.approx(0.85)
    assert row["percent_wrong"] == 25.0
    assert row["bias_of_parent_worst"] == pytest.approx(-5.0)


def test_f1_of_few_cells_is_not_averaged() -> None:
    row = agreement_table(table(*tubes(100, 90), *tubes(0, 0, 0, true=19)), RULES).iloc[0]
    assert (row["results"], row["f1_results"]) == (5, 2)
    assert row["f1_worst"] == pytest.approx(180 / 190)


def test_what_was_not_evaluable_is_counted_and_has_no_f1() -> None:
    missing = score(tube="b", status="not_evaluable", found=None, true_positives=None, found_parent=None)
    row = agreement_table(table(*tubes(100), missing), RULES).iloc[0]
    assert (row["results"], row["not_evaluable"], row["f1_results"]) == (2, 1, 1)


def test_diluted_tubes_are_not_part_of_the_agreement() -> None:
    diluted = score(regime="diluted", planted=5, true=5, found=5, true_positives=5)
    assert len(agreement_table(table(diluted), RULES)) == 0
    assert tuple(agreement_table(table(diluted), RULES).columns) == AGREEMENT_COLUMNS


def test_detection_by_hand() -> None:
    none = {"planted": 0, "true": 0, "true_positives": 0}
    rows = detection_table(
        table(
            score(**none, found=0, status="not_detected"),
            score(**none, found=3, status="not_detected", tube="b"),
            score(**none, found=9, status="ok", tube="c"),
            score(**none, found=None, status="not_evaluable", tube="d"),
            score(planted=5, true=5, found=5, true_positives=5, status="review"),
        )
    )
    first, second = rows.to_dict("records")
    assert (first["cells"], first["results"], first["detected"], first["not_detected"]) == (0, 4, 0.25, 0.5)
    assert (first["detected_low"], first["detected_high"]) == binomial_interval(1, 4)
    assert (first["close"], first["found_median"], first["found_worst"]) == (0.5, 3.0, 9)
    assert first["worst_tube"] == "1 c"
    assert (second["cells"], second["detected"], second["close"]) == (5, 1.0, 1.0)
    assert tuple(rows.columns) == DETECTION_COLUMNS


def test_ok_without_a_single_cell_is_no_detection() -> None:
    row = detection_table(table(score(planted=5, true=5, found=0, true_positives=0))).iloc[0]
    assert row["detected"] == 0


def test_review_by_hand() -> None:
    rows = review_table(
        table(
            *tubes(100, 100, 100),
            score(tube="x", patient="X", found=300, status="ok"),
            score(tube="y", patient="Y", found=300, status="review", review="gate.unstable:CD19"),
            score(tube="z", patient="Z", found=None, status="not_evaluable", true_positives=None),
            score(method="one pooled threshold", found=900),
        ),
        RULES,
    )
    row = rows.iloc[0]
    assert len(rows) == 1
    assert (row["results"], row["evaluable"], row["accepted"]) == (6, 5, 4)
    assert row["percent_accepted"] == pytest.approx(400 / 6)
    assert (row["wrong"], row["wrong_accepted"], row["percent_wrong_accepted"]) == (2, 1, 25.0)
    assert row["accepted_low"] < row["percent_accepted"] < row["accepted_high"]
    assert tuple(rows.columns) == REVIEW_COLUMNS


def test_nothing_wrong_has_an_upper_limit_all_the_same() -> None:
    row = review_table(table(*tubes(100, 100, 100, 100)), RULES).iloc[0]
    assert row["percent_wrong_accepted"] == 0
    assert row["wrong_accepted_high"] == pytest.approx(100 * binomial_interval(0, 4)[1])


def test_the_surest_are_accepted_first() -> None:
    curve = risk_coverage(
        table(
            score(tube="a", instability=0.01),
            score(tube="b", instability=0.20, found=300),
            score(tube="c", instability=0.02),
            score(tube="d", instability=0.00, status="review", found=300),
            score(tube="e", status="not_evaluable", found=None, true_positives=None),
        )
    )
    assert curve["accepted_share"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert curve["wrong_share"].tolist() == pytest.approx([0, 0, 1 / 3, 0.5])
    assert curve["review"].tolist() == [False, False, False, True]


def test_results_that_tie_are_accepted_together() -> None:
    curve = risk_coverage(table(score(tube="a", found=300), score(tube="b")))
    assert curve[["accepted_share", "wrong_share"]].to_numpy().tolist() == [[1.0, 0.5]]
