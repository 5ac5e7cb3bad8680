from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cytorecon.simulate import sample_cohort, write_sample_data
from cytorecon.simulate.story import checksums

FOLDER = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str, str], float]:
    with (FOLDER / "truth.csv").open(encoding="utf-8", newline="") as handle:
        return {
            (row["patient"], row["visit"], row["population"]): float(row["true_cells_per_ul"])
            for row in csv.DictReader(handle)
        }


def test_files_are_those_of_the_checksums() -> None:
    assert (FOLDER / "SHA256SUMS").read_text(encoding="utf-8") == checksums(FOLDER)


def test_the_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    write_sample_data(tmp_path / "again")
    assert (tmp_path / "again" / "SHA256SUMS").read_bytes() == (FOLDER / "SHA256SUMS").read_bytes()


def test_it_is_three_patients_with_six_visits_in_eight_megabytes() -> None:
    cohort = sample_cohort()
    assert len(cohort.patients) == 3
    assert len(cohort.visits) == 18
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 8_000_000
    assert len(list((FOLDER / "fcs").iterdir())) == 18


def test_readme_says_what_it_is_and_how_it_is_made() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "simulated" in text
    assert "never a reference" in text
    assert "write_sample_data" in text


def test_the_first_patient_recovers_well(truth: dict[tuple[str, str, str], float]) -> None:
    assert truth["P01", "+100", "CD4_T"] > 200
    assert truth["P01", "1 y", "B"] > 100


def test_the_second_patient_recovers_slowly_with_high_cd8(truth: dict[tuple[str, str, str], float]) -> None:
    assert truth["P02", "+100", "CD4_T"] < 50
    assert truth["P02", "+100", "CD8_T"] > 10 * truth["P02", "+100", "CD4_T"]


def test_the_third_patient_has_no_b_cells_for_half_a_year(truth: dict[tuple[str, str, str], float]) -> None:
    for visit in ("+14", "+30", "+60", "+100", "+180"):
        assert truth["P03", visit, "B"] < 1
    assert truth["P03", "1 y", "B"] > 50
    assert truth["P03", "+30", "DN_T"] > truth["P03", "+30", "CD4_T"]
