"""Uploads: what is refused, what is stored, and how it is undone."""

from __future__ import annotations

import base64
import hashlib
import math
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cytorecon.errors import FcsError, StoreError
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Anchor, Patient, Tube
from cytorecon.trajectory import SAME_DAY
from dashboard.services.hints import error_in_browser
from dashboard.services.study import StudyService
from dashboard.services.upload_checks import LIMIT_BYTES, UploadForm, check_form, doubts
from dashboard.services.uploads import (
    known_patient,
    next_tube,
    programmes,
    remove_upload,
    removed_uploads,
    restore_upload,
    upload,
    uploaded_tubes,
)
from tests.builders import tube_result
from tests.dashboard.analysis import InstantDesk, uploaded


def data_url(data: bytes) -> str:
    return "data:application/octet-stream;base64," + base64.b64encode(data).decode()


FORM = UploadForm(
    contents=data_url(b"FCS3.1 whatever"), patient="P01", day=400, beads_per_tube=50_000, blood_volume_ul=50
)


PSEUDONYM = (
    "Enter the study pseudonym: up to 64 letters (a-z), digits, '.', '_' and '-', beginning with a letter or "
    "digit; no date. Never a name or hospital number."
)
VISIT = (
    "Allowed: up to 24 letters, digits, spaces and + - . /, in words for visits, e.g. +30, 1 y, week 6, "
    "pre-transplant, relapse."
)
BEADS = (
    "Enter a number from 1000 to 10000000 beads, or leave it empty. It is the number of beads in the tube, "
    "not per µL; it stands on the package of the lot."
)


def test_a_complete_form_is_fine() -> None:
    assert check_form(FORM) == ()


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"contents": None}, "contents", "Choose an FCS file."),
        ({"contents": "data:;base64,@@@"}, "contents", "The file did not arrive whole. Choose it again."),
        ({"contents": "data:"}, "contents", "The file is empty. Copy it again from the cytometer."),
        (
            {"contents": "data:application/octet-stream;base64,"},
            "contents",
            "The file is empty. Copy it again from the cytometer.",
        ),
        ({"contents": "nonsense"}, "contents", "The file did not arrive whole. Choose it again."),
        (
            {"contents": data_url(b"patient,day\nP01,30\n")},
            "contents",
            "This is not an FCS file: it does not begin with FCS2.0, FCS3.0, FCS3.1 or FCS3.2.",
        ),
        (
            {"contents": data_url(b"PK\x03\x04 and so on")},
            "contents",
            "This is a zip archive, which is not unpacked here. Unpack it and upload the FCS file.",
        ),
        (
            {"patient": "Maria Muster"},
            "patient",
            PSEUDONYM,
        ),
        (
            {"patient": ""},
            "patient",
            PSEUDONYM,
        ),
        ({"day": None}, "day", "Enter the day of the blood draw; 0 is the day of the transplant."),
        ({"day": 1.5}, "day", "The day is a whole number between -3650 and 36525."),
        ({"day": 40_000.0}, "day", "The day is a whole number between -3650 and 36525."),
        ({"panel": "nope"}, "panel", "Choose a panel."),
        ({"patient": "1984-03-01"}, "patient", PSEUDONYM),
        ({"day": math.nan}, "day", "The day is a whole number between -3650 and 36525."),
        ({"visit": "31.03.2024"}, "visit", f"The name of a visit must not hold a date. {VISIT}"),
        (
            {"visit": "Maria Muster"},
            "visit",
            f"The name of a visit has a word that is not known as a word for visits. {VISIT}",
        ),
        ({"beads_per_tube": 0.0}, "beads_per_tube", BEADS),
        ({"beads_per_tube": 51.42}, "beads_per_tube", BEADS),
        ({"beads_per_tube": math.nan}, "beads_per_tube", BEADS),
        (
            {"blood_volume_ul": 0.05},
            "blood_volume_ul",
            "Enter a number from 1 to 5000 µL, or leave it empty. It is in µL; 0.05 mL are 50 µL.",
        ),
        (
            {"wbc_cells_per_ul": -1.0},
            "wbc_cells_per_ul",
            "Enter a number up to 500000 in cells/µL, or leave it empty.",
        ),
        (
            {"wbc_cells_per_ul": 900.0, "lymphocytes_cells_per_ul": 1200.0},
            "lymphocytes_cells_per_ul",
            (
                "There are more lymphocytes (1200) than white cells (900 cells/µL), "
                "and lymphocytes are white cells."
            ),
        ),
        ({"age_years": 345.0}, "age_years", "Enter the age on day 0 in years, 0 to 120, or leave it empty."),
        (
            {"age_years": math.nan},
            "age_years",
            "Enter the age on day 0 in years, 0 to 120, or leave it empty.",
        ),
        (
            {"pipetting_cv_percent": 31.0},
            "pipetting_cv_percent",
            (
                "This number is out of range. Found: 31. Allowed: a number from 0 up to 30 %. "
                "It is in percent of the quantity; 0.03 of it are 3."
            ),
        ),
        (
            {"lymphocytes_cv_percent": -1.0},
            "lymphocytes_cv_percent",
            (
                "This number is out of range. Found: -1. Allowed: a number from 0 up to 50 %. "
                "It is in percent of the quantity; 0.03 of it are 3."
            ),
        ),
        ({"sex": "boy"}, "sex", "Choose female, male or unknown."),
        ({"programme": "nope"}, "programme", "Choose a programme."),
        (
            {"blood_volume_ul": None},
            "blood_volume_ul",
            "Counting beads need the blood volume of the tube, in µL.",
        ),
    ],
)
def test_each_mistake_has_its_message(change: dict[str, object], field: str, message: str) -> None:
    form = replace(FORM, **change)  # type: ignore[arg-type]  # a field of the form by name
    assert check_form(form) == ((field, message),)


