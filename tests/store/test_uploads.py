"""Sheets beside tubes that came by upload: nothing lost, nothing twice."""

from __future__ import annotations

import pytest

from cytorecon.errors import Severity, StoreError
from cytorecon.results import Provenance, TubeResult
from cytorecon.store import StudyStore
from cytorecon.store.uploads import Upload, beside_uploads, with_known_facts
from cytorecon.study.model import Anchor, Patient, Study, Tube
from tests.store.examples import STUDY, TUBES, result_of

UPLOADED = Tube(tube="P01/d30/2", patient="P01", day=30, beads_per_tube=51_420.0, blood_volume_ul=50.0)


def row(number: int, name: str, day: int = 30, **said: object) -> Tube:
    known = {"tube": name, "patient": "P01", "day": day, "row": number}
    return Tube.model_validate({**known, **said})


def sheet(*tubes: Tube) -> Study:
    patients = tuple(Patient(patient=name) for name in dict.fromkeys(tube.patient for tube in tubes))
    return Study(name="s", patients=patients, tubes=tubes)


def result(tube: str, sha256: str) -> TubeResult:
    return TubeResult(tube=tube, status="done", provenance=Provenance(file_sha256=sha256))


def names(study: Study) -> list[str]:
    return [tube.tube for tube in study.tubes]


def test_other_bytes_take_the_next_number_that_no_upload_has() -> None:
    uploads = [Upload(UPLOADED, "aa"), Upload(row(0, "P01/d30/3"), "bb", removed=True)]
    rows = [row(2, "P01/d30/1"), row(3, "P01/d30/2"), row(4, "P01/d60/1", day=60), row(5, "P01/d30/3")]
    taken = beside_uploads(sheet(*rows), uploads, {"P01/d30/2": "cc"})
    assert names(taken) == ["P01/d30/1", "P01/d30/4", "P01/d60/1", "P01/d30/5"]
    assert [tube.row for tube in taken.tubes] == [2, 3, 4, 5]
    assert names(beside_uploads(taken, uploads, {})) == names(taken)


def test_two_tubes_of_one_visit_are_remarked_but_for_removed_uploads() -> None:
    (issue,) = beside_uploads(sheet(row(2, "P01/d30/1")), [Upload(UPLOADED, "aa")], {}).issues
    assert str(issue) == (
        "warning: manifest row 2: Tube P01/d30/2 of the same patient, day and panel was uploaded from "
        "another file; both are counted, this row as P01/d30/1. If they are one sample, remove the upload "
        "on the dashboard."
    )
    removed = [Upload(UPLOADED, "aa", removed=True)]
    assert beside_uploads(sheet(row(2, "P01/d30/1")), removed, {}).issues == ()


def test_the_same_bytes_are_the_same_tube() -> None:
    again = row(2, "P01/d30/1", beads_per_tube=51_420.0, visit="+30", bead_lot="L7")
    taken = beside_uploads(sheet(again, row(3, "P01/d30/2")), [Upload(UPLOADED, "aa")], {"P01/d30/1": "aa"})
    assert [(tube.tube, tube.row) for tube in taken.tubes] == [("P01/d30/1", 3)]
    assert str(taken.issues[0]) == (
        "info: manifest row 2: Its file was uploaded as tube P01/d30/2 and is counted once, as that tube."
    )


def test_precision_that_only_the_row_states_is_said_to_be_left() -> None:
    again = row(2, "P01/d30/1", beads_per_tube=51_420.0, pipetting_cv_percent=3.0)
    (issue,) = beside_uploads(sheet(again), [Upload(UPLOADED, "aa")], {"P01/d30/1": "aa"}).issues
    assert str(issue) == (
        "info: manifest row 2: Its file was uploaded as tube P01/d30/2 and is counted once, as that tube. "
        "What the row states of precision (pipetting_cv_percent) is not taken over."
    )


def test_a_row_that_contradicts_the_upload_of_its_file_is_an_error() -> None:
    other = row(2, "P01/d31/1", day=31, template="t_cd4_cd8", beads_per_tube=48_440.0, wbc_cells_per_ul=900.0)
    taken = beside_uploads(sheet(other), [Upload(UPLOADED, "aa")], {"P01/d31/1": "aa"})
    assert taken.tubes == ()
    (issue,) = taken.issues
    assert issue.severity is Severity.ERROR
    assert str(issue) == (
        "error: manifest row 2: Its file was uploaded as tube P01/d30/2, which says otherwise: "
        "day (31 here, 30 there), panel (t_cd4_cd8 here, tbnk there), beads_per_tube (48440 here, "
        "51420 there), wbc_cells_per_ul (900 here, nothing there). The upload stays and the row is left "
        "out. If the sheet is right, remove the upload on the dashboard and run the batch again; else "
        "correct the row."
    )


