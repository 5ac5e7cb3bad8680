"""Each way to get a sheet wrong, with the issue it gives; the other rows are always there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cytorecon.errors import Severity
from cytorecon.knowledge.templates import template_names
from cytorecon.study import load_study
from cytorecon.study.columns import EVENTS, PATIENTS, SheetColumns
from cytorecon.study.columns import MANIFEST as MANIFEST_COLUMNS
from tests.study.sheets import MANIFEST, errors, lines, load, workbook

LEFT = "The row is left out."

DAYS = "Allowed: a whole number, e.g. -7 or 30. The row is left out. A date belongs in the column for dates."
OUT = "This number is out of range. Found:"
NOT = "This is not a number. Found:"
NOT_DAYS = "This is not a number of days. Found:"
UNKNOWN = "This value is not known. Found:"


def two_ways(one: str, other: str) -> str:
    return f"This number can be read in two ways: {one} or {other}. {LEFT} Write {one} or {other}."


PSEUDONYM = (
    "This cannot be a pseudonym. Allowed: up to 64 letters (a-z), digits, '.', '_' and '-', "
    "beginning with a letter or digit; no date. The row is left out. Use a study number, not a name."
)
BEADS = "Allowed: a number from 1000 up to 10000000 beads. The row is left out."
BEADS_HINT = "It is the number of beads in the tube, not per µL; it stands on the package of the lot."
VOLUME = "Allowed: a number from 1 up to 5000 µL. The row is left out."
NO_SEPARATOR = "Write the number with a decimal point and no separator of thousands."

MANIFEST_ROWS = [
    ("day", "sixty", f"{NOT_DAYS} a word of 5 letters. {DAYS}"),
    ("day", "30.5", f"{NOT_DAYS} 30.5. {DAYS}"),
    ("day", "45382", f"{NOT_DAYS} a number of 5 digits. {DAYS}"),
    ("day", "2024-03-31", f"{NOT_DAYS} something like a date. {DAYS}"),
    ("day", "1.095", f"{NOT_DAYS} 1.095. {DAYS}"),
    ("day", "", f"Neither day nor sample_date is filled. {LEFT}"),
    ("file", "", f"The cell is empty. {LEFT}"),
    ("patient", "", f"The cell is empty. {LEFT}"),
    ("patient", "Anna Muster", PSEUDONYM),
    ("patient", "P01/../x", PSEUDONYM),
    ("patient", "1984-03-01", PSEUDONYM),
    ("beads_per_tube", "many", f"{NOT} a word of 4 letters. {BEADS}"),
    ("beads_per_tube", "0", f"{OUT} 0. {BEADS} {BEADS_HINT}"),
    ("beads_per_tube", "51.42", f"{OUT} 51.42. {BEADS} {BEADS_HINT}"),
    ("beads_per_tube", "51.420", two_ways("51.42", "51420")),
    ("beads_per_tube", "4711081547", f"{OUT} a number of 10 digits. {BEADS} {BEADS_HINT}"),
    ("beads_per_tube", "51 420", f"{NOT} 51 420. {BEADS} {NO_SEPARATOR}"),
    ("beads_per_tube", "1.051.420", f"{NOT} 1.051.420. {BEADS} {NO_SEPARATOR}"),
    ("blood_volume_ul", "1e999", f"{NOT} a text of 5 characters. {VOLUME}"),
    ("blood_volume_ul", '"1,500"', two_ways("1.5", "1500")),
    ("blood_volume_ul", '"50,5"', f"{NOT} 50,5. {VOLUME} {NO_SEPARATOR}"),
    ("blood_volume_ul", "0.05", f"{OUT} 0.05. {VOLUME} It is in µL; 0.05 mL are 50 µL."),
    ("acquired_volume_ul", "0.1", f"{OUT} 0.1. {VOLUME} It is in µL; 0.1 mL are 100 µL."),
    ("dilution", "0.5", (
        f"{OUT} 0.5. Allowed: a number from 1 up to 1000. {LEFT} "
        "1 is undiluted; 50 µL of blood made up to 500 µL and measured by volume is 10."
    )),
    ("dataset", "1.5", f"This is not a whole number. Found: 1.5. {LEFT}"),
    ("dataset", "1.095", f"This is not a whole number. Found: 1.095. {LEFT}"),
    ("day", "1.000", two_ways("1", "1000")),
    ("dataset", "1.000", two_ways("1", "1000")),
    ("dataset", "-1", f"{OUT} -1. Allowed: a number from 0. {LEFT}"),
    ("count_method", "bead", (
        f"{UNKNOWN} a word of 4 letters. Allowed: auto, beads, "
        f"volumetric, blood_count_alc, blood_count_wbc, none. {LEFT} Did you mean 'beads'?"
    )),
    ("panel", "Muster", (
        f"{UNKNOWN} a word of 6 letters. Allowed: {', '.join(template_names())}, "
        f"or the path of a .yaml file. {LEFT}"
    )),
    ("anchor", "HCT2", f"The patient has no anchor of this name. Allowed: HCT1. {LEFT}"),
    ("tube", "#REF!", (
        f"The cell shows the error #REF! of a spreadsheet. {LEFT} Mend the formula, or put in the value."
    )),
    ("lymphocytes_cells_per_ul", "5200", (
        "There are more lymphocytes (5200) than white cells (4200 cells/µL), "
        f"and lymphocytes are white cells. {LEFT} Check both, and their units."
    )),
    ("lymphocytes_cells_per_ul", "1.300", two_ways("1.3", "1300")),
]  # fmt: skip

COLUMNS = (
    "file",
    "patient",
    "day",
    "beads_per_tube",
    "blood_volume_ul",
    "acquired_volume_ul",
    "dilution",
    "dataset",
    "count_method",
    "panel",
    "anchor",
    "tube",
    "wbc_cells_per_ul",
    "lymphocytes_cells_per_ul",
)


@pytest.mark.parametrize(("column", "cell", "message"), MANIFEST_ROWS)
def test_a_bad_cell_costs_its_row_only(tmp_path: Path, column: str, cell: str, message: str) -> None:
    good = {"file": "a.fcs", "patient": "P01", "day": "30", "wbc_cells_per_ul": "4200"}
    bad = {**good, "file": "b.fcs", "day": "60", column: cell}
    rows = [",".join(row.get(name, "") for name in COLUMNS) for row in (good, bad)]
    study = load(tmp_path, manifest="\n".join([",".join(COLUMNS), *rows]))
    assert [tube.row for tube in study.tubes] == [2]
    assert lines(study.issues) == [f"error: manifest row 3, column {column}: {message}"]


def test_all_problems_come_at_once_in_the_order_of_the_sheets(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day,dilution,colour\n,P01,x,0,red\na.fcs,P01,30,,\nb.fcs,P01,yes,,\n",
        patients="patient,sex,age_years\nP01,M,200\nP02,boy,4\n",
        events="patient,kind,start_day\nP09,cmv,1\nP01,fever,2\nP01,cmv,\n",
    )
    places = [issue.subject for issue in study.issues]
    assert places == [
        "manifest, column number 5",
        "manifest row 2, column file",
        "manifest row 2, column day",
        "manifest row 2, column dilution",
        "manifest row 3, column patient",
        "manifest row 4, column day",
        "patients row 2, column age_years",
        "patients row 3, column sex",
        "events row 2, column patient",
        "events row 3, column kind",
        "events row 4, column start_day",
    ]
    assert [tube.tube for tube in study.tubes] == ["P01/d30/1"]
    assert study.events == ()


@pytest.mark.parametrize(
    ("written", "found", "hint"),
    [
        ("03/04/2024", "something like a date", " With slashes, day and month cannot be told apart."),
        ("25/04/2024", "something like a date", " With slashes, day and month cannot be told apart."),
        ("31.02.2024", "something like a date", ""),
        ("2024-13-01", "something like a date", ""),
        ("31.3.24", "something like a date", ""),
        ("2024", "a number", ""),
        ("next week", "a text of 2 words", ""),
    ],
)
def test_a_date_that_cannot_be_read_is_not_repeated(
    tmp_path: Path, written: str, found: str, hint: str
) -> None:
    study = load(
        tmp_path,
        manifest=f"file,patient,day,sample_date,anchor_date\na.fcs,P01,1,,\nb.fcs,P01,,{written},2024-03-01\n",
    )
    assert lines(study.issues) == [
        (
            "error: manifest row 3, column sample_date: This is not a date that can be read. Found: "
            f"{found}. "
            f"Allowed: yyyy-mm-dd, dd.mm.yyyy, or a date cell of a workbook. {LEFT}{hint}"
        )
    ]


def test_before_birth(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,sample_date\n"
            "a.fcs,P01,,2019-12-29\nb.fcs,P01,30,\nc.fcs,P02,-3000,\nd.fcs,P03,10,\ne.fcs,P01,-400,\n"
        ),
        patients=(
            "patient,birth_date,age_years,anchor_date\n"
            "P01,2020-01-01,,2021-01-01\nP02,,6,\nP03,2020-01-01,,2019-12-31\n"
        ),
        events="patient,kind,start_date\nP01,cmv,2019-12-31\n",
    )
    check = "Check the day and the birth of the patient."
    assert lines(study.issues) == [
        f"error: manifest row 2, column sample_date: The sample is 3 days before birth. {LEFT} {check}",
        f"error: manifest row 4, column day: The sample is 443 days before birth. {LEFT} {check}",
        (
            "warning: manifest row 5, column patient: No row of the patients sheet can be used; age, sex and "
            "programme are unknown."
        ),
        f"error: manifest row 6, column day: The sample is 34 days before birth. {LEFT} {check}",
        (
            f"error: patients row 4, column anchor_date: It is 1 day before birth. {LEFT} "
            "Check the date and the birth of the patient."
        ),
        f"error: events row 2, column start_date: The event is 1 day before birth. {LEFT} {check}",
    ]
    assert [tube.tube for tube in study.tubes] == ["P01/d30/1", "P03/d10/1"]


def test_two_rows_for_one_tube(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,panel,tube,dataset\n"
            "a.fcs,P01,30,tbnk,,\n./x/../a.fcs,P02,30,tbnk,,\nb.fcs,P01,30,tbnk,,\nc.fcs,P01,30,tbnk,2,\n"
            "d.lmd,P01,60,tbnk,,1\nd.lmd,P01,90,tbnk,,1\na.fcs,P01,90,tbnk,,0\n"
        ),
    )
    other = f"{LEFT} Remove one of the rows, or correct the file or the data set."
    assert lines(study.issues) == [
        f"error: manifest row 3, column file: Row 2 already uses this file. {other}",
        (
            "error: manifest row 4, column tube: Row 2 already is a tube of this patient, day and panel. "
            f"{LEFT} "
            "If both are wanted, give each a different name in the column tube, e.g. 1 and 2."
        ),
        f"error: manifest row 7, column file: Row 6 already uses this file and data set. {other}",
        f"error: manifest row 8, column file: Row 2 already uses this file and data set. {other}",
    ]
    assert [tube.row for tube in study.tubes] == [2, 5, 6]


def test_dates_without_a_clock_and_clocks_that_disagree(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,sample_date,anchor_date\n"
            "a.fcs,P01,,2024-03-31,\nb.fcs,P02,30,2024-03-31,2024-03-01\nc.fcs,P02,61,2024-05-02,\n"
            "d.fcs,P02,,2024-07-01,2024-03-02\n"
        ),
    )
    assert lines(study.issues) == [
        (
            "error: manifest row 2, column sample_date: Without the date of the patient's first anchor it "
            "cannot "
            f"become a day. {LEFT} Fill in anchor_date, or use day."
        ),
        f"error: manifest row 4, column day: It disagrees with sample_date by 1 day. {LEFT}",
        (
            "error: manifest row 5, column anchor_date: It differs by 1 day from the date of the same "
            "anchor given "
            f"elsewhere. {LEFT}"
        ),
    ]
    assert [tube.tube for tube in study.tubes] == ["P02/d30/1"]


def test_a_later_anchor_with_another_date(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day,anchor,anchor_date\na.fcs,P01,3,,\nb.fcs,P01,3,DLI1,2021-02-12\n",
        patients="patient,anchor_kind,anchor_date\nP01,transplant,2021-01-01\nP01,dli,2021-02-10\n",
    )
    assert lines(study.issues) == [
        (
            "error: manifest row 3, column anchor_date: It differs by 2 days from the date of the same "
            "anchor given "
            f"elsewhere. {LEFT}"
        )
    ]


def test_rows_of_one_patient_that_do_not_fit(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\nb.fcs,P02,30\n",
        patients=(
            "patient,sex,age_years,anchor,anchor_kind,anchor_date,anchor_day\n"
            "P01,male,40,HCT1,transplant,2021-01-01,0\n"
            "P01,female,40,,dli,,50\n"
            "P01,,,,,,\n"
            "P01,,,HCT1,transplant,,90\n"
            "P01,,,DLI9,dli,,\n"
            "P01,,,DLI8,dli,2021-02-10,41\n"
            "P01,,,DLI7,dli,2021-02-10,40\n"
            "P02,,,,,,7\n"
            "P02,,,,dli,,20\n"
        ),
    )
    assert errors(study) == [
        f"error: patients row 3, column sex: It differs from row 2 of the same patient. {LEFT}",
        (
            f"error: patients row 4, column patient: The patient already has row 2. {LEFT} A further row "
            "needs a "
            "further anchor: anchor_kind with anchor_day or anchor_date."
        ),
        f"error: patients row 5, column anchor: The patient already has an anchor of this name. {LEFT}",
        (
            "error: patients row 6, column anchor_day: The day of this anchor is not known. Allowed: a "
            "day, or an "
            f"anchor_date here and one for the first anchor. {LEFT}"
        ),
        f"error: patients row 7, column anchor_day: It disagrees with anchor_date by 1 day. {LEFT}",
        (
            "error: patients row 9, column anchor_day: The first anchor of a patient is day 0. Found: 7. "
            f"Allowed: 0 or empty. {LEFT}"
        ),
        (
            "error: patients row 10, column patient: The first row of this patient is left out, and with "
            "it day 0. "
            f"{LEFT}"
        ),
    ]
    assert [(anchor.name, anchor.day) for anchor in study.patients[0].anchors] == [("HCT1", 0), ("DLI7", 40)]
    assert [patient.age_years for patient in study.patients] == [40.0, None]


def test_ages_that_cannot_be_had_or_disagree(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\n",
        patients=(
            "patient,age_years,birth_date,birth_year,anchor_date\n"
            "P01,,1984-03-01,,\nP02,,,1984,\nP03,30,1984-03-01,,2024-03-01\nP04,30,,1984,2024-03-01\n"
        ),
    )
    wanted = "Without an anchor_date it cannot become an age, so no reference range applies."
    assert lines(study.issues) == [
        f"warning: patients row 2, column birth_date: {wanted} Fill in anchor_date, or age_years at day 0.",
        f"warning: patients row 3, column birth_year: {wanted} Fill in anchor_date, or age_years at day 0.",
        (
            "warning: patients row 4, column age_years: It disagrees with the birth given by 10.0 years; "
            "birth_date was used."
        ),
        (
            "warning: patients row 5, column age_years: It disagrees with the birth given by 9.7 years; "
            "age_years was used."
        ),
    ]
    assert [patient.age_years for patient in study.patients] == [None, None, 40.0, 30.0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("P01,,,10,,,", f"column kind: The cell is empty. {LEFT}"),
        (
            "p01,cmv,,10,,,",
            (
                "column patient: The patient is neither in the patients sheet nor in the manifest. "
                f"{LEFT} Did you mean 'P01'?"
            ),
        ),
        ("P01,cmv,,,,,", f"column start_day: Neither start_day nor start_date is filled. {LEFT}"),
        ("P01,cmv,,10,9,,", f"column end_day: The event ends 1 day before it starts. {LEFT}"),
        ("P01,cmv,,10,20,yes,", f"column ongoing: An event that has an end is not ongoing. {LEFT}"),
        (
            "P01,cmv,,10,,maybe,",
            (
                "column ongoing: This is neither yes nor no. Found: a word of 5 letters. Allowed: yes, no. "
                f"{LEFT}"
            ),
        ),
        (
            "P01,cmv,,10,,,2024-03-31",
            (
                "column end_date: Without the date of the patient's first anchor it cannot become a day. "
                f"{LEFT} Fill in anchor_date, or use end_day."
            ),
        ),
    ],
)
def test_a_bad_event_is_left_out(tmp_path: Path, row: str, message: str) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\n",
        events=f"patient,kind,label,start_day,end_day,ongoing,end_date\n{row}\nP01,ebv,,5,,,\n",
    )
    assert [event.kind for event in study.events] == ["ebv"]
    assert lines(study.issues) == [f"error: events row 2, {message}"]


def test_an_unknown_kind_or_programme_lists_what_is_known(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\n",
        patients="patient,programme,anchor_kind\nP01,alo_hsct,\nP02,,cmv\n",
    )
    assert errors(study) == [
        (
            "error: patients row 2, column programme: This value is not known. Found: a text of 8 characters."
            " Allowed: "
            "allo_hsct, "
            "auto_hsct, auto_hsct_autoimmune, scid_hsct, gene_therapy, car_t, msc, ipsc_product, "
            "chemotherapy, ageing, "
            f"unknown. {LEFT} Did you mean 'allo_hsct'?"
        ),
        (
            "error: patients row 3, column anchor_kind: This value is not known. Found: a word of 3 letters. "
            "Allowed: "
            "transplant, "
            "stem_cell_boost, dli, car_t, gene_therapy, cell_infusion, last_chemotherapy, enrolment. "
            f"{LEFT}"
        ),
    ]


def test_counts_that_look_like_another_unit_are_used_and_remarked(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,wbc_cells_per_ul,wbc_10e9_per_l,lymphocytes_cells_per_ul,lymphocytes_10e9_per_l\n"
            "a.fcs,P01,30,4.2,,,\nb.fcs,P01,60,,300,,\nc.fcs,P01,90,4200,4.2,0.3,\nd.fcs,P01,99,4200,5.1,,\n"
            "e.fcs,P01,100,,0.05,,0.004\nf.fcs,P01,101,,,,30\n"
        ),
    )
    as_written = "is unusual. It was used as written; its results are marked. If the unit is another, use the"
    assert lines(study.issues) == [
        (
            "warning: manifest row 2, column wbc_cells_per_ul: A count of 4.2 cells/µL (0.0042 x 10^9/L) "
            f"{as_written} column wbc_10e9_per_l."
        ),
        (
            "warning: manifest row 3, column wbc_10e9_per_l: A count above 100000 cells/µL (100 x 10^9/L) "
            f"{as_written} column wbc_cells_per_ul."
        ),
        (
            "warning: manifest row 4, column lymphocytes_cells_per_ul: A count of 0.3 cells/µL (0.0003 x "
            f"10^9/L) {as_written} column lymphocytes_10e9_per_l."
        ),
        (
            "error: manifest row 5, column wbc_10e9_per_l: It disagrees with wbc_cells_per_ul: 5100 and "
            f"4200 cells/µL. {LEFT}"
        ),
        (
            "warning: manifest row 7, column lymphocytes_10e9_per_l: A count above 20000 cells/µL (20 x "
            f"10^9/L) {as_written} column lymphocytes_cells_per_ul."
        ),
    ]
    assert [tube.wbc_cells_per_ul for tube in study.tubes] == [4.2, 300_000.0, 4200.0, 50.0, None]
    assert [tube.wbc_given_per_l for tube in study.tubes] == [False, True, True, True, False]


UNIT_HINT = "1 x 10^9/L are 1000 cells/µL; each has a column of its own."


@pytest.mark.parametrize(
    ("column", "cell", "found", "allowed"),
    [
        ("wbc_cells_per_ul", "500001", "a number of 6 digits", "500000 cells/µL"),
        ("wbc_10e9_per_l", "4200", "4200", "500 x 10^9/L"),
        ("lymphocytes_cells_per_ul", "100001", "a number of 6 digits", "100000 cells/µL"),
        ("lymphocytes_10e9_per_l", "300", "300", "100 x 10^9/L"),
    ],
)
def test_counts_that_cannot_be_are_refused(
    tmp_path: Path, column: str, cell: str, found: str, allowed: str
) -> None:
    study = load(tmp_path, manifest=f"file,patient,day,{column}\na.fcs,P01,30,\nb.fcs,P01,60,{cell}\n")
    assert errors(study) == [
        (
            f"error: manifest row 3, column {column}: {OUT} {found}. Allowed: a number from 0 up to "
            f"{allowed}. {LEFT} {UNIT_HINT}"
        )
    ]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("wbc_cells_per_ul", "25.000", None),
        ("wbc_cells_per_ul", "120.000", None),
        ("wbc_cells_per_ul", "4.500", None),
        ("wbc_cells_per_ul", "501.000", 501.0),
        ("lymphocytes_cells_per_ul", "1.250", None),
        ("lymphocytes_cells_per_ul", "100.500", 100.5),
        ("wbc_10e9_per_l", "4.500", 4500.0),
        ("lymphocytes_10e9_per_l", "1.250", 1250.0),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_blood_counts_with_a_mark_before_three_digits_are_asked_about_where_both_readings_can_be(
    tmp_path: Path, column: str, cell: str, value: float | None, ending: str
) -> None:
    header, first, second = (
        ["file", "patient", "day", column],
        ["a.fcs", "P01", "30", ""],
        ["b.fcs", "P01", "60"],
    )
    rows = [header, first, [*second, cell]]
    path = tmp_path / f"manifest.{ending}"
    if ending == "csv":
        path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    else:
        workbook(path, manifest=rows)
    study = load_study(path)
    if value is None:
        assert "This number can be read in two ways" in errors(study)[0]
        return
    tube = study.tubes[1]
    assert value in (tube.wbc_cells_per_ul, tube.lymphocytes_cells_per_ul)


def test_in_a_sheet_with_decimal_commas_a_mark_before_three_digits_is_not_guessed(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file;patient;day;blood_volume_ul;beads_per_tube;lymphocytes_10e9_per_l\n"
            "a.fcs;P01;30;20,500;51420;\nb.fcs;P01;60;20,50;51420,0;0,450\nc.fcs;P01;90;50;51.420;\n"
            "d.fcs;P01;91;50;51420;1.234\ne.fcs;P01;92;50.5;51420.50;0.450\n"
        ),
    )
    assert [tube.blood_volume_ul for tube in study.tubes] == [20.5, 50.5]
    assert [tube.beads_per_tube for tube in study.tubes] == [51420.0, 51420.5]
    assert [tube.lymphocytes_cells_per_ul for tube in study.tubes] == [450.0, 450.0]
    ways = "This number can be read in two ways"
    assert lines(study.issues) == [
        f"error: manifest row 2, column blood_volume_ul: {ways}: 20.5 or 20500. {LEFT} Write 20.5 or 20500.",
        f"error: manifest row 4, column beads_per_tube: {ways}: 51.42 or 51420. {LEFT} Write 51.42 or 51420.",
        (
            f"error: manifest row 5, column lymphocytes_10e9_per_l: {ways}: 1.2340 or 1234. {LEFT} "
            "Write 1.2340 or 1234."
        ),
    ]


def test_the_readings_that_a_message_offers_can_be_written(tmp_path: Path) -> None:
    for written in ("1.2340", "1234"):
        study = load(tmp_path, manifest=f"file;patient;day;wbc_cells_per_ul\na.fcs;P01;30;{written}\n")
        assert study.tubes[0].wbc_cells_per_ul == float(written)


def test_a_point_before_three_digits_is_a_decimal_point_where_that_is_usual(tmp_path: Path) -> None:
    study = load(tmp_path, manifest="file,patient,day,wbc_10e9_per_l\na.fcs,P01,30,4.125\n")
    assert study.tubes[0].wbc_cells_per_ul == 4125.0
    assert lines(study.issues) == []


def test_unusual_amounts_are_used_and_remarked(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,beads_per_tube,blood_volume_ul,acquired_volume_ul,dilution\n"
            "a.fcs,P01,30,2000,5,,\nb.fcs,P01,60,,,3000,100\nc.fcs,P01,90,51420,50,,10\n"
        ),
    )
    unusual = "This amount is unusual and was used as written. Found"
    assert lines(study.issues) == [
        (
            f"warning: manifest row 2, column beads_per_tube: {unusual}: 2000. Usual: 5000 to 500000 beads. "
            f"{BEADS_HINT}"
        ),
        (
            f"warning: manifest row 2, column blood_volume_ul: {unusual}: 5. Usual: 10 to 1000 µL. "
            "It is in µL; 0.05 mL are 50 µL."
        ),
        (
            f"warning: manifest row 3, column acquired_volume_ul: {unusual}: 3000. Usual: 10 to 2000 µL. "
            "It is in µL; 0.1 mL are 100 µL."
        ),
        (
            f"warning: manifest row 3, column dilution: {unusual}: 100. Usual: 1 to 50 fold. "
            "1 is undiluted; 50 µL of blood made up to 500 µL and measured by volume is 10."
        ),
        (
            "warning: manifest row 4, column dilution: Counts by beads are multiplied by this dilution (10). "
            "Lysing solution does not count: with beads it is 1, unless the blood itself was diluted."
        ),
    ]
    assert [tube.beads_per_tube for tube in study.tubes] == [2000.0, None, 51420.0]


def test_a_count_of_0_is_aplasia_and_costs_no_row(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,wbc_10e9_per_l,lymphocytes_cells_per_ul\n"
            "a.fcs,P01,7,0,0\nb.fcs,P01,10,0.1,0\nc.fcs,P01,11,0.1,140\n"
        ),
    )
    zero = (
        "0 is taken as too few to count; no concentration is computed from it. "
        "Leave it empty if it was not counted."
    )
    assert [(tube.wbc_cells_per_ul, tube.lymphocytes_cells_per_ul) for tube in study.tubes] == [
        (0.0, 0.0),
        (100.0, 0.0),
        (100.0, 140.0),
    ]
    assert lines(study.issues) == [
        f"warning: manifest row 2, column wbc_10e9_per_l: {zero}",
        f"warning: manifest row 2, column lymphocytes_cells_per_ul: {zero}",
        f"warning: manifest row 3, column lymphocytes_cells_per_ul: {zero}",
    ]


def test_unknown_columns_are_never_silent(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=("file,patient,day,bead_per_tube,room,2024-03-01,,volume µL\na.fcs,P01,30,50000,3,x,y,z\n"),
    )
    not_read = "The column is not known and was not read."
    found = lines(study.issues)
    assert found[0] == (f"error: manifest, column 'bead_per_tube': {not_read} Did you mean 'beads_per_tube'?")
    assert found[1].startswith(
        f"warning: manifest, column number 5: {not_read} Known columns: file, patient, day, sample_date, "
        "anchor_date,"
    )
    assert found[2].startswith(f"warning: manifest, column number 6: {not_read} Known columns: file,")
    assert found[3] == f"warning: manifest, column number 8: {not_read} Did you mean 'blood_volume_ul'?"
    assert found[4] == (
        "warning: manifest, column number 7: The column has values but no name and was not read. "
        "Give it a name, or empty it."
    )
    assert len(found) == 5
    assert study.tubes[0].beads_per_tube is None


def test_a_row_longer_than_the_header(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\nb.fcs,P01,60,late, by two days\nc.fcs,P01,90,,\n",
    )
    assert lines(study.issues) == [
        (
            "error: manifest row 3, column number 4: The row has more fields than the header, which has "
            f"3. {LEFT} "
            "Put text that contains the separator in double quotes."
        )
    ]
    assert [tube.day for tube in study.tubes] == [30, 90]


def test_dates_in_text_are_not_kept(tmp_path: Path) -> None:
    study = load(tmp_path, manifest=MANIFEST, patients="patient,graft\nP01,PBSC 2024-03-01\n")
    assert study.patients[0].graft == ""
    assert lines(study.issues) == [
        (
            "warning: patients row 2, column graft: The text holds a date and was left out. "
            "Write the day instead, e.g. +30."
        )
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("drawn 31.03.2024", "must not hold a date."),
        ("3 March", "must not hold a date."),
        ("Anna Muster", "has a word that is not known as a word for visits."),
        ("Muster", "has a word that is not known as a word for visits."),
        ("day 4711081", "has a number of more than 4 digits."),
        ("week_6", "has a sign that is not allowed."),
        ("follow-up visit before relapse", "is too long (30 characters)."),
    ],
)
def test_the_name_of_a_visit_can_hold_neither_date_nor_name(
    tmp_path: Path, written: str, problem: str
) -> None:
    study = load(tmp_path, manifest=f"file,patient,day,visit\na.fcs,P01,30,{written}\n")
    assert study.tubes[0].visit == ""
    assert lines(study.issues) == [
        (
            f"warning: manifest row 2, column visit: The name of a visit {problem} It was left out. Allowed: "
            "up to 24 letters, digits, spaces and + - . /, in words for visits, e.g. +30, 1 y, week 6, "
            "pre-transplant, relapse."
        )
    ]


@pytest.mark.parametrize(
    "written", ["+30", "-14", "1 y", "d30", "C1D15", "2 years", "pre-HSCT", "Tag +30", "6 mo."]
)
def test_usual_names_of_visits_are_kept(tmp_path: Path, written: str) -> None:
    study = load(tmp_path, manifest=f"file,patient,day,visit\na.fcs,P01,30,{written}\n")
    assert study.tubes[0].visit == written
    assert lines(study.issues) == []


def test_no_issue_repeats_a_date_a_file_or_a_name(tmp_path: Path) -> None:
    """Canaries in every cell that a person may fill wrongly."""
    study = load(
        tmp_path,
        manifest=(
            "file,patient,day,sample_date,anchor_date,visit,count_method,beads_per_tube,panel,Anna,anchor\n"
            "CANARY_Anna.fcs,P01,1,,,,,,,Canary,\n"
            "CANARY_Anna.fcs,P01,2,,,,,,,,\n"
            "CANARY_b.fcs,Canary Anna,3,,,,,,,,\n"
            "CANARY_c.fcs,P01,CANARY,01/02/1977,CANARY,CANARY 01.02.1977,Canary,CANARY,Canary,,\n"
            "CANARY_d.fcs,P01,,1977-02-01,1977-02-03,Canary,,28157,,,\n"
            "CANARY_e.fcs,P01,28157,1977,,,,28157,,,\n"
            "CANARY_f.fcs,P01,5,,,,,,,,Canary\n"
        ),
        patients=(
            "patient,sex,birth_date,graft,anchor\nP01,,,,Canary\nP01,,,,Canary\nP02,Canary,01/02/1977,,\n"
            "Canary Anna,,,,\n"
        ),
        events="patient,kind,start_day,ongoing\nCANARY,Canary,CANARY,CANARY\n",
    )
    assert len(study.issues) > 15
    text = " ".join(str(issue) for issue in study.issues)
    assert not re.search(r"canary|anna|1977|28157", text, re.IGNORECASE)


@pytest.mark.parametrize(
    "name", ["Zvonimirka", "Zvonimirka Muster", "Zvonimirka1977", "1977-02-01", "47110815"]
)
@pytest.mark.parametrize("columns", [MANIFEST_COLUMNS, PATIENTS, EVENTS], ids=lambda columns: columns.sheet)
def test_no_column_repeats_what_may_be_a_name(tmp_path: Path, columns: SheetColumns, name: str) -> None:
    """The same text in each column in turn, and above it as a column."""
    usual = {"file": "{}.fcs", "patient": "P{}", "day": "{}", "kind": "cmv", "start_day": "1"}
    rows = [
        ",".join(name if place == own else usual.get(own, "").format(number) for own in columns.all)
        for number, place in enumerate(columns.all)
        if place != "patient"
    ]
    header = ",".join(columns.all)
    sheets = {
        "manifest": MANIFEST,
        columns.sheet: "\n".join([f"{header},{name}", *(f"{row},x" for row in rows)]),
    }
    study = load(tmp_path, **sheets)
    assert len(study.issues) > 3
    assert name not in " ".join(str(issue) for issue in study.issues)
    assert "Zvonimirka" not in " ".join(str(issue) for issue in study.issues)


def test_every_error_is_an_error_and_every_remark_a_warning(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day,wbc_cells_per_ul\na.fcs,P01,30,3\nb.fcs,P01,x,\n",
    )
    assert [issue.severity for issue in study.issues] == [Severity.WARNING, Severity.ERROR, Severity.INFO]


def test_a_row_that_is_left_out_makes_no_patient(tmp_path: Path) -> None:
    manifest = f"{MANIFEST}a.fcs,P02,30\na.fcs,P03,30\na.fcs,P04,30\n"
    events = "patient,kind,start_day\nP04,cmv,12\n"
    study = load(tmp_path, manifest=manifest, patients="patient\nP01\nP02\n", events=events)
    assert [row.patient for row in study.left_out] == ["P02", "P03", "P04"]
    # P02 stands in the patients sheet, and of P04 something is known
    assert [patient.patient for patient in study.patients] == ["P01", "P02", "P04"]
    assert [event.patient for event in study.events] == ["P04"]
