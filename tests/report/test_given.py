"""Reports of counts that were given as a table: nothing on them says that they were gated here."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from cytorecon.report import Making, write_patient_sheets, write_report
from cytorecon.study import Patient, study_of_counts
from cytorecon.study.result import StudyResult
from tests.report.pages import read_page
from tests.report.pdf_text import page_texts
from tests.report.studies import part

BOTH = Making(("html", "pdf"), "0.1.0")
GATED = ("Gated by cytorecon", "Each gate was placed", "Exact counting error", "the error of the gates")
SAID = (
    "The counts were given to cytorecon as a table and not gated by it",
    "How they were counted, as the table states it: beads.",
    "95 % interval: As the table of counts states it",
)


def imported() -> StudyResult:
    rows = [
        {
            "day": 30,
            "population": "CD4_T",
            "value": 120.0,
            "low": 100.0,
            "high": 140.0,
            "count_method": "beads",
        },
        {"day": 60, "population": "CD4_T", "value": 150.0, "count_method": "beads"},
    ]
    frame = pd.DataFrame(rows).assign(patient="P01", unit="cells/µL")
    return study_of_counts(frame, name="s", patients=[Patient(patient="P01", age_years=40.0)])


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("sheets")
    html, pdf = write_patient_sheets(imported(), out, Making(("html", "pdf"), "0.1.0"), patients=["P01"])[
        "P01"
    ]
    return {"html": read_page(html).text, "pdf": "".join(page_texts(pdf.read_bytes()))}


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_the_method_is_that_of_the_table(texts: dict[str, str], kind: str) -> None:
    packed = re.sub(r"\s+", "", texts[kind])
    for words in SAID:
        assert re.sub(r"\s+", "", words) in packed
    for words in GATED:
        assert re.sub(r"\s+", "", words) not in packed


def test_a_value_without_an_interval_says_so(texts: dict[str, str]) -> None:
    assert "CD4 T: 150 cells/µL on day +60 (no interval given)" in texts["html"]
    assert "nointervalgiven" in re.sub(r"\s+", "", texts["pdf"])


def test_pages_of_the_study_explain_intervals_as_given(tmp_path: Path) -> None:
    made = write_report(imported(), tmp_path, software_version="0.1.0", forecasts=False)
    for place in (made.index, made.patients["P01"]):
        text = read_page(place).text
        assert "As the table of counts states it; cytorecon did not count the cells" in text
        assert "Exact counting error" not in text


def test_a_study_of_both_says_both(tmp_path: Path) -> None:
    gated, given = part("P01"), imported()
    late = given.study.tubes[1].model_copy(update={"tube": "P01/d700/1", "day": 700})
    study = gated.study.model_copy(update={"tubes": (*gated.study.tubes, late)})
    result = given.tubes[1].model_copy(update={"tube": "P01/d700/1"})
    both = StudyResult(study=study, tubes=(*gated.tubes, result))
    html, _ = write_patient_sheets(both, tmp_path, BOTH, patients=["P01"])["P01"]
    text = read_page(html).text
    for words in ("Gated by cytorecon 0.1.0 with template tbnk 1", SAID[0], "Exact counting error"):
        assert words in text
    assert "Of counts that were given as a table: As the table of counts states it" in text
