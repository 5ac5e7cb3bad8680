"""What a review code does to the verdict of a result."""

from __future__ import annotations

import pytest

from cytorecon.counts.marked import marked
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.results import PopulationCount

ABSENT = PopulationCount(population="B", parent="lymphocytes", status="counted", events=0, detected=False)
FEW = PopulationCount(population="B", parent="lymphocytes", status="counted", events=3, below_lloq=True)


@pytest.mark.parametrize("count", [ABSENT, FEW])
@pytest.mark.parametrize(
    "code", ["assay.labels", "compensation.residual", "gate.unstained:CD19", "assay.hidden_marker"]
)
def test_cells_that_may_be_there_unseen_are_to_be_looked_at(count: PopulationCount, code: str) -> None:
    assert marked(count, [code]).verdict == "review"


@pytest.mark.parametrize(
    "code", ["gate.none_seen:CD19", "compensation.none", "batch.few_tubes", "count.few_beads", "a.new_code"]
)
def test_other_doubts_leave_absence_and_smallness_as_they_are(code: str) -> None:
    assert marked(ABSENT, [code]).verdict == "not_detected"
    assert marked(FEW, [code]).verdict == "below_lloq"


def test_what_cannot_be_evaluated_stays_so() -> None:
    count = PopulationCount(population="B", parent="lymphocytes", status="not_evaluable", reason="no CD19")
    assert marked(count, ["assay.labels"]).verdict == "not_evaluable"


def test_codes_are_added_once_in_their_order() -> None:
    assert marked(marked(FEW, ["b.b", "a.a"]), ["a.a", "c.c"]).review == ("b.b", "a.a", "c.c")


def test_codes_that_question_absence_are_those_about_labels_matrix_and_sums() -> None:
    asked = {code for code, flag in load_review_flags().items() if flag.questions_absence}
    assert asked == {
        "assay.hidden_marker",
        "assay.labels",
        "assay.lymphosum",
        "assay.outside",
        "compensation.residual",
        "compensation.transposed",
        "gate.told_otherwise",
        "gate.unstained",
    }
