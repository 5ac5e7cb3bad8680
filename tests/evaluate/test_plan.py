"""Plans: what can be wrong with one, and those that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.plan import load_plan, template_of, tubes_of
from tests.evaluate.labelled_sets import PLAN, write_plan

SHIPPED = sorted((Path(__file__).parents[2] / "benchmarks" / "plans").glob("*.yaml"))
TUBES = [{"tube": "a", "file": "a.fcs", "labels": "a.csv"}]
PLAIN = {"populations": [{"population": "B", "parent": "blood", "where": "CD19"}]}
COUNTS = {"kind": "counts", "tube_column": "t", "column": "k", "count_column": "n", "labels": {"B": ["b"]}}


def refusal(tmp_path: Path, **changed: object) -> str:
    path = write_plan(tmp_path, {**PLAN, "tubes": TUBES, **changed})
    with pytest.raises(CytoreconError) as caught:
        tubes_of(load_plan(path), tmp_path)
    return str(caught.value)


def test_no_plan(tmp_path: Path) -> None:
    with pytest.raises(CytoreconError) as caught:
        load_plan(tmp_path / "none.yaml")
    assert str(caught.value) == "none.yaml: There is no such plan. Allowed: a .yaml file."


def test_a_word_nobody_knows(tmp_path: Path) -> None:
    assert refusal(tmp_path, tempalte="tbnk") == (
        "plan.yaml, tempalte: 1 field cannot be used. Found: 'tbnk'. Allowed: no field of this name."
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scored": [{"population": "CD4_T"}]}, "scored: the labels say nothing of 'CD4_T'"),
        ({"dilution": {"populations": ["T"]}}, "dilution: the labels say nothing of 'T'"),
        (
            {"baselines": {**PLAIN, "inside": "lymphocytes"}},
            "population 'B': its parent 'blood' is none of lymphocytes",
        ),
        ({"tubes": TUBES * 2}, "tubes: a is named twice"),
        (
            {"tubes": [*TUBES, {**TUBES[0], "tube": "again"}]},
            "is listed twice, and would count as two tubes",
        ),
        (
            {"truth": COUNTS, "scored": [{"population": "B"}], "dilution": {"populations": ["B"]}},
            "dilution: labels of single events are needed",
        ),
    ],
)
def test_parts_that_do_not_fit(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    assert message in refusal(tmp_path, **changed)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"plan made, tube a: A file of the plan is missing. Found: {tmp_path / 'set' / 'a.fcs'}. "
        "Name the folder of the data with --data."
    )


@pytest.mark.parametrize(
    ("changed", "field", "found"),
    [
        ({"scored": [{"population": "B", "parent": "blood"}]}, "scored, parent", "blood"),
        ({"baselines": {**PLAIN, "inside": "blood"}}, "baselines, inside", "blood"),
    ],
)
def test_a_population_the_template_lacks(
    tmp_path: Path, changed: dict[str, object], field: str, found: str
) -> None:
    plan = load_plan(write_plan(tmp_path, {**PLAN, "tubes": TUBES, **changed}))
    with pytest.raises(CytoreconError) as caught:
        template_of(plan)
    assert str(caught.value).startswith(
        f"plan made, {field}: The template has no such population. Found: {found}. Allowed: beads, singlets,"
    )


def test_patients_and_groups_are_the_tube_unless_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for name in ("a.fcs", "a.csv"):
        (tmp_path / "set" / name).write_bytes(b"")
    plain = load_plan(write_plan(tmp_path, {**PLAN, "tubes": TUBES}))
    (tube,) = tubes_of(plain, tmp_path)
    assert (tube.patient, tube.group, dict(tube.planted)) == ("a", "a", {})
    named = [{**TUBES[0], "patient": "P07", "group": "Yale"}]
    (tube,) = tubes_of(load_plan(write_plan(tmp_path, {**PLAN, "tubes": named})), tmp_path)
    assert (tube.patient, tube.group) == ("P07", "Yale")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_plans_are_plans(path: Path) -> None:
    plan = load_plan(path)
    assert plan.name == path.stem
    assert plan.targets
    known = {scored.population for scored in plan.scored}
    assert {target.population for target in plan.targets} <= known


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_labels_of_shipped_plans_are_in_the_files(path: Path, real_data: Path) -> None:
    plan = load_plan(path)
    seen = dict.fromkeys(plan.truth.populations, 0)
    for tube in tubes_of(plan, real_data):
        for name, number in tube.read().counts.items():
            seen[name] += number
    assert min(seen.values()) > 100, seen
