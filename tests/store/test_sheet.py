"""Sheets that are read again after they were corrected."""

from __future__ import annotations

import pytest

from cytorecon.store import NOT_ANALYSED, StudyStore
from cytorecon.study.model import ClinicalEvent, Patient, Study, Tube
from tests.store.examples import EVENTS, PATIENTS, STUDY, TUBES, result_of, without_paths


@pytest.fixture
def analysed(store: StudyStore) -> StudyStore:
    for tube in TUBES:
        store.save_tube(tube, result_of(tube.tube))
    return store


def test_the_same_sheet_again_changes_nothing(analysed: StudyStore) -> None:
    before = analysed.result()
    analysed.replace_sheet(STUDY)
    assert analysed.result() == before
    assert [entry.what for entry in analysed.history()[-2:]] == ["tube_saved", "sheet_replaced"]


def test_a_new_row_above_does_not_cost_results(analysed: StudyStore) -> None:
    first = Tube(tube="P02/d14/1", patient="P02", day=14, row=2)
    moved = tuple(tube.model_copy(update={"row": tube.row + 1, "visit": "later"}) for tube in TUBES)
    analysed.replace_sheet(STUDY.model_copy(update={"tubes": (first, *moved)}))
    study = analysed.study()
    assert [tube.tube for tube in study.tubes] == ["P02/d14/1", "P02/d30/1", "P01/d30/1", "P01/d-7/1"]
    assert [tube.row for tube in study.tubes] == [2, 3, 4, 5]
    assert analysed.done().keys() == {"P02/d30/1", "P01/d30/1", "P01/d-7/1"}


def test_a_corrected_blood_count_makes_the_old_result_invalid(analysed: StudyStore) -> None:
    corrected = TUBES[1].model_copy(update={"lymphocytes_cells_per_ul": 70.0})
    analysed.replace_sheet(STUDY.model_copy(update={"tubes": (TUBES[0], corrected, TUBES[2])}))
    assert analysed.done().keys() == {"P02/d30/1", "P01/d-7/1"}
    assert [issue.code for issue in analysed.tube_result("P01/d30/1").issues] == [NOT_ANALYSED]


def test_what_left_the_sheet_is_gone_and_uploads_stay(analysed: StudyStore) -> None:
    upload = Tube(tube="P03/d10/1", patient="P03", day=10)
    analysed.save_patient(Patient(patient="P03"))
    analysed.save_tube(upload, result_of("P03/d10/1"))
    analysed.save_patient(Patient(patient="P04 without tubes"))
    event = ClinicalEvent(patient="P02", kind="cmv", start_day=50)
    smaller = Study(name="renamed", patients=PATIENTS[:1], tubes=TUBES[:1], events=(event,))
    analysed.replace_sheet(smaller)
    study = analysed.study()
    assert study.name == "renamed"
    assert [patient.patient for patient in study.patients] == ["P02", "P03"]
    assert study.tubes == (*without_paths(smaller).tubes, upload)
    assert study.events == (event,)
    assert study.issues == ()
    assert [(entry.what, entry.tube, entry.reason) for entry in analysed.history()[-3:]] == [
        ("sheet_replaced", "", ""),
        ("tube_removed", "P01/d-7/1", "not in the sample sheet any more"),
        ("tube_removed", "P01/d30/1", "not in the sample sheet any more"),
    ]


def test_a_tube_that_comes_back_is_analysed_anew(analysed: StudyStore) -> None:
    analysed.replace_sheet(STUDY.model_copy(update={"tubes": TUBES[:2]}))
    analysed.replace_sheet(STUDY)
    assert [tube.tube for tube in analysed.study().tubes] == [tube.tube for tube in TUBES]
    assert analysed.done().keys() == {"P02/d30/1", "P01/d30/1"}
    assert analysed.study().events == EVENTS


def test_a_removed_tube_stays_removed(analysed: StudyStore) -> None:
    analysed.remove_tube("P01/d30/1", reason="clotted")
    analysed.replace_sheet(STUDY)
    assert [tube.tube for tube in analysed.removed()] == ["P01/d30/1"]
    assert "P01/d30/1" in analysed.done()
