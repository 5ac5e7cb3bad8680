"""What a gated tube says, in the words of the evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytorecon.evaluate.answers import answer_of, instability_of
from cytorecon.gating.certainty import Move
from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline import gate
from tests.evaluate.labelled_sets import made_tube


@pytest.fixture(scope="module")
def gated() -> GatedSample:
    return gate(made_tube(3, events=8000).sample(), "tbnk")


def test_a_doubt_makes_it_a_review(gated: GatedSample) -> None:
    answer = answer_of(gated, "B")
    assert (answer.status, "batch.few_tubes" in answer.review) == ("review", True)
    assert answer.mask is not None
    assert np.array_equal(answer.mask, gated.mask("B"))
    sure = replace(gated, review={**gated.review, "B": ()})
    assert answer_of(sure, "B").status == "ok"


def test_what_could_not_be_evaluated_has_no_events(gated: GatedSample) -> None:
    answer = answer_of(gated, "viable")
    assert (answer.status, answer.mask, answer.instability) == ("not_evaluable", None, None)


def test_instability_by_hand(gated: GatedSample) -> None:
    moves = (
        Move("CD19", "CD19", "uncertainty", {"B": (90, 110), "NK": (40, 45)}),
        Move("CD3", "CD3", "uncertainty", {"B": (99, 101)}),
        Move("CD3", "CD3", "alternative", {"B": (10, 100)}),
    )
    by_hand = np.log10(110.5 / 90.5) + np.log10(101.5 / 99.5)
    assert instability_of(replace(gated, moves=moves), "B") == pytest.approx(by_hand)
    assert instability_of(replace(gated, moves=moves), "CD4_T") == 0
