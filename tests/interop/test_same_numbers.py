"""Every export holds the numbers of the CSV, and the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import openpyxl
import pandas as pd
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.interop import FORMATS, ExportTables, export_files, export_tables
from cytorecon.knowledge.populations import load_populations
from cytorecon.study.table import csv_text, tidy_counts
from tests.builders import study_result

TABLES = ("counts", "trajectories", "milestones", "tubes")


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def concentrations(files: Mapping[str, bytes]) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["tube"], row["population"]): row for row in rows_of(files["counts.csv"])}


def same(cell: object, text: str) -> bool:
    """Return whether a cell of another format says what the field of the CSV says."""
    if cell is None or cell is pd.NA or (isinstance(cell, float) and cell != cell):
        return text == ""
    if isinstance(cell, bool):
        return text == str(cell)
    if isinstance(cell, int | float):
        return float(text) == float(cell)
    return text.removeprefix("'") == str(cell).removeprefix("'")


def test_the_files(files: Mapping[str, bytes]) -> None:
    assert list(files) == [
        "counts.csv", "trajectories.csv", "milestones.csv", "tubes.csv",
        "counts.parquet", "trajectories.parquet", "milestones.parquet", "tubes.parquet",
        "study.xlsx", "registry.csv", "fhir_bundle.json", "redcap_data.csv", "redcap_dictionary.csv",
    ]  # fmt: skip


def test_the_csv_is_that_of_the_report(files: Mapping[str, bytes]) -> None:
    assert files["counts.csv"] == csv_text(tidy_counts(study_result())).encode()


def test_the_same_study_gives_the_same_bytes(files: Mapping[str, bytes]) -> None:
    again = export_files(export_tables(study_result()), FORMATS)
    assert {name for name in files if files[name] != again[name]} == set()


@pytest.mark.parametrize("name", TABLES)
def test_parquet_holds_the_csv(name: str, files: Mapping[str, bytes]) -> None:
    frame = pd.read_parquet(io.BytesIO(files[f"{name}.parquet"]))
    expected = rows_of(files[f"{name}.csv"])
    assert list(frame.columns) == list(expected[0])
    assert len(frame) == len(expected)
    for row, fields in zip(frame.astype(object).to_dict("records"), expected, strict=True):
        assert [key for key, text in fields.items() if not same(row[key], text)] == []


@pytest.mark.parametrize("name", TABLES)
def test_the_workbook_holds_the_csv(name: str, files: Mapping[str, bytes]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(files["study.xlsx"]))[name]
    header, *rows = sheet.iter_rows(values_only=True)
    expected = rows_of(files[f"{name}.csv"])
    assert list(header) == list(expected[0])
    assert len(rows) == len(expected)
    for row, fields in zip(rows, expected, strict=True):
        assert [
            key for cell, (key, text) in zip(row, fields.items(), strict=True) if not same(cell, text)
        ] == []


def test_the_registry_sheet_holds_the_csv(files: Mapping[str, bytes]) -> None:
    counts = rows_of(files["counts.csv"])
    checked = 0
    for row in rows_of(files["registry.csv"]):
        for population in ("CD4_T", "B", "NK"):
            day = row[f"{population}_day"]
            if day:
                (source,) = [
                    one
                    for one in counts
                    if (one["patient"], one["population"], one["days_after_transplant"])
                    == (row["patient"], population, day)
                ]
                assert row[f"{population}_cells_per_ul"] == source["cells_per_ul"]
                assert row[f"{population}_reported"] == source["cells_per_ul_reported"]
                checked += 1
    assert checked == 17


def test_redcap_holds_the_csv(files: Mapping[str, bytes]) -> None:
    counts = concentrations(files)
    rows = rows_of(files["redcap_data.csv"])
    assert len(rows) == 17
    for row in rows:
        for population in ("CD4_T", "CD8_T", "B"):
            source, name = counts[row["fc_tube"], population], f"fc_{population.lower()}"
            assert row[f"{name}_ul"] == source["cells_per_ul"]
            assert row[f"{name}_low"] == source["cells_per_ul_low"]
            assert row[f"{name}_lloq"] == source["lloq_cells_per_ul"]
            assert row[f"{name}_n"] == source["events"]
            assert row[f"{name}_status"] == source["status"]


def observations(files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    bundle = json.loads(files["fhir_bundle.json"])
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Observation":
            yield entry["resource"]


def test_fhir_holds_the_csv(files: Mapping[str, bytes]) -> None:
    counts, seen = concentrations(files), set()
    labels = {row.display_name: row.population for row in load_populations().rows}
    for made in observations(files):
        population = labels[made["code"]["text"]]
        if population == "CD4_CD8_ratio":
            continue
        tube = made["note"][0]["text"].removeprefix("Tube ").removesuffix(".")
        source = counts[tube, population]
        seen.add((tube, population))
        quantity = made.get("valueQuantity", {})
        if source["cells_per_ul"]:
            assert quantity["value"] == float(source["cells_per_ul"])
            assert "comparator" not in quantity
        elif source["status"] == "below_lloq":
            assert (quantity["comparator"], quantity["value"]) == ("<", float(source["lloq_cells_per_ul"]))
        else:
            assert "valueQuantity" not in made
        if "component" in made:
            ends = [part["valueQuantity"]["value"] for part in made["component"]]
            assert ends == [float(source["cells_per_ul_low"]), float(source["cells_per_ul_high"])]
    cells = {key for key in counts if key[1] != "singlets"}
    assert seen == cells


def test_parquet_without_pyarrow_is_said_before_anything_is_made(
    tables: ExportTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cytorecon.interop.parquet.find_spec", lambda name: None)
    with pytest.raises(CytoreconError) as caught:
        export_files(tables, ("csv", "parquet"))
    assert str(caught.value) == (
        "--format: Parquet is written by pyarrow, which is not installed. Found: parquet. "
        "Install cytorecon[parquet], or choose csv or xlsx."
    )
    assert "counts.csv" in export_files(tables, FORMATS[:1])
