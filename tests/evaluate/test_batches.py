"""A simulated batch: gated together, from others, with a tube that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.batches import Part, Task, judge_batch, judge_with_baselines
from cytorecon.evaluate.labelled import Labelled, LabelledSource
from cytorecon.evaluate.protocol import SimulatedLabelledTube, simulated_batch
from cytorecon.knowledge.evaluation import load_evaluation_rules
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import gate

RULES = load_evaluation_rules().simulated
TASK = Task("made", "seed 1", "together", load_template("tbnk"), RULES.scored, baselines=RULES.baselines)


def silent(stage: str, done: int, total: int) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Broken(SimulatedLabelledTube):
    """A tube whose file cannot be read."""

    def read(self) -> Labelled:
        raise CytoreconError("The file is cut.", subject="a.fcs")


@pytest.fixture(scope="module")
def tubes() -> tuple[SimulatedLabelledTube, ...]:
    return simulated_batch("good_lab", seed=4, patients=2, visits=2, events=5000)


@pytest.fixture(scope="module")
def together(tubes: tuple[SimulatedLabelledTube, ...]) -> Part:
    return judge_with_baselines(TASK, tubes, run=map, progress=silent)


def test_scores_are_those_of_the_public_gate(
    together: Part, tubes: tuple[SimulatedLabelledTube, ...]
) -> None:
    gated = gate([tube.read().sample for tube in tubes], "tbnk")
    ours = {(one.tube, one.population): one for one in together.scores if one.method == "cytorecon"}
    assert len(ours) == 4 * len(RULES.scored)
    for tube, sample in zip(tubes, gated, strict=True):
        truth = tube.read()
        for population in ("lymphocytes", "CD4_T", "NK"):
            one = ours[tube.tube, population]
            if population in sample.reasons:
                assert (one.status, one.found) == ("not_evaluable", None)
                continue
            mask = sample.mask(population)
            assert one.found == int(mask.sum())
            assert one.true_positives == int((mask & truth.masks[population]).sum())
            assert one.true == truth.counts[population]
            assert one.review.split() == list(sample.review[population])


def test_baselines_are_judged_in_the_same_run(together: Part) -> None:
    methods = {one.method for one in together.scores}
    assert len(methods) == 5
    for method in methods - {"cytorecon"}:
        assert {one.population for one in together.scores if one.method == method} == {
            "CD3_T", "CD4_T", "CD8_T", "B", "NK",
        }  # fmt: skip


def test_planted_numbers_are_known_to_the_scores(
    together: Part, tubes: tuple[SimulatedLabelledTube, ...]
) -> None:
    planted = {(one.tube, one.population): one.planted for one in together.scores if one.planted is not None}
    assert planted == {
        (tube.tube, population): cells for tube in tubes for population, cells in tube.planted.items()
    }
    assert planted


def test_a_tube_that_cannot_be_read_costs_no_other(tubes: tuple[SimulatedLabelledTube, ...]) -> None:
    broken = Broken(tubes[0].visit, tubes[0].settings, {})
    part = judge_batch(TASK, [broken, *tubes[1:3]], run=map, progress=silent)
    assert dict(part.failures) == {broken.tube: "The file is cut."}
    assert {one.tube for one in part.scores} == {tubes[1].tube, tubes[2].tube}


def test_learned_from_others_a_tube_does_not_teach_itself(tubes: tuple[SimulatedLabelledTube, ...]) -> None:
    """The same tube by the same teachers is the same, whoever else is asked."""
    task = replace(TASK, regime="left_out", baselines=None)
    teachers, asked = tubes[2:], tubes[:2]
    both = judge_batch(task, asked, run=map, progress=silent, learned_from=teachers)
    alone = judge_batch(task, asked[:1], run=map, progress=silent, learned_from=teachers)
    assert [one for one in both.scores if one.tube == asked[0].tube] == list(alone.scores)


def test_a_source_without_a_tube_is_a_mistake() -> None:
    with pytest.raises(CytoreconError) as caught:
        LabelledSource("P01/d30", TASK.template).load()
    assert str(caught.value) == "P01/d30: A labelled source needs a tube."
