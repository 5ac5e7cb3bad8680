"""Marks of the checks between tubes are made when a study is read, and not stored."""

from __future__ import annotations

from cytorecon.results import PopulationCount
from cytorecon.store import StudyStore
from tests.store.examples import TUBES, result_of


def test_marks_are_read_and_not_stored(store: StudyStore) -> None:
    few = (
        PopulationCount(population="lymphocytes", parent="leukocytes", status="counted", events=120),
        PopulationCount(
            population="B", parent="lymphocytes", status="counted", events=6, percent_of_lymphocytes=5.0
        ),
    )
    stored = result_of("P02/d30/1").model_copy(update={"counts": few, "issues": ()})
    store.save_tube(TUBES[0], stored)
    read = store.result().tubes[0]
    assert [count.review for count in read.counts] == [(), ("assay.few_lymphocytes",)]
    assert [issue.code for issue in read.issues] == ["assay.few_lymphocytes"]
    assert store.tube_result("P02/d30/1") == stored
