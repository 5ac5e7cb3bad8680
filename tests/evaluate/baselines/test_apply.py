"""Baselines inside our parents: only the rule differs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from cytorecon.evaluate.baselines.apply import baseline_scores
from cytorecon.evaluate.baselines.inside import Inside, inside_of
from cytorecon.evaluate.baselines.rules import POOLED
from cytorecon.evaluate.labelled import Labelled
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.shapes import Column, Mask
from cytorecon.knowledge.evaluation import load_evaluation_rules
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import Prepared, gate_prepared, prepare, survey
from cytorecon.transforms import estimate_transforms
from tests.evaluate.labelled_sets import made_tube, score

WORDS = load_evaluation_rules().simulated.baselines
POPULATIONS = ("lymphocytes", "CD3_T", "CD4_T", "B", "NK")
PARENTS = {"lymphocytes": "leukocytes", "CD4_T": "CD3_T"}


def silent(stage: str, done: int, total: int) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def tube() -> tuple[Prepared, GatedSample, Labelled]:
    made = made_tube(4, events=12_000)
    masks = {name: made.mask(name) for name in POPULATIONS}
    source = Source("a", load_template("tbnk"), sample=made.sample())
    prepared = prepare(source, estimate_transforms([survey(source).summaries]))
    gated = gate_prepared(prepared, source, GatingPrior())
    return prepared, gated, Labelled.of_masks(made.sample(), masks)


@pytest.fixture(scope="module")
def inside(tube: tuple[Prepared, GatedSample, Labelled]) -> Inside:
    prepared, gated, labelled = tube
    scores = tuple(
        score(
            population=name,
            parent=PARENTS.get(name, "lymphocytes"),
            true=labelled.counts[name],
            found_parent=int(gated.mask(PARENTS.get(name, "lymphocytes")).sum()),
        )
        for name in POPULATIONS
    )
    found = inside_of(gated, prepared.axes, labelled, scores, WORDS)
    assert found is not None
    return found


def test_only_what_lies_inside_is_judged_again(
    inside: Inside, tube: tuple[Prepared, GatedSample, Labelled]
) -> None:
    _, gated, labelled = tube
    assert list(inside.scores) == ["CD3_T", "CD4_T", "B", "NK"]
    assert set(inside.columns) == {"CD3", "CD4", "CD8", "CD19", "CD16_CD56"}
    assert inside.n == int(gated.mask("lymphocytes").sum())
    assert int(inside.truth["B"].sum()) == int((labelled.masks["B"] & gated.mask("lymphocytes")).sum())


def test_usual_blood_is_found_by_every_rule(inside: Inside) -> None:
    scores = baseline_scores([inside], run=map, progress=silent)
    assert {one.method for one in scores} == {
        "valley (mindensity)", "valley (mindensity2)", "mixture of 2", POOLED,
    }  # fmt: skip
    for one in scores:
        assert one.found is not None
        assert one.true_positives is not None
        if one.population == "CD3_T":
            assert 2 * one.true_positives / (one.true + one.found) > 0.97, one
        assert one.true == inside.scores[one.population].true


def test_cells_outside_our_parent_are_missed_by_every_rule(inside: Inside) -> None:
    for one in baseline_scores([inside], run=map, progress=silent):
        assert one.true_positives is not None
        assert one.true_positives <= int(inside.truth[one.population].sum())


def made_inside(columns: Mapping[str, Column], truth: Mapping[str, Mask]) -> Inside:
    scores = {
        name: score(population=name, true=int(mask.sum()), found_parent=mask.size)
        for name, mask in truth.items()
    }
    n = next(iter(truth.values())).size
    return Inside(WORDS, n, {name: (values,) for name, values in columns.items()}, truth, scores)


def test_without_b_cells_a_valley_rule_invents_them_and_a_pooled_one_does_not() -> None:
    """The finding that began all this: one peak means that everything is positive."""
    rng = np.random.default_rng(5)

    def one(b_cells: int) -> Inside:
        is_b = np.arange(3000) < b_cells
        is_t = ~is_b & (np.arange(3000) < 2300)
        cd19 = np.where(is_b, rng.normal(0.7, 0.04, 3000), rng.normal(0.15, 0.04, 3000))
        cd3 = np.where(is_t, rng.normal(0.6, 0.04, 3000), rng.normal(0.1, 0.04, 3000))
        columns = {"CD19": cd19.astype(np.float32), "CD3": cd3.astype(np.float32)}
        return made_inside(columns, {"B": is_b})

    batch = [one(400), one(300), one(500), one(0)]
    found = {
        row.method: row.found
        for row in baseline_scores(batch[3:], run=map, progress=silent)
        if row.method != POOLED
    }
    together = baseline_scores(batch, run=map, progress=silent)
    pooled = [row.found for row in together if row.method == POOLED]
    assert found["valley (mindensity)"] == 700  # every CD3- cell
    assert pooled == [400, 300, 500, 0]
    assert [row.status for row in together if row.method == POOLED] == ["ok", "ok", "ok", "not_detected"]


def test_nothing_to_judge_is_no_error() -> None:
    assert baseline_scores([], run=map, progress=silent) == []


def test_populations_whose_markers_the_tube_lacks_are_left_out() -> None:
    nothing = np.zeros(10, dtype=bool)
    only_cd19 = made_inside({"CD19": np.zeros(10, dtype=np.float32)}, {"B": nothing})
    assert only_cd19.populations == ()
    assert baseline_scores([only_cd19], run=map, progress=silent) == []
