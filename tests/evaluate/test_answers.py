"""What a gated tube says, in the words of the evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytorecon.evaluate.answers import answer_of, instability_of
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Threshold
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
    """B cells rest on CD19 and CD3 among lymphocytes, and on CD45 and size among what comes before."""
    expected = 0.0
    for found in gated.gates:
        if found.gate not in ("CD19", "CD3", "CD45_positive", "cell_size"):
            continue
        looked_in = gated.events_of(found.find_in)
        (part,) = found.parts
        assert isinstance(part.shape, Threshold)
        assert part.standard_error is not None
        values = gated.sample.column(part.shape.channels[0])[looked_in]
        low, high = part.shape.value - part.standard_error, part.shape.value + part.standard_error
        expected += np.log10(((values >= low).sum() + 0.5) / ((values >= high).sum() + 0.5))
    assert expected > 0
    assert instability_of(gated, "B") == pytest.approx(expected)


def test_wider_errors_are_less_stable(gated: GatedSample) -> None:
    wider = tuple(
        replace(
            found,
            parts=tuple(
                replace(part, standard_error=None if part.standard_error is None else 5 * part.standard_error)
                for part in found.parts
            ),
        )
        for found in gated.gates
    )
    assert instability_of(replace(gated, gates=wider), "CD4_T") > instability_of(gated, "CD4_T")
