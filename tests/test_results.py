"""What an analysis hands on."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from pydantic import ValidationError

from cytorecon.errors import Issue, Severity
from cytorecon.results import PopulationCount, TubeResult


def test_a_result_survives_json() -> None:
    result = TubeResult(
        tube="P01/d30/1",
        status="done",
        counts=(
            PopulationCount(
                population="B", parent="lymphocytes", status="counted", events=3, below_lloq=True
            ),
        ),
        issues=(Issue("gate.outlier", Severity.WARNING, "gate CD19", "Far from the batch."),),
    )
    assert TubeResult.model_validate_json(result.model_dump_json()) == result


def test_what_is_not_known_is_none_and_never_zero() -> None:
    count = PopulationCount(population="NK", parent="lymphocytes", status="not_evaluable", reason="no CD56")
    said = {"population", "parent", "status", "reason", "count_method", "review", "gate_definition"}
    said |= {"absence_in_doubt", "overrides"}
    assert {value for name, value in asdict(count).items() if name not in said} == {None}


def test_a_result_cannot_be_changed_and_takes_no_unknown_field() -> None:
    result = TubeResult(tube="P01/d30/1", status="failed", error="It is empty.")
    with pytest.raises(ValidationError, match="frozen"):
        result.error = ""  # type: ignore[misc]  # what is tested
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        TubeResult.model_validate({"tube": "P01/d30/1", "status": "done", "file": "a.fcs"})