def test_a_file_that_is_too_large_is_told_the_limit() -> None:
    form = replace(FORM, contents=data_url(b"FCS3.1" + bytes(LIMIT_BYTES + 1_000_000)))
    assert check_form(form) == (("contents", "The file has 26 MB; up to 25 MB can be uploaded here."),)


def test_all_mistakes_are_told_at_once(service: StudyService) -> None:
    outcome = upload(service, UploadForm(contents=None, patient="", day=None))
    assert [field for field, _ in outcome.problems] == ["contents", "patient", "day"]
    assert outcome.job is None


def test_an_upload_becomes_a_tube_with_a_name_without_the_file(service: StudyService) -> None:
    outcome = uploaded(service, FORM)
    assert outcome.tube == "P01/d400/1"
    assert outcome.message == "P01/d400/1: 293,212 events, 11 populations counted (analysed)."
    (tube,) = uploaded_tubes(service.snapshot())
    assert (tube.tube, tube.row, tube.visit, tube.path) == ("P01/d400/1", 0, "+400", None)
    cells = {count.population: count.cells_per_ul for count in service.store.tube_result(tube.tube).counts}
    assert cells["CD4_T"] == 333.0


def test_a_second_tube_of_a_day_gets_the_next_number_even_after_a_removal(service: StudyService) -> None:
    assert next_tube(service.snapshot(), "P01", 30) == "P01/d30/2"
    first = uploaded(service, replace(FORM, day=30)).tube
    remove_upload(service, first)
    assert uploaded(service, replace(FORM, day=30)).tube == "P01/d30/3"


def test_a_second_tube_of_a_day_and_panel_is_told_and_both_are_marked(service: StudyService) -> None:
    outcome = uploaded(service, replace(FORM, day=30))
    assert outcome.message == (
        "P01/d30/2: 293,212 events, 11 populations counted (analysed). Tube P01/d30/1 is of the same "
        "patient, day and panel, from another file; all are counted and drawn, this one as "
        "P01/d30/2, and each is marked to be looked at. If they are one sample, or the "
        "day is wrong, remove this upload."
    )
    table = service.snapshot().trajectories
    marked = table[table["review"].str.contains(SAME_DAY) & (table["population"] == "CD4_T")]
    assert set(marked["tube"]) == {"P01/d30/1", "P01/d30/2"}
    third = uploaded(service, replace(FORM, day=30, contents=data_url(b"FCS3.1 third")))
    assert "Tubes P01/d30/1, P01/d30/2 are of the same patient" in third.message
    assert "same patient" not in uploaded(service, replace(FORM, day=30, panel="t_cd4_cd8")).message


def test_a_new_pseudonym_becomes_a_patient(service: StudyService) -> None:
    assert uploaded(service, replace(FORM, patient="P99")).tube == "P99/d400/1"
    assert service.snapshot().patients == ("P01", "P02", "P03", "P99")


