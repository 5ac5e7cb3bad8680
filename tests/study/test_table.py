from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from cytorecon.errors import Issue, Severity
from cytorecon.results import PopulationCount, Provenance, TubeResult
from cytorecon.study import Patient, Study, StudyResult, Tube, csv_text, tidy_counts, tube_status
from cytorecon.study.frame import typed_frame
from cytorecon.tables import COUNT_COLUMNS, TUBE_STATUS_COLUMNS
from tests import builders


def small() -> StudyResult:
    """Two patients out of order, populations out of order, one failed tube, one tube not analysed yet."""
    tubes = (
        Tube(tube="P02/d60/1", patient="P02", day=60, visit="+60"),
        Tube(tube="P01/d100/1", patient="P01", day=100),
        Tube(tube="P01/d-7/1", patient="P01", day=-7),
        Tube(tube="P01/d100/2", patient="P01", day=100),
        Tube(tube="P01/d200/1", patient="P01", day=200),
    )
    study = Study(name="s", patients=(Patient(patient="P02"), Patient(patient="P01")), tubes=tubes)
    b_cells = PopulationCount(
        population="B",
        parent="lymphocytes",
        status="counted",
        events=7,
        parent_events=1000,
        percent_of_lymphocytes=0.7,
        cells_per_ul_high=14.4,
        lloq_cells_per_ul=11.2,
        below_lloq=True,
        count_method="beads",
        blood_ul_counted=1 / 3,
        review=("gate.a", "gate.b"),
    )
    lost = PopulationCount(
        population="my_subset", parent="B", status="not_evaluable", reason="no valley, none"
    )
    t_cells = PopulationCount(
        population="CD3_T", parent="lymphocytes", status="counted", events=1_234_567, cells_per_ul=1_234_567.5
    )
    source = Provenance(file_sha256="ab", template="tbnk", template_version="1", software_version="0.1")
    issues = (
        Issue("x", Severity.WARNING, "s", "m"),
        Issue("y", Severity.ERROR, "s", "m"),
        Issue("z", Severity.INFO, "s", "m"),
    )
    outcomes = (
        TubeResult(
            tube="P02/d60/1", status="done", n_events=5, counts=(lost, t_cells, b_cells), provenance=source
        ),
        TubeResult(tube="P01/d100/1", status="failed", error="It is not FCS."),
        TubeResult(tube="P01/d-7/1", status="done", n_events=9, counts=(b_cells,), issues=issues),
        TubeResult(tube="P01/d100/2", status="done", n_events=9, counts=(t_cells,)),
    )
    return StudyResult(study=study, tubes=outcomes)


def test_rows_are_in_the_order_of_patients_days_tubes_and_populations() -> None:
    table = tidy_counts(small())
    assert tuple(table.columns) == COUNT_COLUMNS
    assert list(zip(table["tube"], table["population"], strict=True)) == [
        ("P02/d60/1", "CD3_T"),
        ("P02/d60/1", "B"),
        ("P02/d60/1", "my_subset"),
        ("P01/d-7/1", "B"),
        ("P01/d100/2", "CD3_T"),
    ]


def test_not_known_is_not_zero() -> None:
    table = tidy_counts(small())
    (row,) = table[table["population"] == "my_subset"].to_dict("records")
    for column in ("events", "cells_per_ul", "percent_of_parent", "below_lloq"):
        assert pd.isna(row[column])
    assert row["cells_per_ul_reported"] == ""


def test_types_of_the_columns_do_not_depend_on_the_rows() -> None:
    empty = StudyResult(study=Study(name="s", patients=(), tubes=()), tubes=())
    full = tidy_counts(builders.study_result())
    assert list(tidy_counts(empty).dtypes) == list(full.dtypes)
    assert full["events"].dtype == "Int64"
    assert full["below_lloq"].dtype == "boolean"
    assert full["cells_per_ul"].dtype == np.float64


def test_the_csv_is_these_bytes() -> None:
    lines = csv_text(tidy_counts(small())).split("\n")
    assert lines[0] == ",".join(COUNT_COLUMNS)
    assert lines[1] == (
        "P02,60,+60,P02/d60/1,CD3_T,lymphocytes,ok,,1234567,,,,,,,,,,,,1234570,,,,,,1234568,none,,,,"
        "ab,tbnk,1,,,0.1"
    )
    assert lines[2] == (
        "P02,60,+60,P02/d60/1,B,lymphocytes,below_lloq,,7,1000,,,,,0.7,,,,,,,,14.4,11.2,,True,<12,beads,0.333333,"
        "gate.a;gate.b,,ab,tbnk,1,,,0.1"
    )
    assert lines[3] == (
        'P02,60,+60,P02/d60/1,my_subset,B,not_evaluable,"no valley, none"'
        ",,,,,,,,,,,,,,,,,,,,none,,,,ab,tbnk,1,,,0.1"
    )
    assert lines[-1] == ""


def test_failed_tubes_are_in_the_status_table_and_have_no_counts() -> None:
    result = small()
    status = tube_status(result)
    assert tuple(status.columns) == TUBE_STATUS_COLUMNS
    assert csv_text(status).splitlines()[1:] == [
        "P02,60,+60,P02/d60/1,done,,5,0,0,tbnk",
        "P01,-7,,P01/d-7/1,done,,9,1,1,",
        "P01,100,,P01/d100/1,failed,It is not FCS.,,0,0,",
        "P01,100,,P01/d100/2,done,,9,0,0,",
    ]
    assert "P01/d100/1" not in set(tidy_counts(result)["tube"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567.0, "1234570"),
        (123456.5, "123456"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (12.0, "12"),
        (-0.0, "0"),
        (0.0, "0"),
        (float("nan"), ""),
        (None, ""),
        (True, "True"),
        (np.False_, "False"),
        (np.float64(2.5), "2.5"),
        (np.int64(3), "3"),
        (pd.NA, ""),
        ('say "x"', '"say ""x"""'),
    ],
)
def test_cells_are_written_plainly(value: object, text: str) -> None:
    frame = pd.DataFrame({"a": pd.Series([value], dtype=object), "b": ["end"]})
    assert csv_text(frame) == f"a,b\n{text},end\n"


def test_the_csv_reads_back_as_the_same_table() -> None:
    table = tidy_counts(builders.study_result())
    rows = list(csv.DictReader(io.StringIO(csv_text(table))))
    assert len(rows) == len(table)
    for row, events, cells in zip(rows, table["events"], table["cells_per_ul"], strict=True):
        assert row["events"] == ("" if pd.isna(events) else str(events))
        assert row["cells_per_ul"] == "" or float(row["cells_per_ul"]) == pytest.approx(cells, rel=1e-5)
        assert (row["cells_per_ul"] == "") == pd.isna(cells)


def test_a_row_without_a_column_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        typed_frame([{"events": 3}], ("events", "visit"))
