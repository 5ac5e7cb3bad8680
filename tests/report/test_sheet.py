"""The report of one patient: what it says, as HTML that needs no other file and as PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.report import Making, write_patient_sheets
from cytorecon.study.model import ClinicalEvent
from cytorecon.study.result import StudyResult
from tests.builders import file_sha256, study_result
from tests.report.pages import Page, read_page
from tests.report.pdf_text import page_count, page_texts
from tests.report.studies import part

BOTH = Making(("html", "pdf"), "0.1.0")
ODD = "Пациент-Ω≥µ-مريض-患者-" + "x" * 90


def packed(text: str) -> str:
    """Return text as :func:`page_texts` gives it."""
    return re.sub(r"\s+", "", text)


def write(result: StudyResult, out: Path, patient: str, making: Making = BOTH) -> tuple[Path, Path]:
    html, pdf = write_patient_sheets(result, out, making, patients=[patient])[patient]
    return html, pdf


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Path, ...]]:
    out = tmp_path_factory.mktemp("sheets")
    return write_patient_sheets(study_result(), out, BOTH, patients=["P01", "P02"])


@pytest.fixture(scope="module")
def html(files: Mapping[str, tuple[Path, ...]]) -> Page:
    return read_page(files["P02"][0])


@pytest.fixture(scope="module")
def pages(files: Mapping[str, tuple[Path, ...]]) -> list[str]:
    return page_texts(files["P02"][1].read_bytes())


def test_one_file_of_each_format_and_nothing_else(files: Mapping[str, tuple[Path, ...]]) -> None:
    assert [path.name for path in files["P01"]] == ["sheet_P01.html", "sheet_P01.pdf"]
    assert sorted(path.name for path in files["P01"][0].parent.iterdir()) == [
        "sheet_P01.html", "sheet_P01.pdf", "sheet_P02.html", "sheet_P02.pdf",
    ]  # fmt: skip


def test_the_html_loads_nothing_and_runs_nothing(files: Mapping[str, tuple[Path, ...]], html: Page) -> None:
    assert html.loaded == []
    assert "script" not in html.tags
    assert html.links == []
    assert "svg" in html.tags
    assert "url(" not in files["P02"][0].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        "CD4 T", "95", "93–97", "cells/µL", "5,700", "0.83", "beads", "▼ below", "664–1,693",
        "Shearer 2003, 10th–90th percentile", "up from 70 cells/µL on day +180",
        "CD4 T at least 50/µL within 100 days", "● reached late",
        "P02/d60/1: no result. The file ends before its data do.",
        "Research use only", "Draft: not approved", "Exact counting error, with the error of the gates",
        "Gated by cytorecon 0.1.0 with template tbnk 1.",
        "Cells/µL from counting beads in the same tube (single platform).",
    ],
)  # fmt: skip
def test_both_formats_say_the_same_on_the_first_page(words: str, html: Page, pages: list[str]) -> None:
    assert words.lower() in html.text.lower()
    assert packed(words).lower() in pages[0].lower()


def test_the_annex_holds_every_visit_rule_and_hash(html: Page, pages: list[str]) -> None:
    annex = "".join(pages[1:])
    for words in (
        file_sha256("P02/d14/1"), "not evaluable", "CD19 has no valley between negative and positive events",
        "Not applicable: the rule is for ages from 20 years", "DLI 1e6/kg", "Shearer 2003",
    ):  # fmt: skip
        assert words in html.text
        assert packed(words) in annex
    assert file_sha256("P02/d60/1") not in annex, "a tube without a result has no numbers to trace"


def test_every_page_carries_who_and_what_for(files: Mapping[str, tuple[Path, ...]]) -> None:
    content = files["P02"][1].read_bytes()
    texts = page_texts(content)
    assert len(texts) == page_count(content) >= 2
    for number, text in enumerate(texts, start=1):
        assert packed("Patient P02 · Hand-made example") in text
        assert packed("Research use only. Not a medical device") in text
        assert packed(f"page {number} / {len(texts)}") in text
        assert text.startswith("DRAFT")


def test_the_first_page_ends_with_the_method_whatever_there_is_to_say(pages: list[str]) -> None:
    assert "Milestones" in pages[0]
    assert "Tolookatagain" in pages[0]
    assert pages[0].index("Method") > pages[0].index("Tolookatagain")
    assert pages[1].removeprefix("DRAFT").startswith("Wherethepatientstands")


def test_an_approved_report_is_no_draft(tmp_path: Path) -> None:
    making = Making(("html", "pdf"), "0.1.0", approved={"P01"}, made_on=date(2026, 11, 22))
    html, pdf = write(study_result(), tmp_path, "P01", making)
    page, text = read_page(html).text, "".join(page_texts(pdf.read_bytes()))
    assert "Approved" in page
    assert "APPROVED" in text
    assert "Draft" not in page
    assert "DRAFT" not in text
    assert "made on 2026-11-22" in page
    assert "madeon2026-11-22" in text


def test_there_is_no_clock_in_it(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write(study_result(), tmp_path / "a", "P01")]
    again = [path.read_bytes() for path in write(study_result(), tmp_path / "b", "P01")]
    assert first == again
    assert re.search(rb"(19[89]|20)\d\d-\d\d-\d\d|D:20", first[0] + first[1]) is None


def test_a_patient_s_report_does_not_depend_on_the_others(tmp_path: Path) -> None:
    whole = [path.read_bytes() for path in write(study_result(), tmp_path / "a", "P01")]
    alone = [path.read_bytes() for path in write(part("P01"), tmp_path / "b", "P01")]
    assert whole == alone


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the report of a patient whose texts are what a layout breaks on."""
    whole = part("P01")
    markup = '#panic("x") *bold* $x^2$ <b> \\ "q" \x00\x1b ≥ 5×10⁶ CD34⁺/kg ' + "Ä" * 80
    patient = whole.study.patients[0].model_copy(update={"patient": ODD, "graft": markup})
    tubes = tuple(tube.model_copy(update={"patient": ODD}) for tube in whole.study.tubes)
    events = (
        *(event.model_copy(update={"patient": ODD}) for event in whole.study.events),
        ClinicalEvent(patient=ODD, kind="cmv", label="巨细胞 \x07" + " long label" * 30, start_day=120),
    )
    study = whole.study.model_copy(
        update={"patients": (patient,), "tubes": tubes, "events": events, "name": 'Ärzte «1» #2 "q"'}
    )
    return write(StudyResult(study=study, tubes=whole.tubes), tmp_path_factory.mktemp("odd"), ODD)


