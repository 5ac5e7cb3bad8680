"""What a person does: look, filter, follow links, upload a file and read a number."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.analysis import UPLOADED

PAGES = [
    ("/", "Worklist", ".ag-row"),
    ("/gates", "Gates", "#gate-figure .main-svg"),
    ("/patient", "P01 · recovery after HCT", "#patient-figure .main-svg"),
    ("/cohort", "Cohort", "#cohort-figure .main-svg"),
]


@pytest.mark.parametrize(("path", "heading", "content"), PAGES)
def test_every_page_opens(page: Page, address: str, path: str, heading: str, content: str) -> None:
    page.goto(address + path)
    expect(page.locator("h1")).to_have_text(heading)
    expect(page.locator(content).first).to_be_visible()
    for words in ("RESEARCH USE ONLY", "Hand-made example", "version 0.1.0"):
        expect(page.locator("header").first).to_contain_text(words)


@pytest.mark.parametrize("path", [path for path, _, _ in PAGES])
def test_no_page_scrolls_sideways(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    expect(page.locator("h1")).to_be_visible()
    for width in (1380, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        assert widest(page, width) <= width


def widest(page: Page, allowed: int) -> int:
    """Return how wide the content is; figures follow a moment after the window."""
    for _ in range(50):
        if page.evaluate("document.documentElement.scrollWidth") <= allowed:
            break
        page.wait_for_timeout(100)
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_the_worklist_is_filtered_and_the_url_keeps_it(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".ag-center-cols-container .ag-row")).to_have_count(18)
    page.get_by_text("✕ Failed", exact=True).click()
    expect(page.locator(".ag-center-cols-container .ag-row")).to_have_count(1)
    expect(page.locator(".ag-center-cols-container")).to_contain_text("The file ends before its data do.")
    page.wait_for_url("**/?status=failed")
    page.reload()
    expect(page.locator(".ag-center-cols-container .ag-row")).to_have_count(1)


def test_a_row_leads_to_its_gates_and_back(page: Page, address: str) -> None:
    page.goto(address)
    page.locator('.ag-row[row-id="P02/d180/1"] [col-id="events"]').click()
    page.wait_for_url("**/gates?tube=P02/d180/1")
    page.get_by_role("link", name="CD19").click()
    expect(page.locator("#gate-figure .annotation-text").first).to_contain_text("Not evaluable")
    page.go_back()
    page.go_back()
    expect(page.locator("h1")).to_have_text("Worklist")


def test_the_way_from_gates_to_patient_and_back_keeps_the_patient(page: Page, address: str) -> None:
    page.goto(f"{address}/gates?tube=P02/d180/1")
    expect(page.locator("#gate-figure .main-svg").first).to_be_visible()
    navigation = page.locator("nav").first
    navigation.get_by_role("link", name="Patient").click()
    page.wait_for_url("**/patient?patient=P02")
    expect(page.locator("h1")).to_have_text("P02 · recovery after HCT")
    page.locator("#patient-select").click()
    page.get_by_role("option", name="P03").click()
    expect(page.locator("h1")).to_have_text("P03 · recovery after HCT")
    # the link follows the patient a moment after the heading
    expect(navigation.get_by_role("link", name="Gates")).to_have_attribute("href", "/gates?tube=P03/d365/1")
    navigation.get_by_role("link", name="Gates").click()
    page.wait_for_url("**/gates?tube=P03/d365/1")
    page.get_by_role("link", name="Trajectory of P03").click()
    page.wait_for_url("**/patient?patient=P03")


def test_the_controls_of_a_patient_are_the_url(page: Page, address: str) -> None:
    page.goto(f"{address}/patient?patient=P01")
    expect(page.locator("#patient-figure .main-svg").first).to_be_visible()
    page.get_by_text("% of lymphocytes", exact=True).click()
    page.wait_for_url("**measure=percent_of_lymphocytes**")
    expect(page.get_by_role("heading", name="The same numbers, % of lymphocytes")).to_be_visible()
    page.get_by_label("linear").focus()
    page.keyboard.press("Space")
    page.wait_for_url("**time=linear**")
    assert page.evaluate("document.activeElement.value") == "linear"
    page.go_back()
    expect(page.get_by_label("early days wide")).to_be_checked()
    page.go_back()
    expect(page.get_by_role("heading", name="The same numbers, cells/µL")).to_be_visible()
    expect(page.get_by_label("cells/µL", exact=True)).to_be_checked()


def test_a_download_has_the_numbers_of_the_page(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/patient?patient=P01")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the results of P01 as CSV").click()
    target = tmp_path / "downloaded.csv"
    waiting.value.save_as(target)
    with target.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == "cells_per_ul"]
    cell = next(row for row in rows if (row["tube"], row["population"]) == ("P01/d100/1", "CD4_T"))
    expect(page.locator(".data-table", has_text="P01/d100/1")).to_contain_text(f"{cell['reported']} (")


def test_the_keyboard_reaches_the_content(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_file_is_uploaded_and_its_number_is_read_off_the_trajectory(
    page: Page, address: str, fcs_file: Path
) -> None:
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(fcs_file)
    expect(page.locator("#upload-file-state")).to_contain_text("File ready")
    page.locator("#upload-patient").fill("P01")
    page.locator("#upload-day").fill("730")
    page.locator("#upload-beads").fill("50000")
    page.locator("#upload-volume").fill("50")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Analysed and stored")).to_be_visible()
    assert "Muster" not in page.content()
    page.get_by_role("link", name="Trajectory of P01").click()
    row = page.locator(".data-table tr", has_text="P01/d730/1")
    expect(row).to_contain_text(f"{UPLOADED['CD4_T']:.0f} (")
    expect(page.locator("#patient-figure .xtick").filter(has_text="2 y").first).to_be_visible()


def test_an_upload_is_removed_and_restored(page: Page, address: str, fcs_file: Path) -> None:
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(fcs_file)
    page.locator("#upload-patient").fill("P77")
    page.locator("#upload-day").fill("14")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Analysed and stored")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Remove P77/d14/1").click()
    expect(page.get_by_text("P77/d14/1 was removed. It can be restored.")).to_be_visible()
    expect(page.locator('.ag-row[row-id="P77/d14/1"]')).to_have_count(0)
    page.get_by_role("button", name="Restore P77/d14/1").click()
    expect(page.get_by_text("P77/d14/1 was restored.")).to_be_visible()


def test_a_new_patient_is_asked_for_age_sex_and_programme(page: Page, address: str, fcs_file: Path) -> None:
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(fcs_file)
    expect(page.locator("#upload-age")).to_be_hidden()
    page.locator("#upload-patient").fill("P02")
    expect(page.locator("#upload-known")).to_contain_text("P02 is in this study: 6 years on day 0, male")
    expect(page.locator("#upload-age")).to_be_hidden()
    page.locator("#upload-patient").fill("P88")
    expect(page.locator("#upload-age")).to_be_visible()
    page.locator("#upload-age").fill("7.5")
    page.locator("#upload-sex").click()
    page.get_by_role("option", name="female").click()
    page.locator("#upload-programme").click()
    page.get_by_role("option", name="gene therapy").click()
    page.locator("#upload-day").fill("30")
    page.locator("#upload-visit").fill("Maria Muster")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("has a word that is not known as a word for visits")).to_be_visible()
    page.locator("#upload-visit").fill("+30")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Analysed and stored")).to_be_visible()
    expect(page.locator("#upload-known")).to_contain_text(
        "P88 is in this study: 7 years on day 0, female, gene"
    )


TYPED = [
    ("day", "14,5", "This is not a number of days. Found: 14,5."),
    ("day", "26.5", "This is not a number of days. Found: 26.5."),
    ("day", "1.000", "This number can be read in two ways: 1 or 1000."),
    ("day", "30x", "This is not a number of days."),
    ("beads", "48,600", "This number can be read in two ways: 48.6 or 48600."),
    ("beads", "-5", "Enter a number from 1000 to 10000000 beads, or leave it empty."),
    ("alc", "1,2", "This is not a number. Found: 1,2."),
    ("wbc", "1,2", "This is not a number. Found: 1,2."),
    ("age", "7,5", "This is not a number. Found: 7,5."),
]


def test_numbers_are_read_as_they_are_typed_or_refused(page: Page, address: str, fcs_file: Path) -> None:
    """A number field of a browser would drop the mark and send 145 for 14,5."""
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(fcs_file)
    page.locator("#upload-patient").fill("P66")
    page.locator("#upload-day").fill("30")
    for field, typed, message in TYPED:
        box = page.locator(f"#upload-{field}")
        before = box.input_value()
        box.fill("")
        box.press_sequentially(typed)
        page.get_by_role("button", name="Analyse", exact=True).click()
        expect(page.get_by_text(message)).to_be_visible()
        expect(page.get_by_text("Nothing was stored")).to_be_visible()
        expect(box).to_have_value(typed)
        box.fill(before)
    expect(page.locator("#upload-patient")).to_have_value("P66")
    page.keyboard.press("Escape")
    page.goto(address)
    expect(page.locator(".ag-row").first).to_be_visible()
    expect(page.locator(".ag-row", has_text="P66")).to_have_count(0)


def test_what_is_not_known_of_a_patient_is_filled_in_on_its_page(page: Page, address: str) -> None:
    page.goto(f"{address}/patient?patient=P03")
    expect(page.get_by_role("heading", name="Not known yet")).to_be_visible()
    expect(page.locator("#complete-age")).to_be_visible()
    expect(page.locator("#complete-programme")).to_be_hidden()
    page.locator("#complete-age").fill("41,5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This is not a number. Found: 41,5.")).to_be_visible()
    page.locator("#complete-age").fill("41.5")
    page.locator("#complete-sex").click()
    page.get_by_role("option", name="female").click()
    page.locator("#complete-cmv").click()
    page.get_by_role("option", name="positive").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Not known yet")).to_have_count(0)
    expect(page.locator(".cards")).to_contain_text("41 years")


@pytest.mark.parametrize("path", ["/gates?tube=P02/d180/1", "/patient?patient=P03"])
def test_the_last_column_of_a_table_is_on_the_page_at_1280(page: Page, address: str, path: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address + path)
    table = page.locator(".data-table.compact").first
    expect(table).to_be_visible()
    assert table.evaluate("table => table.scrollWidth - table.parentElement.clientWidth") <= 0


def test_mistakes_are_shown_at_their_fields(page: Page, address: str, tmp_path: Path) -> None:
    sheet = tmp_path / "renamed.fcs"
    sheet.write_text("patient,day\nP01,30\n")
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(sheet)
    expect(page.locator("#upload-file-state")).to_contain_text("This is not an FCS file")
    page.locator("#upload-patient").fill("Maria Muster")
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.get_by_text("Enter the study pseudonym")).to_be_visible()
    expect(page.get_by_text("Enter the day of the blood draw")).to_be_visible()
    expect(page.get_by_text("Nothing was stored")).to_be_visible()


def test_a_file_that_is_too_large_is_told_before_it_is_sent(page: Page, address: str, tmp_path: Path) -> None:
    large = tmp_path / "large.fcs"
    with large.open("wb") as file:
        file.write(b"FCS3.1")
        file.truncate(26_000_000)
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(large)
    expect(page.locator("#upload-file-state")).to_contain_text(
        "The file has 26 MB; up to 25 MB can be uploaded here."
    )


def test_a_patient_stands_somewhere_and_what_cannot_be_expected_is_told(page: Page, address: str) -> None:
    page.goto(f"{address}/patient?patient=P01")
    expect(page.locator("#patient-profile")).to_be_visible()
    assert page.evaluate("document.getElementById('patient-profile').naturalWidth") > 0
    expect(page.locator("#patient-outlook")).to_contain_text("not enough patients to pool: 2 of")
    expect(page.get_by_label("no event-free recipients to show")).to_be_disabled()
    page.get_by_text("As a table", exact=True).click()
    expect(page.get_by_role("region", name="Immune profile")).to_contain_text("CD4 T, cells/µL")


def test_a_cohort_of_three_has_words_where_numbers_would_be_single_persons(page: Page, address: str) -> None:
    page.goto(f"{address}/cohort?milestone=b_50")
    expect(page.locator("#cohort-answers")).to_contain_text("B above 50/µL")
    expect(page.locator("#cohort-answers")).to_contain_text("fewer than 5 patients")
    expect(page.locator("#cohort-answers")).to_contain_text("too few patients or columns for a map")
    assert widest(page, 1380) <= 1380
