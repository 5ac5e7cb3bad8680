"""What a good set of sheets gives."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from cytorecon.errors import Severity
from cytorecon.knowledge.files import read_text
from cytorecon.study import Anchor, ClinicalEvent, Patient, load_study
from tests.study.sheets import MANIFEST, lines, load, workbook, write

FULL = """file,patient,day,visit,panel,dataset,wbc_cells_per_ul,lymphocytes_10e9_per_l,beads_per_tube,\
bead_lot,blood_volume_ul,acquired_volume_ul,dilution,count_method
fcs/a.fcs,P01,14,+14,tbnk,0,900,0.12,51300,L7,50,,1,beads
fcs/b.fcs,P01,30,,t_cd4_cd8,,,,,,,120,2,
"""


def test_every_column_of_the_manifest_arrives(tmp_path: Path) -> None:
    study = load(tmp_path, manifest=FULL)
    first, second = study.tubes
    assert first.model_dump() == {
        "tube": "P01/d14/1",
        "patient": "P01",
        "day": 14,
        "visit": "+14",
        "template": "tbnk",
        "row": 2,
        "dataset": 0,
        "wbc_cells_per_ul": 900.0,
        "lymphocytes_cells_per_ul": 120.0,
        "wbc_given_per_l": False,
        "lymphocytes_given_per_l": True,
        "beads_per_tube": 51300.0,
        "bead_lot": "L7",
        "blood_volume_ul": 50.0,
        "acquired_volume_ul": None,
        "dilution": 1.0,
        "pipetting_cv_percent": None,
        "beads_cv_percent": None,
        "wbc_cv_percent": None,
        "lymphocytes_cv_percent": None,
        "count_method": "beads",
        "product_volume_ml": None,
        "recipient_weight_kg": None,
    }
    assert first.path == (tmp_path / "fcs" / "a.fcs").resolve()
    assert (second.template, second.acquired_volume_ul, second.dilution, second.count_method) == (
        "t_cd4_cd8",
        120.0,
        2.0,
        "auto",
    )
    assert lines(study.issues) == []


def test_stated_precision_arrives(tmp_path: Path) -> None:
    sheet = (
        "file,patient,day,pipetting_cv_percent,beads_cv_percent,wbc_cv_percent,lymphocytes_cv_percent\n"
        "a.fcs,P01,30,2.5,0,3,5\nb.fcs,P01,60,31,,,\n"
    )
    study = load(tmp_path, manifest=sheet, patients="patient\nP01\n")
    (tube,) = study.tubes
    assert (tube.pipetting_cv_percent, tube.beads_cv_percent) == (2.5, 0.0)
    assert (tube.wbc_cv_percent, tube.lymphocytes_cv_percent) == (3.0, 5.0)
    (issue,) = study.issues
    assert str(issue) == (
        "error: manifest row 3, column pipetting_cv_percent: This number is out of range. Found: 31. "
        "Allowed: a number from 0 up to 30 %. The row is left out. "
        "It is in percent of the quantity; 0.03 of it are 3."
    )


def test_a_manifest_alone_gives_patients_of_whom_nothing_is_known(tmp_path: Path) -> None:
    study = load(tmp_path, manifest="file,patient,day\na.fcs,P02,30\nb.fcs,P01,30\nc.fcs,P02,60\n")
    assert study.patients == (Patient(patient="P02"), Patient(patient="P01"))
    assert study.name == "study"
    (issue,) = study.issues
    assert (issue.severity, issue.code) == (Severity.INFO, "study.no_patients_sheet")
    assert str(issue) == (
        "info: patients: There is no patients sheet: age, sex and programme are unknown, so no reference "
        "range "
        "applies. Put a patients.csv beside the manifest."
    )


def test_patients_and_events_beside_the_manifest_are_found(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=MANIFEST,
        patients="patient,age_years,sex,programme,graft\nP00,3,F,allo_hsct,BM\nP01,42.5,male,AUTO-HSCT,\n",
        events="patient,kind,label,start_day,end_day,ongoing\nP01,cmv,viraemia,40,61,\nP01,ivig,,90,,yes\n",
    )
    assert study.patients == (
        Patient(patient="P00", age_years=3.0, sex="female", programme="allo_hsct", graft="BM"),
        Patient(patient="P01", age_years=42.5, sex="male", programme="auto_hsct"),
    )
    assert study.events == (
        ClinicalEvent(patient="P01", kind="cmv", label="viraemia", start_day=40, end_day=61),
        ClinicalEvent(patient="P01", kind="ivig", start_day=90, ongoing=True),
    )
    assert lines(study.issues) == []


def test_sheets_and_name_can_be_given(tmp_path: Path) -> None:
    write(tmp_path, manifest=MANIFEST, patients="patient,sex\nP01,female\n")
    (tmp_path / "other.csv").write_text("patient,sex\nP01,male\n")
    study = load_study(tmp_path / "manifest.csv", patients=tmp_path / "other.csv", name="ward 3")
    assert (study.patients[0].sex, study.name) == ("male", "ward 3")


@pytest.mark.parametrize(
    ("content", "noticed"),
    [
        ("file;patient;day;graft\n".encode("utf-8-sig"), []),
        (b"file\tpatient\tday\tvisit\n", []),
        (b"FILE, Patient , Day\n", []),
        ("File,PATIENT,Day\n".encode("utf-16"), []),
    ],
)
def test_separators_encodings_and_spellings_of_the_header(
    tmp_path: Path, content: bytes, noticed: list[str]
) -> None:
    separator = next(mark for mark in (b";", b"\t", b",") if mark in content.replace(b"\x00", b""))
    row = b"a.fcs,P01,30".replace(b",", separator)
    if content.startswith(b"\xff\xfe"):
        row = row.decode().encode("utf-16-le") + "\n".encode("utf-16-le")
    study = load(tmp_path, manifest=content + row)
    assert [tube.tube for tube in study.tubes] == ["P01/d30/1"]


def test_latin_1_is_read_and_noticed(tmp_path: Path) -> None:
    study = load(tmp_path, manifest=MANIFEST, patients="patient,graft\nP01,père\n".encode("latin-1"))
    assert study.patients[0].graft == "père"
    assert lines(study.issues) == [
        (
            "warning: patients: The sheet is not UTF-8 and was read as Latin-1; letters with accents may "
            "be wrong. "
            "Save it as CSV UTF-8."
        )
    ]


def test_a_german_spreadsheet_writes_decimal_commas(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file;patient;day;wbc_10e9_per_l;lymphocytes_10e9_per_l\na.fcs;P01;30;1,25;0,450\n",
    )
    assert (study.tubes[0].wbc_cells_per_ul, study.tubes[0].lymphocytes_cells_per_ul) == (1250.0, 450.0)


def test_one_workbook_with_three_worksheets(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "study.xlsx",
        Manifest=[
            ["file", "patient", "sample_date", "beads_per_tube", "dataset"],
            ["a.fcs", 7, datetime(2024, 3, 31, 10, 30), 50000, 1],  # noqa: DTZ001 - a workbook has no zones
            [None, None, None, None, None],
            ["b.fcs", 7.0, date(2024, 6, 9), None, None],
        ],
        Patients=[["patient", "birth_date", "anchor_date"], [7, date(1984, 3, 1), date(2024, 3, 1)]],
        Events=[["patient", "kind", "start_date"], [7, "cmv", date(2024, 4, 10)]],
    )
    study = load_study(path)
    assert [(tube.tube, tube.row, tube.dataset) for tube in study.tubes] == [
        ("7/d30/1", 2, 1),
        ("7/d100/1", 4, None),
    ]
    assert study.patients[0].age_years == 40.0
    assert study.events[0].start_day == 40
    assert lines(study.issues) == []


def test_a_workbook_with_one_worksheet_needs_no_name_and_has_siblings(tmp_path: Path) -> None:
    workbook(tmp_path / "patients.xlsx", Sheet1=[["patient", "sex"], ["P01", "f"]])
    path = workbook(tmp_path / "manifest.xlsx", Sheet1=[["file", "patient", "day"], ["a.fcs", "P01", 30]])
    study = load_study(path)
    assert (study.tubes[0].day, study.patients[0].sex) == (30, "female")


def test_a_workbook_counts_its_serial_dates_from_its_own_day_0(tmp_path: Path) -> None:
    """Serial numbers of the 1904 system (old Macs) are 1462 days smaller for the same date."""
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    worksheet = book.worksheets[0]
    for row in (["file", "patient", "sample_date", "anchor_date"], ["a.fcs", "P01", 43920.0, "2024-03-01"]):
        worksheet.append(row)
    book.save(tmp_path / "manifest.xlsx")
    assert load_study(tmp_path / "manifest.xlsx").tubes[0].day == 30


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-31",
        "2024/03/31",
        "31.03.2024",
        "31.3.2024",
        "2024-03-31T08:15:00",
        "2024-03-31 08:15",
        "45382",
    ],
)
def test_dates_become_days_however_they_are_written(tmp_path: Path, written: str) -> None:
    study = load(tmp_path, manifest=f"file,patient,sample_date,anchor_date\na.fcs,P01,{written},2024-03-01\n")
    assert study.tubes[0].day == 30
    assert "2024" not in study.model_dump_json()


def test_days_count_from_the_anchor_that_is_named(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day,anchor\na.fcs,P01,400,\nb.fcs,P01,30,HCT2\nc.fcs,P01,0,DLI1\n",
        patients=(
            "patient,anchor,anchor_kind,anchor_day\n"
            "P01,HCT1,transplant,0\nP01,HCT2,transplant,380\nP01,,dli,450\n"
        ),
    )
    assert study.patients[0].anchors == (
        Anchor(name="HCT1", kind="transplant", day=0),
        Anchor(name="HCT2", kind="transplant", day=380),
        Anchor(name="DLI1", kind="dli", day=450),
    )
    assert [tube.day for tube in study.tubes] == [400, 410, 450]


def test_anchors_by_date(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,sample_date,anchor,anchor_date\na.fcs,P01,2021-02-20,DLI1,2021-02-10\n",
        patients="patient,anchor_kind,anchor_date\nP01,transplant,2021-01-01\nP01,dli,2021-02-10\n",
    )
    assert [(anchor.name, anchor.day) for anchor in study.patients[0].anchors] == [("HCT1", 0), ("DLI1", 40)]
    assert study.tubes[0].day == 50


def test_a_date_may_count_from_a_later_anchor_whose_day_is_known(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,sample_date,anchor,anchor_date\na.fcs,P01,2021-02-20,DLI1,2021-02-10\n",
        patients="patient,anchor_kind,anchor_day\nP01,transplant,\nP01,dli,40\n",
    )
    assert study.tubes[0].day == 50


def test_the_first_anchor_follows_the_programme(tmp_path: Path) -> None:
    study = load(tmp_path, manifest=MANIFEST, patients="patient,programme\nP01,car_t\n")
    assert study.patients[0].anchors == (Anchor(name="CART1", kind="car_t", day=0),)


def test_events_that_can_start_a_clock_become_anchors_by_time(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day,anchor\na.fcs,P01,20,HCT2\n",
        events=(
            "patient,kind,start_day\nP01,dli,150\nP01,transplant,300\nP01,dli,100\nP01,transplant,0\n"
            "P01,cmv,50\n"
        ),
    )
    assert [(anchor.name, anchor.day) for anchor in study.patients[0].anchors] == [
        ("HCT1", 0),
        ("DLI1", 100),
        ("DLI2", 150),
        ("HCT2", 300),
    ]
    assert study.tubes[0].day == 320
    assert len(study.events) == 5


def test_an_infusion_before_day_0_is_not_numbered_as_a_later_one(tmp_path: Path) -> None:
    events = "patient,kind,start_day\nP01,transplant,-30\nP01,transplant,0\nP01,transplant,200\n"
    study = load(tmp_path, manifest="file,patient,day\na.fcs,P01,20\n", events=events)
    assert [(anchor.name, anchor.day) for anchor in study.patients[0].anchors] == [
        ("HCT1", 0),
        ("preHCT1", -30),
        ("HCT2", 200),
    ]


def test_an_anchor_in_both_sheets_is_one(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=MANIFEST,
        patients="patient,anchor,anchor_kind,anchor_day\nP01,first,transplant,\nP01,second,transplant,300\n",
        events="patient,kind,start_day\nP01,transplant,300\n",
    )
    assert [anchor.name for anchor in study.patients[0].anchors] == ["first", "second"]


@pytest.mark.parametrize(
    ("columns", "row", "age"),
    [
        ("birth_date,anchor_date", "1984-03-01,2024-03-01", 40.0),
        ("birth_date,anchor_date", "2023-12-02,2024-03-01", 0.25),
        ("birth_year,anchor_date", "1984,2024-03-01", 39.7),
        ("birth_year,anchor_date", "2024,2024-03-01", 0.0),
        ("age_years,birth_year,anchor_date", "39,1984,2024-03-01", 39.0),
        ("age_years,birth_date,anchor_date", "40,1984-03-01,2024-03-01", 40.0),
        ("age_years,anchor_date", "0.5,2024-03-01", 0.5),
    ],
)
def test_age_at_day_0(tmp_path: Path, columns: str, row: str, age: float) -> None:
    study = load(tmp_path, manifest=MANIFEST, patients=f"patient,{columns}\nP01,{row}\n")
    assert study.patients[0].age_years == age
    assert lines(study.issues) == []


def test_the_anchor_date_may_stand_in_the_manifest(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,sample_date,anchor_date\na.fcs,P01,2024-03-31,2024-03-01\n",
        patients="patient,birth_date\nP01,1984-03-01\n",
        events="patient,kind,start_date,end_date\nP01,cmv,2024-04-10,2024-05-01\n",
    )
    assert study.patients[0].age_years == 40.0
    assert (study.events[0].start_day, study.events[0].end_day) == (40, 61)


def test_tubes_of_one_day_are_numbered(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,panel,tube,dataset\n"
            "a.fcs,P01,30,tbnk,,\nb.fcs,P01,30,leukocyte_differential,,\nc.fcs,P01,30,tbnk,2,\n"
            "d.lmd,P01,60,tbnk,,0\nd.lmd,P01,-7,tbnk,,1\n"
        ),
    )
    assert [tube.tube for tube in study.tubes] == [
        "P01/d30/1",
        "P01/d30/2",
        "P01/d30/3",
        "P01/d60/1",
        "P01/d-7/1",
    ]
    assert lines(study.issues) == []


def test_paths_are_relative_to_the_manifest_also_from_windows(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day,panel\nfcs\\d30\\a.fcs,P01,30,panels\\mine.yaml\n",
    )
    assert study.tubes[0].path == (tmp_path / "fcs" / "d30" / "a.fcs").resolve()
    assert study.tubes[0].template == "mine"
    assert study.tubes[0].template_path == (tmp_path / "panels" / "mine.yaml").resolve()


def test_a_template_in_a_file_that_may_be_called_after_a_person_gets_another_name(tmp_path: Path) -> None:
    rows = "a.fcs,P01,1,Zebedee Quagmire.yaml\nb.fcs,P01,2,1964-03-14.yaml\nc.fcs,P01,3,our_tbnk.yaml\n"
    study = load(tmp_path, manifest=f"file,patient,day,panel\n{rows}")
    names = [tube.template for tube in study.tubes]
    assert names[2] == "our_tbnk"
    assert all(re.fullmatch("own-[0-9a-f]{4}", name) for name in names[:2])
    assert names[0] != names[1]
    assert study.tubes[0].template_path is not None


def test_empty_rows_and_columns_and_words_for_nothing_are_left_out(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="\n\nfile,patient,day,visit,beads_per_tube,\n\na.fcs,P01,30,n/a,NA,\n,,,,,\n",
    )
    assert (study.tubes[0].visit, study.tubes[0].beads_per_tube, study.tubes[0].row) == ("", None, 5)
    assert lines(study.issues) == []


def test_a_users_vocabulary_is_used(tmp_path: Path) -> None:
    knowledge = tmp_path / "knowledge"
    knowledge.mkdir()
    (knowledge / "programmes").mkdir()
    (knowledge / "programmes.yaml").write_text("programmes: [unknown, haplo]\n")
    (knowledge / "programmes" / "haplo.yaml").write_text(
        read_text("programmes/allo_hsct.yaml").replace("programme: allo_hsct", "programme: haplo")
    )
    manifest = write(tmp_path, manifest=MANIFEST, patients="patient,programme\nP01,haplo\n")
    assert load_study(manifest, knowledge=knowledge).patients[0].programme == "haplo"
