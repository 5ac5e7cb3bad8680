"""Rows of results: F1, ratio, bias, wrong, close."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.evaluate.scores import SCORE_COLUMNS, score_table
from cytorecon.knowledge.evaluation import load_evaluation_rules
from tests.evaluate.labelled_sets import score

RULES = load_evaluation_rules()


def row(**changed: object) -> dict[str, object]:
    return {str(name): value for name, value in score_table([score(**changed)], RULES).iloc[0].items()}


def test_a_result_by_hand() -> None:
    # 80 of 100 true cells found among 120; parent 1000 true, 600 found
    found = row(found=120, true_positives=80, found_parent=600)
    assert found["precision"] == pytest.approx(80 / 120)
    assert found["recall"] == pytest.approx(0.8)
    assert found["f1"] == pytest.approx(160 / 220)
    assert found["log10_ratio"] == pytest.approx(np.log10(121 / 101))
    assert found["bias_of_parent"] == pytest.approx(20.0 - 10.0)


@pytest.mark.parametrize(("true", "found", "f1"), [(0, 0, 1.0), (0, 7, 0.0), (7, 0, 0.0), (7, 7, 1.0)])
def test_f1_of_nothing_is_1_only_when_nothing_is_true(true: int, found: int, f1: float) -> None:
    assert row(true=true, found=found, true_positives=min(true, found))["f1"] == f1


@pytest.mark.parametrize(
    ("true", "found", "wrong"),
    [
        (0, 3, False),
        (0, 4, True),
        (100, 133, False),  # more than 10 %, but no more than 3 sqrt(100) + 3
        (100, 134, True),
        (10_000, 10_900, False),  # more than chance, but less than 10 %
        (10_000, 11_001, True),
        (100, None, False),  # no answer is no wrong answer
    ],
)
def test_wrong_is_more_than_a_tenth_and_more_than_chance(true: int, found: int | None, wrong: bool) -> None:
    assert row(true=true, found=found, true_positives=None)["is_wrong"] == wrong


@pytest.mark.parametrize(("true", "wrong"), [(0, False), (9, False), (20, True)])
def test_not_detected_says_that_there_are_none(true: int, wrong: bool) -> None:
    """Whatever few events lie in the gate: neither are they told, nor do they make it right."""
    assert row(true=true, found=19, true_positives=0, status="not_detected")["is_wrong"] == wrong


@pytest.mark.parametrize(
    ("true", "found", "close"), [(20, 31, True), (20, 32, False), (5, 0, True), (5, 13, False), (0, 3, True)]
)
def test_close_is_two_deviations_and_three_cells(true: int, found: int, close: bool) -> None:
    assert row(true=true, found=found, true_positives=0)["is_close"] == close


@pytest.mark.parametrize(
    ("status", "accepted"),
    [("ok", True), ("not_detected", True), ("below_lloq", True), ("review", False), ("not_evaluable", False)],
)
def test_what_nobody_has_to_look_at(status: str, accepted: bool) -> None:
    assert row(status=status)["is_accepted"] == accepted


def test_counts_alone_have_no_f1() -> None:
    only = row(true_positives=None, found_parent=None)
    assert np.isnan(float(str(only["f1"])))
    assert np.isnan(float(str(only["bias_of_parent"])))
    assert only["log10_ratio"] == 0


def test_no_scores_are_an_empty_table_of_the_same_columns() -> None:
    assert tuple(score_table([], RULES).columns) == SCORE_COLUMNS


@given(st.integers(0, 500), st.integers(0, 500), st.data())
def test_f1_is_the_harmonic_mean_of_precision_and_recall(true: int, found: int, data: st.DataObject) -> None:
    both = data.draw(st.integers(0, min(true, found)))
    got = row(true=true, found=found, true_positives=both)
    precision, recall, f1 = (float(str(got[name])) for name in ("precision", "recall", "f1"))
    if both:
        assert f1 == pytest.approx(2 / (1 / precision + 1 / recall))
    else:
        assert f1 == (1.0 if true == found == 0 else 0.0)
