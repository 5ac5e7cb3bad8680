"""A table of counts that were made elsewhere: read as a whole, or refused with everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import StudyError
from cytorecon.study import load_counts

HEADER = "patient,day,population,value,unit,lloq,low,high,gate_definition,count_method"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "counts.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def problems(file: Path) -> list[str]:
    with pytest.raises(StudyError) as caught:
        load_counts(file)
    assert str(caught.value).startswith("counts: The counts cannot be used; nothing was stored.")
    return [str(issue).removeprefix("error: counts ") for issue in caught.value.issues]


def test_units_limits_and_sheets_beside_the_table_are_read(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(
        "patient,age_years,programme\nP01,12,allo_hsct\n", encoding="utf-8"
    )
    (tmp_path / "events.csv").write_text("patient,kind,start_day\nP01,death,90\n", encoding="utf-8")
    result = load_counts(
        write(
            tmp_path,
            "P01,30,cd4_t,<12,CELLS/µL,,,,,",
            "P01,60,CD4_T,0.25,10^9/L,,0.22,0.29,,beads",
            "P01,60,CD4_T,31.5,% of lymphocytes,,,,,",
        )
    )
    first, second = (tube.counts[0] for tube in result.tubes)
    assert (first.cells_per_ul, first.below_lloq, first.lloq_cells_per_ul) == (None, True, 12.0)
    assert (second.cells_per_ul, second.cells_per_ul_low, second.cells_per_ul_high) == (250.0, 220.0, 290.0)
    assert (second.percent_of_lymphocytes, second.count_method) == (31.5, "beads")
    assert (result.study.patients[0].age_years, result.study.events[0].kind) == (12.0, "death")
    assert (result.study.issues, result.study.lists_events, result.study.lists_readouts) == ((), True, False)


PER_LITRE = "1 x 10^9/L are 1000 cells/µL; the unit stands in every row."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "Maria Muster,30,CD4_T,12,cells/µL,,,,,",
            (
                "row 2, column patient: This cannot be a pseudonym. Allowed: up to 64 letters "
                "(a-z), digits, '.', "
                "'_' and '-', beginning with a letter or digit; no date. Use a study number, not a name."
            ),
        ),
        ("P01,,CD4_T,12,cells/µL,,,,,", "row 2, column day: The cell is empty."),
        ("P01,30,,12,cells/µL,,,,,", "row 2, column population: The cell is empty."),
        (
            "P01,30,CD44_T,12,cells/µL,,,,,",
            (
                "row 2, column population: This value is not known. Found: a text of 6 characters. "
                "Allowed: a population of populations.csv. Did you mean 'CD4_T'?"
            ),
        ),
        (
            "P01,30,CD4_T,12,/nL,,,,,",
            (
                "row 2, column unit: This value is not known. Found: a text of 3 characters. "
                "Allowed: cells/µL, "
                "cells/uL, 10^6/L, 10^9/L, % of lymphocytes, % of leukocytes."
            ),
        ),
        (
            "P01,30,CD4_T,900,10^9/L,,,,,",
            (
                "row 2, column value: This number is out of range. Found: 900. Allowed: a number "
                "from 0 up to 500 "
                f"10^9/L. {PER_LITRE}"
            ),
        ),
        (
            "P01,30,CD4_T,131,% of lymphocytes,,,,,",
            (
                "row 2, column value: This number is out of range. Found: 131. Allowed: a number "
                "from 0 up to 100 %."
            ),
        ),
        (
            "P01,30,CD4_T,<1,% of lymphocytes,,,,,",
            (
                "row 2, column value: A percentage has no lower limit here. "
                "Give the limit with the count in cells/µL."
            ),
        ),
        (
            "P01,30,CD4_T,0,cells/µL,,,,,",
            (
                "row 2, column value: No count shows that there is none. Found: 0. Allowed: "
                "<LLOQ, such as <1. "
                "Or fill in lloq or high."
            ),
        ),
        (
            "P01,30,CD4_T,50,cells/µL,,60,70,,",
            "row 2, column low: Low, value and high do not ascend. Check their columns and units.",
        ),
        (
            "P01,30,CD4_T,50,cells/µL,,,,Dr Maria,",
            (
                "row 2, column gate_definition: This value is not known. Found: a text of 2 words. "
                "Allowed: a gate_definition of populations.csv."
            ),
        ),
        (
            "P01,30,CD4_T,50,cells/µL,,,,,bead",
            (
                "row 2, column count_method: This value is not known. Found: a word of 4 "
                "letters. Allowed: beads, "
                "blood_count_alc, blood_count_wbc, volumetric, none. Did you mean 'beads'?"
            ),
        ),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, row: str, message: str) -> None:
    assert problems(write(tmp_path, row)) == [message]


def test_all_mistakes_are_named_at_once_and_no_row_is_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, "P01,30,B,5,cells/µL,,,,,", "P01,30,B,0.05,10^9/L,,,,,", "P01,x,B,5,cells/µL,,,,,")
    assert problems(file) == [
        "row 3, column population: Row 2 has the same patient, day and population. Keep one of them.",
        (
            "row 4, column day: This is not a number of days. Found: a single letter. "
            "Allowed: a whole number, "
            "e.g. -7 or 30. A date belongs in the column for dates."
        ),
    ]


def test_a_table_without_a_column_is_refused(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path, "P01,30,B,5", header="patient,day,population,value"))
    assert found.startswith("error: counts, column unit: The required column is missing.")


def test_a_table_that_is_small_as_a_whole_may_be_in_another_unit(tmp_path: Path) -> None:
    rows = [f"P0{number},30,CD4_T,0.{number}5,cells/µL,,,,," for number in range(1, 6)]
    said = [str(issue) for issue in load_counts(write(tmp_path, *rows)).study.issues]
    doubt = (
        "warning: counts, column unit: None of 5 counts in cells/µL reaches 10; the unit may be 10^9/L. "
        f"{PER_LITRE}"
    )
    assert doubt in said
    rows[0] = "P01,30,CD4_T,150,cells/µL,,,,,"
    assert doubt not in [str(issue) for issue in load_counts(write(tmp_path, *rows)).study.issues]


def test_lymphocytes_in_another_unit_are_remarked(tmp_path: Path) -> None:
    found = load_counts(write(tmp_path, "P01,30,lymphocytes,1.2,cells/µL,,,,,")).study.issues
    assert (found[0].code, found[0].subject) == ("study.unit_suspect", "counts row 2, column value")


def test_who_is_not_in_the_sheet_of_patients_and_may_be_a_name_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("patient,age_years\nP01,12\n", encoding="utf-8")
    found = load_counts(write(tmp_path, "Muster.Maria,30,B,5,cells/µL,,,,,")).study.issues
    assert [str(issue) for issue in found] == [
        (
            "warning: counts row 2, column patient: The pseudonym looks like a name. "
            "If it is one, use a pseudonym of the study."
        ),
        (
            "warning: Muster.Maria: No row of the patients sheet can be used; age, sex and programme are "
            "unknown."
        ),
    ]
