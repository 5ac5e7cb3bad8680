"""The report of a batch: a page per tube with the pictures of its gates, and an index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cytorecon.report import write_tubes
from cytorecon.results import TubeResult
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from tests.builders import study_result
from tests.report.pages import Page, read_page
from tests.report.studies import part


def write(result: StudyResult, out: Path) -> Path:
    def read(tube: Tube) -> TubeResult:
        return result.tube(tube.tube)

    return write_tubes(result.study, result.study.tubes, read, out, software_version="0.1.0")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(study_result(), tmp_path_factory.mktemp("tubes"))


def page_of(index: Path, tube: str) -> Page:
    (row,) = [row for row in read_page(index).tables[0][1:] if row[0] == tube]
    links = read_page(index).links
    names = [cells[0] for cells in read_page(index).tables[0][1:]]
    return read_page(index.parent / links[names.index(row[0])])


def test_the_index_lists_every_tube_with_how_it_stands(index: Path) -> None:
    rows = {row[0]: row for row in read_page(index).tables[0][1:]}
    assert len(rows) == 18
    assert rows["P01/d14/1"] == ["P01/d14/1", "P01", "+14", "tbnk", "251,426", "● ok", "–"]
    assert rows["P02/d60/1"] == ["P02/d60/1", "P02", "+60", "tbnk", "–", "✕ no result", "–"]
    assert rows["P01/d60/1"][5] == "▲ 1 remark"


def test_a_page_stands_alone(index: Path) -> None:
    for link in read_page(index).links:
        page = read_page(index.parent / link)
        assert page.loaded == []
        assert page.links == []
        assert "script" not in page.tags
        assert "Research use only" in page.text


def test_a_page_shows_the_gates_with_numbers_and_verdicts(index: Path) -> None:
    page = page_of(index, "P01/d60/1")
    assert "33,187 of 237,187 events inside, 14.0 % of Leukocytes" in page.texts["gates"]
    assert "viability: Nothing to take away" in page.texts["gates"]
    rows = {row[0]: row for row in page.tables[0]}
    assert rows["CD8 T"] == [
        "CD8 T", "▲ look", "12,600", "66.7 %", "210 cells/µL", "206–214", "0.83", "count: doublets",
    ]  # fmt: skip
    assert rows["Leukocytes"][4] == "3,953 cells/µL"
    assert "Flagged: count: doublets." in page.texts["review"]


def test_what_cannot_be_told_has_its_reason(index: Path) -> None:
    rows = {row[0]: row for row in page_of(index, "P02/d180/1").tables[0]}
    assert rows["B"][1:] == [
        "✕ not evaluable", "–", "–", "–", "–", "–", "CD19 has no valley between negative and positive events",
    ]  # fmt: skip
    below = {row[0]: row for row in page_of(index, "P01/d14/1").tables[0]}["B"]
    assert below[1] == "▽ below the LLOQ"
    assert below[4] == "<0.9 cells/µL"
    failed = page_of(index, "P02/d60/1")
    assert "✕ No result: The file ends before its data do." in failed.texts["summary"]
    assert "No picture of a gate was kept." in failed.texts["gates"]


def test_a_gate_to_look_at_is_marked(tmp_path: Path) -> None:
    whole = part("P01", keep=lambda tube: tube.day == 14)
    (result,) = whole.tubes
    counts = tuple(
        replace(count, review=("gate.outlier:CD3",)) if count.population == "CD3_T" else count
        for count in result.counts
    )
    flagged = result.model_copy(update={"counts": counts})
    index = write(StudyResult(study=whole.study, tubes=(flagged,)), tmp_path)
    assert read_page(index).tables[0][1][6] == "1"
    page = page_of(index, "P01/d14/1")
    assert "◆ needs a look: CD3 threshold far from the batch's" in page.texts["gates"]


def test_pages_of_tubes_that_are_gone_go(tmp_path: Path) -> None:
    write(part("P01", "P02"), tmp_path)
    assert len(list(tmp_path.glob("tube_*.html"))) == 12
    (tmp_path / "tube_mine.html").write_text("<p>mine</p>", encoding="utf-8")
    write(part("P02"), tmp_path)
    assert len(list(tmp_path.glob("tube_P02*.html"))) == 6
    assert len(list(tmp_path.glob("tube_*.html"))) == 7


def test_the_same_batch_gives_the_same_bytes(index: Path, tmp_path: Path) -> None:
    write(study_result(), tmp_path)
    for path in index.parent.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
