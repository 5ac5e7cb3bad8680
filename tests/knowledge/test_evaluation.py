"""What gates are measured by."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cytorecon.knowledge.evaluation import Target, load_evaluation_rules
from cytorecon.knowledge.templates import load_template


def test_every_population_is_one_of_the_template() -> None:
    simulated = load_evaluation_rules().simulated
    known = load_template(simulated.template).population_by_name
    named = {scored.population for scored in simulated.scored} | {
        target.population for target in simulated.targets
    }
    assert named - {""} <= set(known)
    assert simulated.baselines.inside in known
    assert {entry.population for entry in simulated.baselines.populations} <= set(known)


def test_the_targets_agreed_upon_are_all_there() -> None:
    targets = {
        (target.measure, target.population, target.cells): target.limit
        for target in load_evaluation_rules().simulated.targets
        if not target.laboratory
    }
    for population in ("lymphocytes", "CD3_T", "CD4_T", "CD8_T"):
        assert targets["f1", population, None] == ">= 0.99"
    for population in ("B", "NK"):
        assert targets["f1", population, None] == ">= 0.98"
        assert targets["not_detected", population, 0] == ">= 0.98"
        assert targets["most_found", population, 0] == "<= 5"
        assert targets["detected", population, 5] == ">= 0.9"
        assert targets["close", population, 20] == targets["close", population, 100] == ">= 0.9"
    assert targets["wrong_accepted", "", None] == "<= 0.005"


@pytest.mark.parametrize("limits", [{}, {"at_least": 0.5, "at_most": 0.6}])
def test_a_target_has_one_limit(limits: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="a target needs either at_least or at_most"):
        Target(measure="f1", **limits)  # type: ignore[arg-type]  # limits only
