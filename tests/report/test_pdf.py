"""The layout of the PDF: how much fits one page, and what becomes of text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.report import pdf
from cytorecon.report.sections import load_report_spec
from cytorecon.report.sheet import PatientSheet, patient_sheet
from cytorecon.report.tables import study_tables
from tests.report.pdf_text import page_texts
from tests.report.studies import part


@pytest.fixture(scope="module")
def sheet() -> PatientSheet:
    result = part("P01")
    tables = study_tables(result, cohort=False, forecasts=False)
    return patient_sheet(result.study.patients[0], tables, load_report_spec(), software_version="0.1.0")


def test_what_does_not_fit_the_first_page_is_said_and_follows(sheet: PatientSheet) -> None:
    spec = load_report_spec().model_copy(update={"sheet_milestones": 2, "sheet_remarks": 1})
    first, *annex = page_texts(pdf.sheet_pdf(sheet, spec))
    more = len(sheet.page.milestones) - 2 + len(sheet.page.other_rules)
    assert f"{more}morerules,andwhattheyreston,areintheannex." in first
    assert "1moreremarksareintheannex." in first
    assert "Allremarks" in "".join(annex)
    assert "Allremarks" not in "".join(page_texts(pdf.sheet_pdf(sheet, load_report_spec())))


def test_a_first_page_that_no_size_fits_runs_on(sheet: PatientSheet) -> None:
    spec = load_report_spec().model_copy(update={"patient_sheet": load_report_spec().patient_annex})
    texts = page_texts(pdf.sheet_pdf(sheet, spec))
    assert len(texts) > len(page_texts(pdf.sheet_pdf(sheet, load_report_spec())))
    assert "Howtoreadthenumbers" in "".join(texts)


def test_without_an_annex_there_is_one_page(sheet: PatientSheet) -> None:
    spec = load_report_spec().model_copy(update={"patient_annex": ()})
    assert len(page_texts(pdf.sheet_pdf(sheet, spec))) == 1


@given(st.text())
def test_text_for_the_layout_holds_no_control_and_no_run_without_a_break(text: str) -> None:
    made = pdf._printable({"a": [text]})
    assert isinstance(made, dict)
    (shown,) = made["a"]
    assert all(unicodedata.category(letter) not in ("Cc", "Cs") or letter in "\t\n" for letter in shown)
    assert all(len(run) < 40 for run in shown.replace("\u200b", " ").split())
    assert shown.replace("\u200b", "").replace("�", "") == pdf._UNPRINTABLE.sub("", text).replace(
        "\u200b", ""
    ).replace("�", "")


@settings(max_examples=5, deadline=None)
@given(st.text(min_size=1, max_size=200))
def test_any_text_can_be_laid_out(text: str) -> None:
    result = part("P03", keep=lambda tube: tube.day == 30)
    patient = result.study.patients[0].model_copy(update={"graft": text})
    study = result.study.model_copy(update={"patients": (patient,), "name": text})
    tables = study_tables(result.model_copy(update={"study": study}), cohort=False)
    sheet = patient_sheet(patient, tables, load_report_spec(), software_version="0.1.0")
    assert pdf.sheet_pdf(sheet, load_report_spec()).startswith(b"%PDF-")
