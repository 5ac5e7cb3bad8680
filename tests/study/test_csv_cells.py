"""No text that we write is run by a spreadsheet, and what we wrote is read as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.study import csv_text
from cytorecon.study.csv_cells import csv_line, escaped, unescaped
from tests.study.sheets import load

ROOT = Path(__file__).resolve().parents[2]

TEXTS = st.text(alphabet="=+-@\t\r\n'\",;aZ1.e\u00e4 ", max_size=8)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+A1", "'+A1"),
        ("-A1", "'-A1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-", "'-"),
        ("+1 y", "'+1 y"),
        ("-14", "-14"),
        ("+30", "+30"),
        ("-1.5e-05", "-1.5e-05"),
        ("<12", "<12"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("", ""),
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe_and_numbers_stay_numbers(
    text: str, written: str
) -> None:
    assert escaped(text) == written
    assert csv_text(pd.DataFrame({"a": [text]}, dtype=object)) == f"a\n{written}\n"


def test_numbers_below_0_stay_numbers() -> None:
    assert (
        csv_text(pd.DataFrame({"day": [-14, 30], "share": [-0.5, 1e-9]}))
        == "day,share\n-14,-0.5\n30,0.000000001\n"
    )


def test_a_carriage_return_stays_in_its_cell() -> None:
    assert csv_line(["\rx", "a\rb"]) == '"\'\rx","a\rb"\n'


@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_any_text_reads_back_and_none_is_a_formula(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(csv_line(cells), newline=""))
    assert [unescaped(cell) for cell in row] == cells
    for cell in row:
        assert not cell.startswith(tuple("=+-@\t\r")) or float(cell) is not None


def test_a_sheet_we_wrote_is_read_as_it_was(tmp_path: Path) -> None:
    sheet = csv_line(["file", "patient", "day", "visit", "bead_lot"])
    sheet += csv_line(["=a.fcs", "P01", "-14", "+1 y", "@L7"])
    (tube,) = load(tmp_path, manifest=sheet).tubes
    assert (tube.day, tube.visit, tube.bead_lot) == (-14, "+1 y", "@L7")
    assert tube.path == (tmp_path / "=a.fcs").resolve()


def test_there_is_one_writer_of_csv() -> None:
    """Every other place goes through ``csv_line``."""
    others = [
        path.relative_to(ROOT).as_posix()
        for folder in ("cytorecon", "dashboard")
        for path in (ROOT / folder).rglob("*.py")
        if any(call in path.read_text() for call in ("csv.writer(", "DictWriter(", ".to_csv(", ".to_excel("))
    ]
    assert others == []
