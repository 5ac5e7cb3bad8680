"""Quotation marks that swallow rows, and days and dates that cannot be."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from cytorecon.errors import StudyError
from cytorecon.study import load_study
from tests.study.sheets import errors, load, refusal, workbook, write

LEFT = "The row is left out."
SWALLOWED = (
    "The cell goes on over {0}; if a quotation mark opens in it by mistake, those are rows that were "
    f"not read. {LEFT} Close or remove the quotation mark, and write the text of a cell on one line."
)
YEAR = (
    f"The year of this date cannot be right. Allowed: 1900 to 2100. {LEFT} Write the year with four digits."
)
DRAW = "-3650 to 36525"
FUTURE = (
    f"The sample is drawn in the future. {LEFT} "
    "Check the date, that of the anchor, and the clock of this computer."
)


def day_error(found: str, allowed: str) -> str:
    return (
        f"This day of the patient cannot be right. Found: {found}. Allowed: {allowed}. {LEFT} "
        "Check the day, or the dates of this and of the first anchor."
    )


def test_a_quotation_mark_that_swallows_rows_costs_its_row_and_says_so(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest=(
            'file,patient,day,bead_lot\nz.fcs,P09,30,\na.fcs,P01,30,"A1\nb.fcs,P02,30,A1\nc.fcs,P03,30,"A1"\n'
            "d.fcs,P04,30,A1\n"
        ),
    )
    assert [tube.patient for tube in study.tubes] == ["P09", "P04"]
    assert [(row.row, row.patient) for row in study.left_out] == [(3, "P01")]
    assert errors(study) == [f"error: manifest row 3, column bead_lot: {SWALLOWED.format('2 more lines')}"]
    assert "P02" not in study.model_dump_json()


@pytest.mark.parametrize("sheet", ["patients", "events"])
def test_in_every_sheet(tmp_path: Path, sheet: str) -> None:
    sheets = {
        "patients": 'patient,graft\nP01,"PBSC\nP02,BM\n',
        "events": 'patient,kind,start_day,label\nP01,cmv,3,"x\nP01,ebv,4,y\n',
    }
    study = load(tmp_path, manifest="file,patient,day\na.fcs,P01,30\n", **{sheet: sheets[sheet]})
    column = {"patients": "graft", "events": "label"}[sheet]
    assert errors(study) == [f"error: {sheet} row 2, column {column}: {SWALLOWED.format('1 more line')}"]


def test_in_a_column_that_is_not_read(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest='file,patient,day,whim\na.fcs,P01,30,\nb.fcs,P01,60,"x\nc.fcs,P01,90,\n',
    )
    assert errors(study) == [f"error: manifest row 3, column number 4: {SWALLOWED.format('1 more line')}"]


def test_in_the_header(tmp_path: Path) -> None:
    assert str(refusal(tmp_path, manifest='file,patient,day,"lot\na.fcs,P01,30,x\n')) == (
        "manifest: The name of column 4 goes on over several lines, which were not read as rows. Close or "
        "remove the quotation mark that opens in it."
    )
    study = load(tmp_path, manifest='file,patient,day,"blood\nvolume (µL)"\na.fcs,P01,30,50\n')
    assert study.tubes[0].blood_volume_ul == 50.0


def test_a_cell_of_several_lines_in_a_workbook(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["file", "patient", "day", "bead_lot"],
        ["a.fcs", "P01", 1, "A"],
        ["b.fcs", "P01", 2, "A\nB"],
    ]
    study = load_study(workbook(tmp_path / "manifest.xlsx", manifest=rows))
    assert errors(study) == [f"error: manifest row 3, column bead_lot: {SWALLOWED.format('1 more line')}"]


def test_two_worksheets_of_one_name(tmp_path: Path) -> None:
    rows: list[list[object]] = [["file", "patient", "day"], ["a.fcs", "P01", 1]]
    path = workbook(tmp_path / "manifest.xlsx", **dict.fromkeys(("Manifest ", "manifest"), rows))
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert str(caught.value) == (
        "manifest: The workbook has 2 worksheets called 'manifest' (capitals and spaces do not count). "
        "Rename or remove all but one."
    )


@pytest.mark.parametrize(
    ("drawn", "anchor", "message"),
    [
        ("5.3.0024", "1.3.2024", f"column sample_date: {YEAR}"),
        ("2024-03-05", "0024-03-01", f"column anchor_date: {YEAR}"),
        (
            "1924-05-05",
            "2024-05-01",
            f"column sample_date: {day_error('a number of 5 digits', DRAW)}",
        ),
        ("2013-05-01", "2024-05-01", f"column sample_date: {day_error('-4018', DRAW)}"),
        ("2042-05-05", "2024-05-01", f"column sample_date: {FUTURE}"),
        ("2024-07-02", "2024-05-01", f"column sample_date: {FUTURE}"),
    ],
)
def test_dates_that_cannot_be(tmp_path: Path, drawn: str, anchor: str, message: str) -> None:
    manifest = (
        f"file,patient,sample_date,anchor_date\na.fcs,P01,2024-07-01,2024-05-01\nb.fcs,P02,{drawn},{anchor}\n"
    )
    study = load_study(write(tmp_path, manifest=manifest), today=date(2024, 7, 1))
    assert errors(study) == [f"error: manifest row 3, {message}"]
    assert [tube.tube for tube in study.tubes] == ["P01/d61/1"]


def test_a_day_that_lies_in_the_future_of_the_anchor_date(tmp_path: Path) -> None:
    manifest = "file,patient,day\na.fcs,P01,61\nb.fcs,P01,62\n"
    patients = "patient,anchor_date\nP01,2024-05-01\n"
    path = write(tmp_path, manifest=manifest, patients=patients)
    assert errors(load_study(path, today=date(2024, 7, 1))) == [
        f"error: manifest row 3, column day: {FUTURE}"
    ]
    assert errors(load_study(path)) == []


def test_days_that_cannot_be(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,-3650\nb.fcs,P01,-3651\nc.fcs,P01,36525\nd.fcs,P01,36526\n",
        events="patient,kind,start_day\nP01,cmv,-43830\nP01,cmv,-43831\n",
    )
    assert [tube.day for tube in study.tubes] == [-3650, 36525]
    days = "Allowed: a whole number, e.g. -7 or 30."
    hint = "A date belongs in the column for dates."
    found = "This is not a number of days. Found: a number of 5 digits."
    assert errors(study) == [
        f"error: manifest row 3, column day: {day_error('-3651', DRAW)}",
        f"error: manifest row 5, column day: {found} {days} {LEFT} {hint}",
        f"error: events row 3, column start_day: {found} {days} {LEFT} {hint}",
    ]


def test_a_day_with_an_exponent_is_a_slip(tmp_path: Path) -> None:
    study = load(tmp_path, manifest="file,patient,day\na.fcs,P01,1e3\nb.fcs,P01,1E1\nc.fcs,P01,30\n")
    assert [tube.day for tube in study.tubes] == [30]
    message = (
        "This is not a number of days. Found: a number with an exponent. Allowed: a whole number, e.g. -7 or "
        f"30. {LEFT} A date belongs in the column for dates."
    )
    assert errors(study) == [f"error: manifest row {row}, column day: {message}" for row in (2, 3)]


def test_derived_days_of_events_and_anchors(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\n",
        patients=(
            "patient,anchor_kind,anchor_date\nP01,transplant,2024-05-01\nP01,dli,1901-01-01\nP01,dli,2025-05-01\n"
        ),
        events="patient,kind,start_date\nP01,cmv,2099-01-01\nP01,cmv,1900-01-01\n",
    )
    assert [anchor.day for anchor in study.patients[0].anchors] == [0, 365]
    found = day_error("a number of 5 digits", "-43830 to 36525")
    assert errors(study) == [
        f"error: patients row 3, column anchor_date: {found}",
        f"error: events row 3, column start_date: {found}",
    ]


def test_a_date_cell_of_a_workbook_has_the_same_limits(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["file", "patient", "sample_date", "anchor_date"],
        ["a.fcs", "P01", "2024-05-05", "2024-05-01"],
        ["b.fcs", "P02", datetime(2424, 3, 5), "2024-05-01"],  # noqa: DTZ001 - a workbook has no zones
    ]
    study = load_study(workbook(tmp_path / "manifest.xlsx", manifest=rows))
    assert errors(study) == [f"error: manifest row 3, column sample_date: {YEAR}"]