def test_the_file_of_a_removed_upload_counts_as_a_row() -> None:
    taken = beside_uploads(
        sheet(row(2, "P01/d30/2")), [Upload(UPLOADED, "aa", removed=True)], {"P01/d30/2": "aa"}
    )
    assert names(taken) == ["P01/d30/1"]
    assert taken.issues == ()


def test_what_only_the_upload_said_about_a_patient_stays() -> None:
    anchors = (Anchor(name="CART1", kind="car_t"),)
    known = Patient(patient="P01", age_years=4.0, sex="male", programme="car_t", anchors=anchors)
    assert with_known_facts(Patient(patient="P01"), known) == known
    said = Patient(patient="P01", age_years=5.0, sex="female", programme="allo_hsct", graft="BM")
    assert with_known_facts(said, known) == said


@pytest.fixture
def uploaded(store: StudyStore) -> StudyStore:
    """Return a store whose study holds one upload of P01 on day 30, beside the row of that day."""
    store.save_patient(Patient(patient="P01", age_years=33.0, sex="female"))
    store.save_tube(UPLOADED, result_of(UPLOADED.tube, sha256="f" * 64))
    return store


def test_a_second_row_of_the_day_does_not_replace_the_upload(uploaded: StudyStore) -> None:
    before = uploaded.tube_result(UPLOADED.tube)
    more = STUDY.model_copy(update={"tubes": (*TUBES, row(5, "P01/d30/2", path="/data/x.fcs"))})
    taken = uploaded.replace_sheet(more, file_sha256={"P01/d30/2": "e" * 64}).study
    assert names(taken) == ["P02/d30/1", "P01/d30/1", "P01/d-7/1", "P01/d30/3"]
    assert str(taken.tubes[-1].path) == "/data/x.fcs"
    assert uploaded.tube_result(UPLOADED.tube) == before
    assert names(uploaded.study()) == [*names(taken), UPLOADED.tube]
    assert uploaded.study().issues == taken.issues
    assert uploaded.study().patient("P01").age_years == 33.0
    assert names(uploaded.replace_sheet(more, file_sha256={"P01/d30/2": "e" * 64}).study) == names(taken)


def test_a_row_with_the_file_of_the_upload_adds_nothing(uploaded: StudyStore) -> None:
    more = STUDY.model_copy(update={"tubes": (*TUBES, row(5, "P01/d30/2"))})
    taken = uploaded.replace_sheet(more, file_sha256={"P01/d30/2": "f" * 64}).study
    assert names(taken) == names(STUDY)
    assert names(uploaded.study()) == [*names(STUDY), UPLOADED.tube]
    assert uploaded.study().tubes[-1] == UPLOADED


def test_has_uploads(store: StudyStore) -> None:
    assert not store.has_uploads()
    store.save_tube(UPLOADED, result_of(UPLOADED.tube))
    store.remove_tube(UPLOADED.tube, reason="x")
    assert store.has_uploads()


@pytest.mark.parametrize(
    ("tube", "sha256", "found"),
    [
        (Tube(tube="P01/d30/1", patient="P01", day=30), "f" * 64, "a tube of the sample sheet"),
        (row(9, "P01/d30/2"), "f" * 64, "an upload"),
        (UPLOADED, "d" * 64, "an upload"),
    ],
)
def test_no_tube_replaces_another_of_its_name(
    uploaded: StudyStore, location: str, tube: Tube, sha256: str, found: str
) -> None:
    before = uploaded.revision()
    with pytest.raises(StoreError) as caught:
        uploaded.save_tube(tube, result_of(tube.tube, sha256=sha256))
    error = caught.value
    assert (error.message, error.field, error.found, error.allowed, error.hint) == (
        "Another tube of the study has this name; nothing was changed.",
        f"tube {tube.tube}",
        found,
        "a name that is free",
        "Try again: it will get the next free number.",
    )
    assert uploaded.revision() == before


def test_an_upload_whose_file_is_counted_as_another_tube_cannot_be_restored(uploaded: StudyStore) -> None:
    uploaded.remove_tube(UPLOADED.tube, reason="wrong beads")
    uploaded.save_tube(TUBES[1], result("P01/d30/1", "f" * 64))
    with pytest.raises(StoreError) as caught:
        uploaded.restore_tube(UPLOADED.tube)
    error = caught.value
    assert (error.message, error.field, error.found, error.allowed, error.hint) == (
        "Its file is counted as another tube by now.",
        "tube P01/d30/2",
        "tube P01/d30/1",
        "a file that no other tube of the study came from",
        "Take the other tube out first.",
    )
    uploaded.remove_tube("P01/d30/1", reason="the upload is right")
    uploaded.restore_tube(UPLOADED.tube)
    assert uploaded.removed()[0].tube == "P01/d30/1"
