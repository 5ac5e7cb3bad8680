"""Cells of a workbook that show something but hold nothing to read."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from cytorecon.study import Study, load_study
from tests.study.sheets import lines, workbook

LEFT = "The row is left out."
HEADER = ["file", "patient", "day", "beads_per_tube", "visit"]
BEADS = f"Allowed: a number from 1000 up to 10000000 beads. {LEFT}"


def loaded(folder: Path, *rows: Sequence[object]) -> Study:
    good = ["good.fcs", "P01", 1, None, None]
    return load_study(workbook(folder / "manifest.xlsx", manifest=[HEADER, good, *rows]))


FORMULA = f"The cell holds a formula whose result is not stored in the file. {LEFT} Open the workbook in a "
CELLS = [
    ("beads_per_tube", ["a.fcs", "P01", 30, "=5*10000", None],
     f"{FORMULA}spreadsheet program and save it, or put in the value."),
    ("patient", ["a.fcs", "=A1", 30, None, None],
     f"{FORMULA}spreadsheet program and save it, or put in the value."),
    ("day", ["a.fcs", "P01", "=A1", None, None],
     f"{FORMULA}spreadsheet program and save it, or put in the value."),
    ("day", ["a.fcs", "P01", "#REF!", None, None],
     f"The cell shows the error #REF! of a spreadsheet. {LEFT} Mend the formula, or put in the value."),
    ("beads_per_tube", ["a.fcs", "P01", 30, "#N/A", None],
     f"The cell shows the error #N/A of a spreadsheet. {LEFT} Mend the formula, or put in the value."),
    ("beads_per_tube", ["a.fcs", "P01", 30, date(2036, 11, 22), None],
     (f"This is not a number. Found: a date. {BEADS} If it is a number that is shown as a date, format the "
     "cell as a number.")),
    ("beads_per_tube", ["a.fcs", "P01", 30, True, None],
     f"This is not a number. Found: a TRUE/FALSE cell. {BEADS}"),
    ("day", ["a.fcs", "P01", datetime(2024, 3, 31, tzinfo=UTC).replace(tzinfo=None), None, None],
     (f"This is not a number of days. Found: a date. Allowed: a whole number, e.g. -7 or 30. {LEFT} "
     "A date belongs in the column for dates.")),
    ("visit", ["a.fcs", "P01", 30, None, False], f"This is a TRUE/FALSE cell. Allowed: text. {LEFT}"),
    ("visit", ["a.fcs", "P01", 30, None, date(2024, 3, 31)],
     f"This is a date cell, and dates are not kept. Allowed: text. {LEFT}"),
    ("beads_per_tube", ["a.fcs", "P01", 30, time(10, 30), None],
     f"The cell holds a time of day. {LEFT} Put in a number, a date or text, as the column asks for."),
]  # fmt: skip


@pytest.mark.parametrize(("column", "row", "message"), CELLS)
def test_each_has_one_clear_message(tmp_path: Path, column: str, row: Sequence[object], message: str) -> None:
    study = loaded(tmp_path, row)
    assert [tube.row for tube in study.tubes] == [2]
    assert lines(study.issues) == [f"error: manifest row 3, column {column}: {message}"]


def test_merged_cells_are_not_empty_cells(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "manifest.xlsx",
        manifest=[HEADER, ["a.fcs", "P01", 1, 51420], ["b.fcs", "P01", 2], ["c.fcs", "P01", 3]],
    )
    book = openpyxl.load_workbook(path)
    book["manifest"].merge_cells("D2:D3")
    book["manifest"].merge_cells("A6:E8")
    book.save(path)
    study = load_study(path)
    assert [(tube.row, tube.beads_per_tube) for tube in study.tubes] == [(2, 51420.0), (4, None)]
    assert lines(study.issues) == [
        (
            "error: manifest row 3, column beads_per_tube: The cell is part of a merged cell and has no "
            f"value of its own. {LEFT} Unmerge the cells and fill in each row."
        )
    ]


def test_results_of_formulas_are_read_also_when_they_are_an_empty_text(tmp_path: Path) -> None:
    made = workbook(
        tmp_path / "made.xlsx", manifest=[HEADER, ["a.fcs", "P01", "=29+1", "=IF(FALSE,1,A9)", "x"]]
    )
    # As a spreadsheet program stores them; openpyxl writes no results.
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(tmp_path / "manifest.xlsx", "w") as target:
        for name in source.namelist():
            data = source.read(name).decode()
            data = data.replace("<f>29+1</f><v></v>", "<f>29+1</f><v>30</v>").replace(
                "<f>29+1</f><v />", "<f>29+1</f><v>30</v>"
            )
            data = data.replace('<c r="D2"><f>', '<c r="D2" t="str"><f>')
            target.writestr(name, data)
    study = load_study(tmp_path / "manifest.xlsx")
    assert [(tube.day, tube.beads_per_tube) for tube in study.tubes] == [(30, None)]


def test_a_checkbox_says_yes_or_no(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "study.xlsx",
        manifest=[HEADER, ["a.fcs", "P01", 1, None, None]],
        events=[
            ["patient", "kind", "start_day", "ongoing"],
            ["P01", "cmv", 3, True],
            ["P01", "ivig", 4, False],
        ],
    )
    assert [event.ongoing for event in load_study(path).events] == [True, False]


def test_a_formula_in_a_column_that_is_not_read_is_no_problem(tmp_path: Path) -> None:
    rows: list[list[object]] = [[*HEADER, "room"], ["a.fcs", "P01", 1, None, None, "=1+1"]]
    study = load_study(workbook(tmp_path / "manifest.xlsx", manifest=rows))
    assert [issue.code for issue in study.issues] == ["study.column_unknown", "study.no_patients_sheet"]
