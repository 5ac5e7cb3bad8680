"""Sheets that are read again after they were corrected."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.store import AWAITS_ANALYSIS, FileCountedError, StudyStore
from cytorecon.study.model import ClinicalEvent, LeftOutRow, Patient, Study, Tube
from tests.store.examples import EVENTS, PATIENTS, STUDY, TUBES, failed, result_of, sha256_of, without_paths


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


def test_a_tube_and_its_result_change_together(analysed: StudyStore) -> None:
    """What a corrected row says waits for the analysis, so that no number rests on something else."""
    corrected = TUBES[1].model_copy(update={"lymphocytes_cells_per_ul": 70.0, "visit": "later", "row": 9})
    sheet = STUDY.model_copy(update={"tubes": (TUBES[0], corrected, TUBES[2])})
    written = analysed.replace_sheet(sheet)
    assert written.study.tubes[1] == corrected
    assert analysed.done().keys() == {"P02/d30/1", "P01/d30/1", "P01/d-7/1"}
    stored = analysed.study().tubes[1]
    assert (stored.lymphocytes_cells_per_ul, stored.visit, stored.row) == (700.0, "later", 9)
    (said,) = [str(issue) for issue in analysed.study().issues if issue.code == AWAITS_ANALYSIS]
    assert said == (
        "warning: P01/d30/1: Manifest row 9 says something new about it (lymphocytes_cells_per_ul), and it "
        "was not analysed again yet; its result rests on what an earlier sheet said. Wait for the batch that "
        "is running, or start it again."
    )
    assert analysed.save_failure(corrected, failed("P01/d30/1"))
    assert analysed.study().tubes[1] == stored
    analysed.save_tube(corrected, result_of("P01/d30/1", events=7))
    assert analysed.study().tubes[1] == corrected


def test_what_is_not_listed_stays_and_is_named(analysed: StudyStore) -> None:
    upload = Tube(tube="P03/d10/1", patient="P03", day=10)
    analysed.save_tube(upload, result_of("P03/d10/1"), patient=Patient(patient="P03"))
    before = analysed.result()
    event = ClinicalEvent(patient="P02", kind="cmv", start_day=50)
    smaller = Study(name="renamed", patients=PATIENTS[:1], tubes=TUBES[:1], events=(event,))
    assert analysed.replace_sheet(smaller).gone == ()
    study = analysed.study()
    assert study.name == "renamed"
    assert [patient.patient for patient in study.patients] == ["P02", "P01", "P03"]
    assert study.tubes == (*without_paths(STUDY).tubes, upload)
    assert analysed.result().tubes == before.tubes
    assert study.events == (event, EVENTS[1])
    (said,) = map(str, study.issues)
    assert said == (
        "info: manifest: 2 tubes of an earlier sheet are not in this one and stay as they are: P01/d30/1, "
        "P01/d-7/1. To take them out, run the batch with --remove-missing."
    )
    assert analysed.history()[-1].what == "sheet_replaced"


def test_what_is_not_listed_goes_when_that_is_asked_for(analysed: StudyStore) -> None:
    upload = Tube(tube="P03/d10/1", patient="P03", day=10)
    analysed.save_tube(upload, result_of("P03/d10/1"), patient=Patient(patient="P03"))
    smaller = Study(name="s", patients=PATIENTS[:1], tubes=TUBES[:1])
    analysed.replace_sheet(smaller, remove_missing=True)
    study = analysed.study()
    assert [patient.patient for patient in study.patients] == ["P02", "P03"]
    assert study.tubes == (*without_paths(smaller).tubes, upload)
    assert (study.events, study.issues) == ((), ())
    reason = "not in the sample sheet any more, removed with --remove-missing"
    assert [(entry.what, entry.tube, entry.reason) for entry in analysed.history()[-3:]] == [
        ("sheet_replaced", "", ""),
        ("tube_removed", "P01/d30/1", reason),
        ("tube_removed", "P01/d-7/1", reason),
    ]


def test_nothing_is_removed_while_rows_are_left_out(analysed: StudyStore) -> None:
    rows = (
        LeftOutRow(row=3, patient="P01"),
        LeftOutRow(row=4, patient="P09", path=Path("/data/b.fcs")),
    )
    smaller = Study(name="s", patients=PATIENTS[:1], tubes=TUBES[:1], left_out=rows)
    analysed.replace_sheet(smaller, left_out_sha256={4: sha256_of("P01/d-7/1")}, remove_missing=True)
    assert analysed.done().keys() == {tube.tube for tube in TUBES}
    first, second, third = map(str, analysed.study().issues)
    assert first == (
        "warning: P01/d30/1: Kept from an earlier run; manifest row 3, which may be its row, is left out "
        "because of a problem. Correct the row and run the batch again."
    )
    assert second == first.replace("P01/d30/1", "P01/d-7/1").replace("row 3, which may be", "row 4, which is")
    assert third == (
        "warning: manifest: No tube was removed, because 2 rows of the manifest are left out, and a tube may "
        "be theirs. Correct the sheet, then run the batch with --remove-missing again."
    )


def test_what_had_no_result_goes_with_its_row(store: StudyStore) -> None:
    store.save_failure(TUBES[1], failed("P01/d30/1"))
    written = store.replace_sheet(Study(name="s", patients=PATIENTS[:1], tubes=TUBES[:1]))
    assert written.gone == (("P01/d30/1", "not in the sample sheet any more, and had no result"),)
    # another batch may be about to analyse this one
    assert [tube.tube for tube in store.study().tubes] == ["P02/d30/1", "P01/d-7/1"]


def test_a_row_with_another_day_takes_its_file_along(analysed: StudyStore) -> None:
    moved = TUBES[1].model_copy(update={"tube": "P01/d31/1", "day": 31})
    sheet = STUDY.model_copy(update={"tubes": (TUBES[0], moved, TUBES[2])})
    written = analysed.replace_sheet(sheet, file_sha256={"P01/d31/1": sha256_of("P01/d30/1")})
    assert written.gone == (("P01/d30/1", "its file is counted as tube P01/d31/1"),)
    assert analysed.done().keys() == {"P02/d30/1", "P01/d-7/1"}


def test_two_rows_that_change_places_are_analysed_anew(analysed: StudyStore) -> None:
    digests = {"P02/d30/1": sha256_of("P01/d30/1"), "P01/d30/1": sha256_of("P02/d30/1")}
    analysed.replace_sheet(STUDY, file_sha256=digests)
    assert analysed.done().keys() == {"P01/d-7/1"}
    for name, digest in digests.items():
        tube = next(tube for tube in TUBES if tube.tube == name)
        analysed.save_tube(tube, result_of(name, sha256=digest))
    assert dict(analysed.done()) == {**digests, "P01/d-7/1": sha256_of("P01/d-7/1")}


def test_a_new_row_of_the_day_takes_no_name_that_has_a_result(analysed: StudyStore) -> None:
    """Only the new tube is listed, of another panel: the number of the old one is not free."""
    other = Tube(tube="P01/d30/1", patient="P01", day=30, row=2, template="t_cd4_cd8")
    sheet = Study(name="s", patients=PATIENTS[1:], tubes=(other,))
    written = analysed.replace_sheet(sheet, file_sha256={"P01/d30/1": "e" * 64})
    assert [tube.tube for tube in written.study.tubes] == ["P01/d30/2"]
    assert "P01/d30/1" in analysed.done()


def test_rows_keep_their_names_when_one_comes_between(analysed: StudyStore) -> None:
    first = Tube(tube="P01/d30/1", patient="P01", day=30, row=3, bead_lot="B")
    second = TUBES[1].model_copy(update={"tube": "P01/d30/2", "row": 4})
    sheet = STUDY.model_copy(update={"tubes": (TUBES[0], first, second)})
    digests = {"P01/d30/1": "e" * 64, "P01/d30/2": sha256_of("P01/d30/1")}
    written = analysed.replace_sheet(sheet, file_sha256=digests)
    assert [(tube.row, tube.tube) for tube in written.study.tubes] == [
        (2, "P02/d30/1"),
        (3, "P01/d30/2"),
        (4, "P01/d30/1"),
    ]
    assert "P01/d30/1" in analysed.done()


def test_what_the_sheets_do_not_say_about_a_patient_stays_known(analysed: StudyStore) -> None:
    bare = STUDY.model_copy(update={"patients": tuple(Patient(patient=p.patient) for p in PATIENTS)})
    analysed.replace_sheet(bare.model_copy(update={"lists_events": False, "events": ()}))
    assert analysed.study().patients == PATIENTS
    assert analysed.study().events == EVENTS
    assert str(analysed.study().issues[-1]) == (
        "info: events: There is no events sheet; 2 events of an earlier one stay. To take events out, give "
        "an events sheet."
    )
    analysed.replace_sheet(bare, remove_missing=True)
    assert analysed.study().patients == bare.patients


def test_a_patient_is_completed_and_never_overwritten(store: StudyStore) -> None:
    known = PATIENTS[0]
    store.complete_patient(Patient(patient=known.patient, age_years=7.0, sex="male", graft="BM"))
    assert store.study().patients[0] == known
    store.complete_patient(Patient(patient="P09", age_years=7.0))
    store.complete_patient(Patient(patient="P09", age_years=8.0, sex="male"))
    assert store.study().patient("P09") == Patient(patient="P09", age_years=7.0, sex="male")


def test_no_file_counts_twice_whoever_comes_second(analysed: StudyStore) -> None:
    upload = Tube(tube="P03/d10/1", patient="P03", day=10)
    revision = analysed.revision()
    with pytest.raises(FileCountedError) as caught:
        analysed.save_tube(
            upload, result_of(upload.tube, sha256=sha256_of("P02/d30/1")), patient=Patient(patient="P03")
        )
    error = caught.value
    assert (error.message, error.field, error.found, error.allowed, error.hint, error.upload) == (
        "Its file is counted as another tube; nothing was changed.",
        "tube P03/d10/1",
        "tube P02/d30/1",
        "a file that no other tube of the study came from",
        "Take the other tube out first.",
        False,
    )
    assert analysed.revision() == revision
    assert [patient.patient for patient in analysed.study().patients] == ["P02", "P01"]
    # another data set of the same file is another tube: P01/d-7/1 has data set 1
    analysed.save_tube(
        upload, result_of(upload.tube, sha256=sha256_of("P01/d-7/1")), patient=Patient(patient="P03")
    )


def test_a_removed_tube_stays_removed(analysed: StudyStore) -> None:
    analysed.remove_tube("P01/d30/1", reason="clotted")
    analysed.replace_sheet(STUDY)
    assert [tube.tube for tube in analysed.removed()] == ["P01/d30/1"]
    assert "P01/d30/1" in analysed.done()