def test_what_is_typed_about_a_new_patient_is_kept(service: StudyService) -> None:
    form = replace(FORM, patient="P99", age_years=7.5, sex="male", programme="car_t")
    assert uploaded(service, form).tube == "P99/d400/1"
    assert service.snapshot().study.patient("P99") == Patient(
        patient="P99",
        age_years=7.5,
        sex="male",
        programme="car_t",
        anchors=(Anchor(name="CART1", kind="car_t"),),
    )


def test_a_known_patient_is_told_and_stays_as_known(service: StudyService) -> None:
    snapshot = service.snapshot()
    assert known_patient(snapshot, "P99") == ""
    assert known_patient(snapshot, "P01") == (
        "P01 is in this study: 34 years on day 0, female, allogeneic stem-cell transplantation, "
        "CMV not known. Fill it in on the patient page."
    )
    before = snapshot.study.patient("P01")
    assert uploaded(service, replace(FORM, age_years=345.0, sex="boy", programme="car_t")).tube
    assert service.snapshot().study.patient("P01") == before
    upload(service, replace(FORM, patient="P98", contents=data_url(b"FCS3.1 other")))
    assert known_patient(service.snapshot(), "P98") == (
        "P98 is in this study: age not known, sex not known, programme not known, CMV not known. "
        "Fill it in on the patient page."
    )


def test_programmes_to_choose_from_leave_out_that_of_which_nothing_is_known() -> None:
    assert ("allo_hsct", "allogeneic stem-cell transplantation") in programmes()
    assert "unknown" not in dict(programmes())


def test_unusual_amounts_are_told_with_the_result(service: StudyService) -> None:
    form = replace(FORM, beads_per_tube=2000.0, wbc_cells_per_ul=0.0, lymphocytes_cells_per_ul=0.0)
    assert uploaded(service, form).message == (
        "P01/d400/1: 293,212 events, 11 populations counted (analysed). Beads per tube: This amount is "
        "unusual and was used as written. Found: 2000. Usual: 5000 to 500000 beads. Lymphocytes: 0 is taken "
        "as too few to count; no concentration is computed from it. White cells: 0 is taken as too few to "
        "count; no concentration is computed from it."
    )


@pytest.mark.parametrize("name", ["Hanna.Mueller", "Mueller-Hanna", "MUELLER-1964", "mueller1964"])
def test_a_pseudonym_that_looks_like_a_name_is_told_and_not_repeated(name: str) -> None:
    (doubt,) = doubts(replace(FORM, patient=name))
    assert doubt == (
        "Patient: the pseudonym looks like a name. If it is one, remove this upload and use a pseudonym "
        "of the study."
    )


@pytest.mark.parametrize("name", ["P01", "patient12", "HSCT-012", "01-02-0003", "UKL_0815", "AML-64", "a.b"])
def test_other_pseudonyms_do_not_look_like_names(name: str) -> None:
    assert list(doubts(replace(FORM, patient=name))) == []


def test_a_name_in_two_doors_is_one_rule(service: StudyService) -> None:
    """A pseudonym a sheet takes, the form takes."""
    assert check_form(replace(FORM, patient="01.02-P_" + "7" * 50)) == ()


def test_a_blood_count_that_may_be_in_another_unit_is_told(service: StudyService) -> None:
    form = replace(FORM, beads_per_tube=None, blood_volume_ul=None, lymphocytes_cells_per_ul=1.2)
    assert uploaded(service, form).message.endswith(
        "Lymphocytes: 1.2 cells/µL is unusual and was used as written; the unit may be another "
        "(1.2 × 10⁹/L are 1200 cells/µL)."
    )


def test_what_cannot_be_read_is_told_instead_of_that_it_is_missing() -> None:
    form = replace(FORM, day=None, unreadable=(("day", "This is not a number of days."),))
    assert check_form(form) == (("day", "This is not a number of days."),)


def test_what_cannot_be_read_in_a_field_that_is_not_asked_does_not_matter(service: StudyService) -> None:
    assert uploaded(service, replace(FORM, unreadable=(("age_years", "This is not a number."),))).tube


def test_a_file_that_cannot_be_read_leaves_nothing_behind(service: StudyService) -> None:
    before = service.store.revision()
    outcome = uploaded(service, replace(FORM, contents=data_url(b"FCS3.1 broken"), patient="P99"))
    assert (outcome.state, outcome.message) == ("failed", "The file ends before its data do.")
    assert service.store.revision() == before
    assert service.snapshot().patients == ("P01", "P02", "P03")