def test_text_is_text_whatever_it_holds(odd: tuple[Path, Path]) -> None:
    html, pdf = odd
    first, *annex = page_texts(pdf.read_bytes())
    page, text = read_page(html).text, "".join((first, *annex))
    assert ODD in page
    for words in ('#panic("x") *bold* $x^2$ <b> \\ "q"', "≥ 5×10⁶ CD34⁺/kg", "Ä" * 80, "Пациент-Ω≥µ-"):
        assert words in page
        assert packed(words) in text
    assert packed("�� ≥") in text, "what no font draws is said to be something"
    # the cell may go on behind the head of the next page
    assert "".join(annex).count("longlabel") == 30


def test_a_name_that_no_font_may_draw_is_spelled(odd: tuple[Path, Path]) -> None:
    (first, *_) = page_texts(odd[1].read_bytes())
    assert packed("Patient U+041F U+0430") in first
    assert packed("U+60A3 U+8005") in first


def test_a_patient_without_any_result(tmp_path: Path) -> None:
    failed = part("P02", keep=lambda tube: tube.day == 60)
    html, pdf = write(failed, tmp_path, "P02")
    text = "".join(page_texts(pdf.read_bytes()))
    for words in ("No population could be counted in any tube of this patient.", "There is nothing to draw."):
        assert words in read_page(html).text
        assert packed(words) in text
    nothing = part("P02", keep=lambda tube: False)
    write(nothing, tmp_path / "nothing", "P02")


def test_an_unknown_patient_is_named(tmp_path: Path) -> None:
    with pytest.raises(CytoreconError) as caught:
        write_patient_sheets(study_result(), tmp_path, BOTH, patients=["P01", "P9"])
    assert str(caught.value) == ("patient: The study has no such patient. Found: P9. Allowed: P01, P02, P03.")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_report_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "sheet_P01.pdf"
    mine.write_bytes(b"%PDF-1.4 my own")
    with pytest.raises(StoreError) as caught:
        write(study_result(), tmp_path, "P01")
    assert str(caught.value) == (
        f"{mine}: There is something that is no report of cytorecon; it was left as it is. "
        "Allowed: a new file, or an earlier report. Choose another folder."
    )
    assert mine.read_bytes() == b"%PDF-1.4 my own"
    mine.unlink()
    write(study_result(), tmp_path, "P01")
    write(study_result(), tmp_path, "P01")
