"""The workbook: text is never a formula, and there is no clock in it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pandas as pd
import pytest

from cytorecon.interop.xlsx import workbook

DANGEROUS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(1)",
    "#N/A",
]


def read_back(texts: list[str]) -> list[Any]:
    content = workbook({"t": pd.DataFrame({"a": texts})})
    sheet = openpyxl.load_workbook(io.BytesIO(content))["t"]
    return [row[0] for row in sheet.iter_rows(min_row=2)]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_dangerous_text_is_text(text: str) -> None:
    (cell,) = read_back([text])
    assert cell.data_type == "s"
    assert cell.value == text.replace("\r", "\n") or cell.value == text


@pytest.mark.parametrize("text", DANGEROUS[:-1])
def test_a_dangerous_text_stays_text_when_it_is_edited(text: str) -> None:
    (cell,) = read_back([text])
    assert cell.quotePrefix is True


def test_no_part_of_the_file_holds_a_formula() -> None:
    content = workbook({"t": pd.DataFrame({"a": DANGEROUS})})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"<f " not in sheet


def test_numbers_truth_and_what_is_not_known() -> None:
    table = pd.DataFrame(
        {
            "n": pd.Series([1, None], dtype="Int64"),
            "x": [0.5, float("nan")],
            "b": pd.Series([True, None], dtype="boolean"),
            "t": ["a", ""],
        }
    )
    sheet = openpyxl.load_workbook(io.BytesIO(workbook({"t": table})))["t"]
    assert list(sheet.iter_rows(values_only=True))[1:] == [(1, 0.5, True, "a"), (None, None, None, None)]


def test_a_character_that_no_workbook_may_hold_is_replaced() -> None:
    (cell,) = read_back(["a\x00b\x1b"])
    assert cell.value == "a�b�"


def test_there_is_no_clock_in_it() -> None:
    content = workbook({"t": pd.DataFrame({"a": [1]})})
    assert content == workbook({"t": pd.DataFrame({"a": [1]})})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"1980-01-01T00:00:00Z") == 2
        assert b"cytorecon" in archive.read("docProps/core.xml")