def test_a_file_of_the_study_is_not_analysed_twice(
    service: StudyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"FCS3.1 whatever"
    same = {"P02/d30/1": hashlib.sha256(data).hexdigest()}
    monkeypatch.setattr(StudyStore, "done", lambda _self: same)
    outcome = upload(service, FORM)
    assert outcome.problems == (("contents", "This file was analysed already: tube P02/d30/1."),)
    service.store.remove_tube("P02/d30/1", reason="wrong patient")
    assert uploaded(service, FORM).tube == "P01/d400/1"


def test_two_uploads_at_once_get_two_names(service: StudyService) -> None:
    with ThreadPoolExecutor(4) as threads:
        forms = [replace(FORM, contents=data_url(b"FCS3.1 %d" % number)) for number in range(4)]
        outcomes = list(threads.map(lambda form: uploaded(service, form), forms))
    assert sorted(outcome.tube for outcome in outcomes) == [f"P01/d400/{number}" for number in range(1, 5)]


def test_an_error_of_the_analysis_is_told_in_its_words(service: StudyService) -> None:
    def add_tube(_store: StudyStore, _path: Path, tube: Tube) -> TubeResult:
        raise FcsError("There are no events.", subject=tube.tube)

    service.desk = InstantDesk(service.store, add_tube)
    assert upload(service, FORM).problem("") == "P01/d400/1: There are no events."


def test_a_store_that_fails_does_not_tell_where_it_lies(
    service: StudyService, location: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_tube(_store: StudyStore, _path: Path, _tube: Tube) -> TubeResult:
        raise StoreError("The disk is full.", subject=str(location), found="no space", hint="Make room.")

    service.desk = InstantDesk(service.store, add_tube)
    assert upload(service, FORM).problem("") == "The disk is full. Found: no space. Make room."


def test_an_upload_into_a_study_that_cannot_be_written_names_no_folder(
    service: StudyService, location: Path
) -> None:
    """The way of the store itself, whatever its words."""
    with closing(sqlite3.connect(location / "study.sqlite")) as other:
        other.execute("DROP TABLE tubes")
        other.commit()
    with pytest.raises(StoreError) as caught:
        service.store.tube_result("P01/d30/1")
    assert str(location) in str(caught.value)
    assert str(location) not in error_in_browser(caught.value)


def test_the_raw_file_lives_for_one_analysis_under_a_neutral_name(
    service: StudyService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[str] = []

    def add_tube(_store: StudyStore, path: Path, tube: Tube) -> TubeResult:
        seen.append(path.name)
        assert path.read_bytes() == b"FCS3.1 whatever"
        return tube_result(tube, {"CD4_T": 1.0, "CD8_T": 1.0, "B": 1.0, "NK": 1.0})

    service.desk = InstantDesk(service.store, add_tube)
    upload(service, FORM)
    assert seen == ["upload.fcs"]
    assert [path for path in tmp_path.rglob("*") if path.name.startswith(("cytorecon-", "upload"))] == []


def test_an_upload_can_be_removed_and_restored(service: StudyService) -> None:
    tube = uploaded(service, FORM).tube
    assert remove_upload(service, tube) == "P01/d400/1 was removed. It can be restored."
    assert uploaded_tubes(service.snapshot()) == ()
    assert [gone.tube for gone in removed_uploads(service.snapshot())] == [tube]
    assert restore_upload(service, tube) == "P01/d400/1 was restored."
    assert [back.tube for back in uploaded_tubes(service.snapshot())] == [tube]


def test_an_upload_whose_file_is_counted_as_another_tube_is_not_restored(service: StudyService) -> None:
    tube = uploaded(service, FORM).tube
    remove_upload(service, tube)
    row = next(own for own in service.snapshot().study.tubes if own.tube == "P02/d30/1")
    same = service.store.tube_result(tube).model_copy(update={"tube": row.tube})
    service.store.save_tube(row, same)
    assert restore_upload(service, tube) == (
        "P01/d400/1 was not restored. Its file is counted as another tube by now. Found: tube P02/d30/1. "
        "Take the other tube out first."
    )
    assert [gone.tube for gone in removed_uploads(service.snapshot())] == [tube]


def test_a_tube_of_the_sheet_cannot_be_removed_here(service: StudyService) -> None:
    assert remove_upload(service, "P01/d30/1") == "P01/d30/1 is not an upload of this study any more."
    assert restore_upload(service, "P01/d30/1") == "P01/d30/1 is not among the removed uploads any more."
    assert len(service.snapshot().study.tubes) == 18
