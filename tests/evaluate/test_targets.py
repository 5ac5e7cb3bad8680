"""What has to be reached."""

from __future__ import annotations

import pytest

from cytorecon.evaluate.scores import Score, score_table
from cytorecon.evaluate.targets import MISSED_COLUMNS, TARGET_COLUMNS, missed_table, target_table
from cytorecon.knowledge.evaluation import Target, load_evaluation_rules
from tests.evaluate.labelled_sets import score

RULES = load_evaluation_rules()
NONE = {"planted": 0, "true": 0, "true_positives": 0}
SCORES = [
    score(tube="a", found=100, true_positives=100),
    score(tube="b", found=50, true_positives=50),
    score(tube="c", found=300, true_positives=100, status="review", review="gate.unstable:CD19"),
    score(tube="d", **NONE, found=0, status="not_detected"),
    score(tube="e", **NONE, found=8),
    score(tube="f", planted=5, true=5, found=6, true_positives=5),
    score(tube="g", planted=5, true=5, found=0, true_positives=0, status="not_detected"),
    score(tube="h", population="NK", found=None, status="not_evaluable", true_positives=None),
    score(tube="a", method="one pooled threshold", found=0),
]


def measured(target: Target, scores: list[Score] = SCORES) -> float:
    return float(target_table(score_table(scores, RULES), [target])["measured"].iloc[0])


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (Target(measure="f1", population="B", least_cells=100, at_least=0.9), 2 / 3),
        (Target(measure="not_detected", population="B", cells=0, at_least=0.9), 0.5),
        (Target(measure="most_found", population="B", cells=0, at_most=5), 8),
        (Target(measure="detected", population="B", cells=5, at_least=0.9), 0.5),
        (Target(measure="close", population="B", cells=5, at_least=0.9), 1.0),
        (Target(measure="accepted", at_least=0.9), 6 / 8),
        (Target(measure="wrong_accepted", at_most=0.1), 2 / 6),
    ],
)
def test_each_measure_by_hand(target: Target, value: float) -> None:
    assert measured(target) == pytest.approx(value)


def test_a_target_says_whether_it_is_met() -> None:
    targets = [
        Target(measure="most_found", population="B", cells=0, at_most=8),
        Target(measure="most_found", population="B", cells=0, at_most=7),
        Target(measure="f1", population="NK", at_least=0.9),
    ]
    table = target_table(score_table(SCORES, RULES), targets)
    assert table["met"].tolist() == [True, False, None]
    assert table["target"].tolist() == ["<= 8", "<= 7", ">= 0.9"]
    assert table["results"].tolist() == [2, 2, 0]
    assert tuple(table.columns) == TARGET_COLUMNS


def test_a_target_of_one_laboratory_is_not_asked_of_another() -> None:
    target = Target(measure="accepted", laboratory="stress", at_least=0.9)
    assert len(target_table(score_table([score(dataset="simulated good_lab")], RULES), [target])) == 0
    assert len(target_table(score_table([score(dataset="simulated stress")], RULES), [target])) == 1


def test_targets_of_few_cells_are_for_planted_results_only() -> None:
    target = Target(measure="not_detected", population="B", cells=0, at_least=1.0)
    assert len(target_table(score_table([score(true=0, found=0, true_positives=0)], RULES), [target])) == 0


def test_the_worst_results_behind_a_target_that_was_missed() -> None:
    targets = [
        Target(measure="f1", population="B", least_cells=100, at_least=0.9),
        Target(measure="not_detected", population="B", cells=0, at_least=0.9),
        Target(measure="close", population="B", cells=5, at_least=0.9),
    ]
    table = missed_table(score_table(SCORES, RULES), targets)
    assert table[["measure", "tube"]].to_numpy().tolist() == [
        ["F1, median", "c"],
        ["F1, median", "b"],
        ["share 'not detected'", "e"],
    ]
    assert tuple(table.columns) == MISSED_COLUMNS
