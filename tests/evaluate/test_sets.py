"""A labelled set from its plan to its tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate import Evaluation, evaluate_plan, load_plan, tables_of
from tests.evaluate.labelled_sets import write_set


def silent(stage: str, done: int, total: int) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = tmp_path_factory.mktemp("plan")
    dilution = {"populations": ["B"], "cells": [0, 20], "draws": 1}
    targets = [{"measure": "f1", "population": "B", "at_least": 0.8}]
    plan = write_set(folder, [1, 2], dilution=dilution, targets=targets)
    return evaluate_plan(load_plan(plan), folder, run=map, progress=silent)


def test_every_regime_is_there(evaluation: Evaluation) -> None:
    results = {
        regime: sum(one.regime == regime and one.method == "cytorecon" for one in evaluation.scores)
        for regime in ("together", "alone", "left_out", "diluted")
    }
    assert results == {"together": 6, "alone": 6, "left_out": 6, "diluted": 4}
    assert evaluation.failures == {}
    assert evaluation.template.startswith("tbnk ")


def test_diluted_results_are_those_of_the_diluted_population(evaluation: Evaluation) -> None:
    diluted = [one for one in evaluation.scores if one.regime == "diluted"]
    assert {one.population for one in diluted} == {"B"}
    assert {(one.true, one.planted) for one in diluted} == {(0, 0), (20, 20)}
    assert len({one.method for one in diluted}) == 5


def test_tables_of_a_set(evaluation: Evaluation) -> None:
    tables = tables_of([evaluation])
    b_cells = tables.agreement[
        (tables.agreement["method"] == "cytorecon") & (tables.agreement["population"] == "B")
    ].set_index("regime")
    assert b_cells["f1_median"].to_dict()["together"] > 0.9
    assert tables.targets["regime"].tolist() == ["together", "alone", "left_out"]
    ours = tables.detection[tables.detection["method"] == "cytorecon"].set_index("cells")
    assert ours["results"].to_dict() == {0: 2, 20: 2}


def test_a_label_that_no_file_has(tmp_path: Path) -> None:
    truth = {"kind": "event_label", "column": "cell", "labels": {"B": ["B cells"]}}
    plan = write_set(tmp_path, [1], events=2000, truth=truth, scored=[{"population": "B"}], baselines=None)
    with pytest.raises(CytoreconError) as caught:
        evaluate_plan(load_plan(plan), tmp_path, run=map, progress=silent)
    assert str(caught.value) == (
        "plan made, truth: No event of any tube has a label of this population. Found: B. "
        "Compare the labels of the plan with those of the files, letter by letter."
    )


def test_expert_labels_of_transplant_patients(real_data: Path) -> None:
    """The shipped plan, without its dilution."""
    plan = load_plan(Path(__file__).parents[2] / "benchmarks" / "plans" / "flowcap1_gvhd.yaml")
    plan = plan.model_copy(update={"dilution": None})
    tables = tables_of([evaluate_plan(plan, real_data, run=map, progress=silent)])
    rows = tables.agreement[tables.agreement["method"] == "cytorecon"].set_index(["regime", "population"])
    median = rows["f1_median"].to_dict()
    for regime in ("together", "alone", "left_out"):
        assert median[regime, "CD4_T"] > 0.95
        assert median[regime, "CD8_T"] > 0.85


def test_numbers_alone_are_enough_for_counts(tmp_path: Path) -> None:
    """A set with true numbers only: no F1, no baselines, but how far counts are off."""
    truth = {
        "kind": "counts",
        "tube_column": "tube",
        "column": "cell",
        "count_column": "n",
        "labels": {"B": ["B"]},
    }
    plan = write_set(tmp_path, [1], truth=truth, scored=[{"population": "B"}])
    labels = tmp_path / "set" / "t1.csv"
    true = int((pd.read_csv(labels)["cell"] == "B").sum())
    labels.write_text(f"tube,cell,n\nt1,B,{true}\n", encoding="utf-8")
    tables = tables_of([evaluate_plan(load_plan(plan), tmp_path, run=map, progress=silent)])
    (row,) = tables.scores.to_dict("records")
    assert (row["method"], row["true"], row["has_f1"], row["is_wrong"]) == ("cytorecon", true, False, False)
    assert abs(row["log10_ratio"]) < 0.05
    assert tables.agreement["f1_results"].tolist() == [0]
