"""Tubes in words."""

from __future__ import annotations

import pytest

from cytorecon.errors import Issue, Severity
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import Tube
from dashboard.services.study import StudyService
from dashboard.services.tubes import (
    count_method,
    filter_rows,
    gate_summary,
    patient_and_tube,
    review_notes,
    tube_state,
    worklist_rows,
    worklist_summary,
)
from tests.builders import FAILED_TUBE, study_result


@pytest.mark.parametrize(
    ("tube", "state"),
    [
        ("P01/d14/1", "analysed"),
        ("P01/d60/1", "needs a look"),
        ("P02/d180/1", "needs a look"),
        (FAILED_TUBE, "failed"),
    ],
)
def test_the_state_of_a_tube(tube: str, state: str) -> None:
    assert tube_state(study_result().tube(tube)) == state


def test_a_tube_no_batch_has_reached_yet_has_not_failed(service: StudyService) -> None:
    service.store.replace_sheet(
        service.store.study().model_copy(
            update={"tubes": (*service.store.study().tubes, Tube(tube="P03/d730/1", patient="P03", day=730))}
        )
    )
    rows = {row["tube"]: row for row in worklist_rows(service.snapshot())}
    assert rows["P03/d730/1"]["state"] == "○ not analysed"


def test_an_information_needs_no_look_and_a_warning_does() -> None:
    for severity, expected in ((Severity.INFO, "analysed"), (Severity.WARNING, "needs a look")):
        issue = Issue("count.few_beads", severity, "beads", "Only 400 beads were counted.")
        assert tube_state(TubeResult(tube="P01/d14/1", status="done", issues=(issue,))) == expected


def test_what_the_tube_was_not_set_up_for_needs_no_look() -> None:
    count = PopulationCount(
        population="viable", parent="singlets", status="not_evaluable", reason="not assessed: no dye"
    )
    assert tube_state(TubeResult(tube="P01/d14/1", status="done", counts=(count,))) == "analysed"


@pytest.mark.parametrize(
    ("patient", "tube", "found"),
    [
        ("P02", "", ("P02", "P02/d365/1")),
        ("", "P02/d30/1", ("P02", "P02/d30/1")),
        ("", "P09/d1/1", ("", "")),
        ("P09", "", ("", "")),
        ("", "", ("", "")),
    ],
)
def test_a_page_shows_a_patient_and_a_tube(
    read_only: StudyService, patient: str, tube: str, found: tuple[str, str]
) -> None:
    assert patient_and_tube(read_only.snapshot(), patient, tube) == found


def test_what_needs_a_look_is_said_once() -> None:
    assert review_notes(study_result().tube("P02/d180/1")) == (
        "B not evaluable: CD19 has no valley between negative and positive events",
    )
    assert review_notes(study_result().tube("P01/d60/1")) == ("Count: doublets: CD8 T",)


def test_a_flag_names_all_populations_that_carry_it() -> None:
    counts = tuple(
        PopulationCount(
            population=name, parent="CD3_T", status="counted", events=9, review=("gate.outlier:CD4",)
        )
        for name in ("CD4_T", "CD8_T")
    )
    assert review_notes(TubeResult(tube="P01/d14/1", status="done", counts=counts)) == (
        "CD4 threshold far from the batch's: CD4 T, CD8 T",
    )


def test_gates_and_count_method_in_short() -> None:
    result = study_result()
    assert gate_summary(result.tube("P01/d14/1")) == "4 found"
    assert gate_summary(result.tube("P02/d180/1")) == "3 found, 1 lost"
    assert gate_summary(result.tube(FAILED_TUBE)) == count_method(result.tube(FAILED_TUBE)) == ""
    assert count_method(result.tube("P01/d365/1")) == "blood count, ALC"
    assert count_method(result.tube("P03/d30/1")) == "none"


def test_every_tube_is_on_the_worklist_the_failed_one_with_its_message(read_only: StudyService) -> None:
    rows = worklist_rows(read_only.snapshot())
    assert [row["tube"] for row in rows] == [tube.tube for tube in read_only.store.study().tubes]
    failed = next(row for row in rows if row["tube"] == FAILED_TUBE)
    assert failed["state"] == "✕ failed"
    assert failed["events"] is None
    assert failed["notes"] == (
        "The file ends before its data do. Found: 61,440 bytes. Allowed: 1,048,576 bytes."
    )
    assert worklist_summary(rows) == "18 tubes of 3 patients · 2 to look at · 1 failed"


def test_filters_by_patient_and_state(read_only: StudyService) -> None:
    rows = worklist_rows(read_only.snapshot())
    assert {row["patient"] for row in filter_rows(rows, patients=["P02", "P03"])} == {"P02", "P03"}
    assert [row["tube"] for row in filter_rows(rows, state="failed")] == [FAILED_TUBE]
    assert "○ not analysed" not in {row["state"] for row in filter_rows(rows, state="analysed")}
    assert filter_rows(rows, patients=["P01"], state="failed") == []


def test_the_study_is_read_again_only_after_a_change(service: StudyService) -> None:
    first = service.snapshot()
    assert service.snapshot() is first
    service.store.remove_tube("P01/d14/1", reason="clotted")
    second = service.snapshot()
    assert second.revision > first.revision
    assert "P01/d14/1" not in {tube.tube for tube in second.study.tubes}
