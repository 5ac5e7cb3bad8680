"""Sheets that cannot be used at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cytorecon.errors import StudyError
from cytorecon.study import load_study
from tests.study.sheets import MANIFEST, lines, refusal, workbook, write

ALL = (
    "file, patient, day, sample_date, anchor_date, anchor, visit, panel, tube, dataset, control, "
    "wbc_cells_per_ul, "
    "wbc_10e9_per_l, lymphocytes_cells_per_ul, lymphocytes_10e9_per_l, beads_per_tube, bead_lot, "
    "blood_volume_ul, "
    "acquired_volume_ul, dilution, pipetting_cv_percent, beads_cv_percent, wbc_cv_percent, "
    "lymphocytes_cv_percent, count_method, product_volume_ml, recipient_weight_kg"
)


def test_missing_columns_are_listed_with_everything_else(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        manifest="fil,patient,visit,visit\na.fcs,P01,x,y\n",
        events="patient,start_day\nP01,3\n",
        patients="patient,sex\nP01,boy\n",
    )
    missing = f"The required column is missing. Allowed columns: {ALL}. Add the column, or correct its name."
    assert str(error) == "\n".join(
        [
            "manifest: The sheets cannot be used.",
            "  error: manifest, column visit: The column occurs more than once. Keep one of them.",
            f"  error: manifest, column file: {missing}",
            f"  error: manifest, column day or sample_date: {missing}",
            (
                "  error: manifest, column 'fil': The column is not known and was not read. "
                "Did you mean 'file'?"
            ),
            (
                "  error: events, column kind: The required column is missing. Allowed columns: patient, "
                "kind, "
                "start_day, start_date, label, end_day, end_date, ongoing. Add the column, or correct its "
                "name."
            ),
            (
                "  error: patients row 2, column sex: This value is not known. Found: a word of 3 letters. "
                "Allowed: female, f, male, m, "
                "unknown. The row is left out."
            ),
        ]
    )


def test_no_row_can_be_used(tmp_path: Path) -> None:
    error = refusal(tmp_path, manifest="file,patient,day\na.fcs,P01,x\n")
    assert str(error).startswith(
        "manifest: No row of the manifest can be used.\n  error: manifest row 2, column day"
    )
    assert len(error.issues) == 1
    assert (
        str(refusal(tmp_path, manifest="file,patient,day\n"))
        == "manifest: No row of the manifest can be used."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "manifest: The sheet is empty."),
        (b"\n\n , \n", "manifest: The sheet is empty."),
        (b"FCS3.1  \x00\x00\x01binary\n", "manifest: This is not a table: the file holds binary data."),
        (
            b'file,patient,day\n"' + b"x" * 200_000 + b'",P01,1\n',
            "manifest: This is not a table: field larger than field limit (131072).",
        ),
    ],
)
def test_what_is_not_a_table(tmp_path: Path, content: bytes, message: str) -> None:
    assert str(refusal(tmp_path, manifest=content)) == message


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "CANARY.csv")
    assert str(caught.value) == "manifest: The file does not exist."
    manifest = write(tmp_path, manifest=MANIFEST)
    with pytest.raises(StudyError) as caught:
        load_study(manifest, patients=tmp_path / "CANARY.csv")
    assert str(caught.value) == "patients: The file does not exist."


def test_two_companions_are_not_chosen_between(tmp_path: Path) -> None:
    manifest = write(tmp_path, manifest=MANIFEST, patients="patient\nP01\n")
    workbook(tmp_path / "patients.xlsx", patients=[["patient"], ["P01"]])
    with pytest.raises(StudyError) as caught:
        load_study(manifest)
    assert str(caught.value) == (
        "patients: Beside the manifest lie both a CSV and a workbook. Name the one to use, or remove the "
        "other."
    )


def test_a_workbook_without_a_manifest(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx", one=[["file"]], two=[["file"]])
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert (
        str(caught.value) == "manifest: The workbook has 2 worksheets and none of them is called 'manifest'."
    )


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut short", b"file,patient,day\n"])
def test_a_workbook_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "manifest.xlsx"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert str(caught.value) == "manifest: This is not a workbook (.xlsx)."


def test_a_damaged_worksheet(tmp_path: Path) -> None:
    import zipfile

    good = workbook(tmp_path / "good.xlsx", manifest=[["file", "patient", "day"], ["a.fcs", "P01", 1]])
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(tmp_path / "manifest.xlsx", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data[: len(data) // 2] if name.startswith("xl/worksheets/") else data)
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "manifest.xlsx")
    assert str(caught.value) == "manifest: The workbook is damaged."


def test_the_old_excel_format(tmp_path: Path) -> None:
    (tmp_path / "manifest.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "manifest.xls")
    assert str(caught.value) == "manifest: The old .xls format is not read. Save the sheet as .xlsx or CSV."


def test_a_workbook_does_not_need_the_other_worksheets(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "book.xlsx", manifest=[["file", "patient", "day"], ["a.fcs", "P01", 1]], notes=[["x"]]
    )
    assert lines(load_study(path).issues) == []


def test_a_sheet_without_a_header_repeats_nothing_of_its_first_row(tmp_path: Path) -> None:
    error = refusal(tmp_path, manifest="anna.fcs,Canary,Day,1977-02-01\nb.fcs,P01,30,\n")
    assert [issue.subject for issue in error.issues] == [
        "manifest, column file",
        "manifest, column patient",
        "manifest, column number 1",
        "manifest, column number 2",
        "manifest, column number 4",
    ]
    assert not re.search("anna|canary|1977", str(error), re.IGNORECASE)
