"""The pages in a real browser, opened from the disk as a reader does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from cytorecon.report import Making, ReportFiles, write_patient_sheets
from tests.builders import study_result


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page that fails the test on any script error or any request that is not a local file."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)

    def remember(url: str) -> None:
        if not url.startswith(("file:", "data:")):
            trouble.append(url)

    page.on("request", lambda request: remember(request.url))
    yield page
    page.close()
    assert trouble == []


def drawn(page: Page) -> list[str]:
    """Return the names of the figures that are drawn."""
    names: list[str] = page.eval_on_selector_all(
        "div.plot:has(svg.main-svg)", "found => found.map(one => one.dataset.figure)"
    )
    return names


def test_from_the_study_to_a_patient_and_a_closed_figure(page: Page, report: ReportFiles) -> None:
    page.goto(report.index.as_uri())
    page.wait_for_selector("svg.main-svg")
    assert drawn(page) == [
        "data-cohort",
        "data-milestone-cd4_50_d100",
        "data-milestone-cd4_200",
        "data-milestone-b_50",
    ]
    page.click("th >> text=P02")
    page.wait_for_selector("svg.main-svg")
    assert page.inner_text("h1") == "Patient P02"
    assert drawn(page) == ["data-recovery-cells_per_ul"]
    assert "CD4 T" in page.inner_text("div.plot")
    page.click("summary >> text=% of lymphocytes")
    page.wait_for_function("document.querySelectorAll('div.plot:has(svg.main-svg)').length === 2")
    assert drawn(page)[1] == "data-recovery-percent_of_lymphocytes"


def test_on_paper_no_figure_is_wider_or_higher_than_a_page(
    page: Page, report: ReportFiles, tmp_path: Path
) -> None:
    page.goto(report.patients["P01"].as_uri())
    page.wait_for_selector("svg.main-svg")
    before = page.locator("div.plot").first.bounding_box()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(100)
    box = page.locator("div.plot").first.bounding_box()
    assert box is not None
    assert box["width"] <= 691
    assert box["height"] <= 931
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_timeout(100)
    assert page.locator("div.plot").first.bounding_box() == before


def test_a_page_that_stands_alone_is_drawn_without_any_other_file(page: Page, tmp_path: Path) -> None:
    files = write_patient_sheets(study_result(), tmp_path, Making(("html", "pdf"), "0.1.0"), patients=["P02"])
    page.goto(files["P02"][0].as_uri())
    box = page.locator("#recovery figure.paper svg").bounding_box()
    assert box is not None
    assert box["width"] > 700
    assert "CD4 T, cells/µL" in page.inner_text("#recovery figure.paper")
    assert page.evaluate("getComputedStyle(document.body, '::before').content") == '"DRAFT"'
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    page.set_viewport_size({"width": 420, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_a_narrow_screen_does_not_scroll_sideways(page: Page, report: ReportFiles) -> None:
    page.set_viewport_size({"width": 420, "height": 900})
    for path in (report.index, report.patients["P02"]):
        page.goto(path.as_uri())
        page.wait_for_selector("svg.main-svg")
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
