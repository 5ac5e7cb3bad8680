"""The sheet of readouts: units, limits, days, and every row that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.study import ClinicalEvent, Patient, Readout, Study, load_study, readout_table
from cytorecon.tables import READOUT_COLUMNS
from tests.study.sheets import MANIFEST, errors, load, refusal, workbook

HEADER = "patient,day,readout,lineage,value,unit,checked,note\n"


def read(folder: Path, *rows: str) -> Study:
    return load(folder, manifest=MANIFEST, readouts=HEADER + "".join(f"{row}\n" for row in rows))


@pytest.mark.parametrize(
    ("row", "value", "unit"),
    [
        ("P01,14,ANC,,0.6,10^9/L,,", 600.0, "cells/µL"),
        ("P01,14,anc,,0.6,x10^9/L,,", 600.0, "cells/µL"),
        ("P01,14,anc,,600,/µL,,", 600.0, "cells/µL"),
        ("P01,14,anc,,0,cells/uL,,", 0.0, "cells/µL"),
        ("P01,14,platelets,,23,10^9/L,,", 23_000.0, "cells/µL"),
        ("P01,14,igg,,450,mg/dL,,", 4.5, "g/L"),
        ("P01,14,haemoglobin,,98,g/L,,", 9.8, "g/dL"),
        ("P01,14,chimerism,whole blood,99.5,%,,", 99.5, "%"),
        ("P01,14,anc,,5,cells/µL,yes,", 5.0, "cells/µL"),
    ],
)
def test_the_unit_of_the_row_decides(tmp_path: Path, row: str, value: float, unit: str) -> None:
    study = read(tmp_path, row)
    assert errors(study) == []
    (found,) = study.readouts
    assert (found.value, found.unit) == (value, unit)


def test_limits_are_no_values(tmp_path: Path) -> None:
    study = read(tmp_path, "P01,30,chimerism,myeloid,>99,%,,", "P01,30,igm,,<20,mg/dL,,")
    assert study.readouts == (
        Readout(patient="P01", day=30, readout="chimerism", lineage="myeloid", unit="%", more_than=99),
        Readout(patient="P01", day=30, readout="igm", unit="g/L", less_than=0.2),
    )


ASKED = "Correct the unit, or write yes in the column checked when number and unit are right."
ANC = "Neutrophils (ANC)"


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (
            "P01,14,anc,,0.6,cells/µL,,",
            "value",
            f"{ANC} of 0.6 cells/µL would be very unusual. Is 10^9/L meant? The row is left out. {ASKED}",
        ),
        (
            "P01,14,anc,,500,10^9/L,,",
            "value",
            f"{ANC} of 500 10^9/L would be very unusual. Is cells/µL meant? The row is left out. {ASKED}",
        ),
        (
            "P01,14,anc,,600,,,",
            "unit",
            "The cell is empty. The row is left out.",
        ),
        (
            "P01,14,anc,,600,G/L,,",
            "unit",
            (
                f"{ANC} is not given in this unit. Found: a text of 3 characters. Allowed: cells/µL, 10^9/L. "
                "The row is left out. G/L can be giga or gram per litre: write 10^9/L."
            ),
        ),
        (
            "P01,14,anc,,600,g/L,,",
            "unit",
            f"{ANC} is not given in this unit. Found: g/L. Allowed: cells/µL, 10^9/L. The row is left out.",
        ),
        (
            "P01,14,igg,,,g/L,,",
            "value",
            "The cell is empty. The row is left out.",
        ),
        (
            "P01,14,igg,,n.d.,g/L,,",
            "value",
            (
                "This is not a number. Found: a text of 4 characters. "
                "Allowed: a number from 0 up to 100 g/L. The row is left out."
            ),
        ),
        (
            "P01,14,igg,,<1.200,g/L,,",
            "value",
            (
                "Behind the sign stands no number that can be read in one way. Found: 1.200. "
                "Allowed: a number from 0 up to 100 g/L. The row is left out. "
                "Write it with a decimal point and no separator of thousands."
            ),
        ),
        (
            "P01,14,chimerism,t_cells,>101,%,,",
            "value",
            (
                "This number is out of range. Found: 101. Allowed: a number from 0 up to 100 %. "
                "The row is left out. Check the number and its unit."
            ),
        ),
        (
            "P01,14,platelets,,25.000,cells/µL,,",
            "value",
            "This number can be read in two ways: 25 or 25000. The row is left out. Write 25 or 25000.",
        ),
        (
            "P01,14,chimerism,,99,%,,",
            "lineage",
            (
                "Donor chimerism needs the cells it was measured in. Allowed: whole_blood, myeloid, "
                "lymphoid, t_cells, b_cells, nk_cells, cd34. The row is left out."
            ),
        ),
        (
            "P01,14,igg,myeloid,9,g/L,,",
            "lineage",
            "IgG is not measured by lineage. Found: myeloid. Allowed: an empty cell. The row is left out.",
        ),
        (
            "P09,14,igg,,9,g/L,,",
            "patient",
            "The patient is neither in the patients sheet nor in the manifest. The row is left out.",
        ),
        (
            "P01,,igg,,9,g/L,,",
            "day",
            "Neither day nor sample_date is filled. The row is left out.",
        ),
    ],
)
def test_every_refused_row_is_named(tmp_path: Path, row: str, column: str, message: str) -> None:
    study = read(tmp_path, "P01,13,anc,,700,cells/µL,,", row)
    assert [item.day for item in study.readouts] == [13]
    assert errors(study) == [f"error: readouts row 3, column {column}: {message}"]


def test_a_value_that_stands_twice_is_named_and_two_values_of_a_day_are_kept(tmp_path: Path) -> None:
    row = "P01,14,igg,,9,g/L,,"
    study = read(tmp_path, row, "P01,14,igg,,8,g/L,,", row)
    assert [item.value for item in study.readouts] == [9, 8]
    assert errors(study) == [
        (
            "error: readouts row 4, column value: Row 2 already gives this value of this patient and day. "
            "The row is left out. Remove one of the rows."
        )
    ]


def test_dates_become_days_and_are_gone(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        manifest="file,patient,sample_date,anchor_date\na.fcs,P01,2024-03-31,2024-03-01\n",
        readouts="patient,sample_date,readout,value,unit,note\n"
        "P01,2024-03-15,anc,600,cells/µL,of 15.3.2024\n",
    )
    (found,) = study.readouts
    assert (found.day, found.note) == (14, "")
    assert "2024" not in study.model_dump_json()


def test_a_worksheet_of_the_workbook(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "study.xlsx",
        manifest=[["file", "patient", "day"], ["a.fcs", "P01", 30]],
        readouts=[["patient", "day", "readout", "value", "unit"], ["P01", 14, "anc", 0.6, "10^9/L"]],
    )
    assert load_study(path).readouts[0].value == 600.0


def test_a_sheet_without_units_cannot_be_used(tmp_path: Path) -> None:
    error = refusal(tmp_path, manifest=MANIFEST, readouts="patient,day,readout,value\nP01,14,anc,600\n")
    assert "readouts, column unit: The required column is missing." in str(error)


def test_the_table_says_what_is_not_the_patients_own() -> None:
    readouts = tuple(
        Readout(patient="P01", day=day, readout=name, value=5, unit="g/L")
        for name, day in (("igm", 40), ("igg", 51), ("igg", 40), ("igg", 10))
    )
    events = (
        ClinicalEvent(patient="P01", kind="ivig", start_day=20),
        ClinicalEvent(patient="P02", kind="ivig", start_day=1),
    )
    patient = Patient(patient="P01")
    table = readout_table(Study(name="s", patients=(patient,), tubes=(), events=events, readouts=readouts))
    assert tuple(table.columns) == READOUT_COLUMNS
    columns = ["readout", "days_after_transplant", "reported", "replaced_by"]
    assert table[columns].to_numpy().tolist() == [
        ["igg", 10, "5 g/L", ""],
        ["igg", 40, "5 g/L", "immunoglobulin replacement"],
        ["igg", 51, "5 g/L", ""],
        ["igm", 40, "5 g/L", ""],
    ]


def test_immunoglobulin_that_goes_on_has_no_last_day() -> None:
    igg = Readout(patient="P01", day=400, readout="igg", value=5, unit="g/L")
    event = ClinicalEvent(patient="P01", kind="ivig", start_day=20, ongoing=True)
    study = Study(name="s", patients=(Patient(patient="P01"),), tubes=(), events=(event,), readouts=(igg,))
    assert readout_table(study)["replaced_by"].tolist() == ["immunoglobulin replacement"]
