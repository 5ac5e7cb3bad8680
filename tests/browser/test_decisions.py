"""A person decides about gates on the gates page, and a worker analyses the tube again."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, Route, expect

from cytorecon.cli.work import perform
from cytorecon.figures.format import format_count
from cytorecon.figures.gate import gate_doubts
from cytorecon.jobs import Wish, add_override, run_batch
from cytorecon.jobs.child import Errand
from cytorecon.jobs.desk import JobDesk
from cytorecon.jobs.model import Request
from cytorecon.knowledge.jobs import load_job_rules
from cytorecon.knowledge.templates import load_template
from cytorecon.results import GateRecord
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube
from dashboard.components.basics import TICK_MS
from tests.browser.serving import serving
from tests.browser.test_dashboard import widest

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
UPLOADED = "fcs/P01_d14.fcs"
TUBE = "P01/d14/1"
IN_SHEET = "P01/d99/1"
#: The batch is learned from these; the tube that is decided about came by upload, so its file is kept.
LISTED = ("fcs/P01_d99.fcs", "fcs/P01_d181.fcs", "fcs/P01_d366.fcs")


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study of three tubes of a sheet and one that was uploaded."""
    folder = tmp_path_factory.mktemp("decided")
    (folder / "fcs").symlink_to(SAMPLE / "fcs")
    with (SAMPLE / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[UPLOADED].keys())
        writer.writeheader()
        writer.writerows(rows[name] for name in LISTED)
    place = folder / "study"
    run_batch(folder / "manifest.csv", place, keep_files=False)
    beads = float(rows[UPLOADED]["beads_per_tube"])
    tube = Tube(tube=TUBE, patient="P01", day=14, beads_per_tube=beads, blood_volume_ul=50.0)
    with StudyStore.open(place) as store:
        job = JobDesk(store, place).take(SAMPLE / UPLOADED, Request(kind="ingest", tube=tube, by="XY"))
    key, limits = job.id.split("-")[1], load_job_rules().limits
    errand = Errand(study=str(place), blobs="", key=key, request=job.request, limits=limits)
    assert perform(errand, lambda _stage: None).done
    return place


@pytest.fixture(scope="module")
def address(location: Path) -> Iterator[str]:
    """Serve the study, with a worker beside it."""
    command = [sys.executable, "-m", "cytorecon", "worker", str(location), "--with-parent"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=SAMPLE.parent)
    try:
        with serving(location) as found:
            yield found
    finally:
        worker.communicate()
    assert worker.returncode == 0


@pytest.fixture
def store(location: Path) -> Iterator[StudyStore]:
    with StudyStore.open(location) as store:
        yield store


def gate(store: StudyStore, name: str, tube: str = TUBE) -> GateRecord:
    return next(one for one in store.tube_result(tube).gates if one.gate == name)


def opened(page: Page, address: str, name: str, tube: str = TUBE) -> Locator:
    """Open the page of a gate and return its line in the list of gates."""
    page.goto(f"{address}/gates?tube={tube}&gate={name}")
    expect(page.locator("#gate-figure .main-svg").first).to_be_visible()
    # the form has asked what it lacks
    expect(page.locator("#decide-missing")).not_to_be_empty()
    return page.locator(".gate-active")


def sign(page: Page, why: str, by: str = "AB") -> None:
    page.get_by_label("Your initials").fill(by)
    # people type more slowly than the form answers
    expect(page.locator("#decide-missing")).not_to_have_text("Enter your initials.")
    page.get_by_label("Reason").fill(why)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save decision").click()
    expect(page.locator("#decide-message")).to_contain_text("A worker analyses this tube again")


def ended(page: Page) -> None:
    """Wait until the new analysis has ended, and the page shows it."""
    expect(page.locator("#regate-progress")).to_be_empty(timeout=180_000)


def slowly(route: Route) -> None:
    """Hold back what asks how far the analysis is, for longer than the page waits to ask again."""
    if "regate-poll.n_intervals" in (route.request.post_data or ""):
        time.sleep(1.2 * TICK_MS / 1000)
    route.continue_()


def test_a_typed_threshold_gives_the_new_count(page: Page, address: str, store: StudyStore) -> None:
    before = gate(store, "CD4")
    assert before.threshold is not None
    line = opened(page, address, "CD4")
    expect(line).to_contain_text(f"{format_count(before.events_in)} of ")
    expect(page.locator(".stands")).to_contain_text("the automatic position; nobody has decided")
    button = page.get_by_role("button", name="Save decision")
    expect(page.locator("#decide-missing")).to_have_text(
        "Say where the gate lies: move the line in the picture, or type the position."
    )
    expect(button).to_be_disabled()
    page.locator("#decide-position").fill("7")
    expect(page.locator("#decide-missing")).to_contain_text("The position lies outside of the axis.")
    page.locator("#decide-position").fill("0.76")
    expect(page.locator("#gate-figure").get_by_text("yours")).to_be_visible()
    expect(page.locator("#decide-missing")).to_have_text("Enter your initials.")
    # the rest by keyboard alone
    page.keyboard.press("Tab")
    page.keyboard.type("AB")
    page.keyboard.press("Tab")
    page.keyboard.type("dim cells of Muster")
    expect(button).to_be_enabled()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#decide-message")).to_contain_text("A worker analyses this tube again.")
    expect(page.locator(".stands")).to_contain_text("set to 0.76, for this tube, by AB on ")
    ended(page)
    after = gate(store, "CD4")
    assert (after.method, after.threshold) == ("manual", 0.76)
    assert after.events_in != before.events_in
    expect(line).to_contain_text(f"{format_count(after.events_in)} of ")
    counts = {count.population: count for count in store.tube_result(TUBE).counts}
    row = page.locator("#gates-numbers .data-table tr", has_text="CD4 T")
    expect(row).to_contain_text(format_count(counts["CD4_T"].events))
    expect(page.locator("#decide-history")).to_contain_text("dim cells of Muster")
    assert "Muster" not in page.url
    assert [(one.what.value, one.who) for one in store.history()[-3:]] == [
        ("tube_saved", "XY"),
        ("gate_decided", "AB"),
        ("tube_saved", "AB"),
    ]


def test_a_line_is_moved_with_the_mouse(page: Page, address: str, store: StudyStore) -> None:
    opened(page, address, "CD8")
    lines = page.locator("#gate-figure .shapelayer path").all()
    box = next(found for line in lines if (found := line.bounding_box()) and 0 < found["width"] < 10)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y + 10, steps=8)
    page.mouse.up()
    expect(page.locator("#decide-position")).not_to_have_value("")
    threshold = gate(store, "CD8").threshold
    assert threshold is not None
    assert float(page.locator("#decide-position").input_value()) < threshold
    expect(page.locator("#gate-figure").get_by_text("yours")).to_be_visible()


def test_an_outline_is_drawn_with_the_mouse(page: Page, address: str, store: StudyStore) -> None:
    before = gate(store, "lymphocyte_cloud")
    line = opened(page, address, "lymphocyte_cloud")
    area = page.locator("#gate-figure .nsewdrag").first.bounding_box()
    assert area is not None
    corners = [(0.55, 0.2), (0.9, 0.2), (0.9, 0.6), (0.55, 0.6), (0.55, 0.2)]
    points = [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=10)
    page.mouse.up()
    field = page.locator("#decide-position")
    expect(field).not_to_have_value("")
    assert len(field.input_value().split()) == 4
    sign(page, "the cloud is wider")
    save(page)
    ended(page)
    after = gate(store, "lymphocyte_cloud")
    assert after.method == "manual"
    assert len(after.vertices) == 4
    assert after.events_in != before.events_in
    expect(line).to_contain_text(f"{format_count(after.events_in)} of ")
    expect(page.locator(".stands")).to_contain_text("a polygon of 4 corners, for this tube, by AB")


def test_what_needed_a_look_is_settled_by_accepting_it(page: Page, address: str, store: StudyStore) -> None:
    """A server that answers more slowly than the page asks is heard all the same."""
    page.route("**/_dash-update-component*", slowly)
    assert gate_doubts(gate(store, "wide_cloud"), store.tube_result(TUBE))
    line = opened(page, address, "wide_cloud")
    expect(line).to_contain_text("needs a look")
    page.get_by_label("The automatic position is right").check()
    expect(page.locator("#decide-position")).to_be_disabled()
    sign(page, "looked at it")
    save(page)
    ended(page)
    expect(line).not_to_contain_text("needs a look")
    assert gate_doubts(gate(store, "wide_cloud"), store.tube_result(TUBE)) == ()


def asks_to_save(answer: Response) -> bool:
    return '"decide-save.n_clicks"' in (answer.request.post_data or "")


def test_two_who_decide_at_once_see_both_versions(page: Page, address: str, store: StudyStore) -> None:
    opened(page, address, "CD19")
    theirs = add_override(
        store, Wish("set_threshold", "CD19", "sample", TUBE, 0.55), load_template("tbnk"),
        by="CD", on=date(2026, 5, 4), why="one cloud more",
    )  # fmt: skip
    page.locator("#decide-position").fill("0.61")
    expect(page.locator("#decide-missing")).to_have_text("Enter your initials.")
    sign(page, "my own look")
    page.get_by_role("button", name="Save decision").click()
    panel = page.locator("#decide-message")
    expect(panel).to_contain_text("Yours was not saved: somebody else decided about this gate meanwhile")
    expect(panel).to_contain_text("set to 0.55, for this tube, by CD on 2026-05-04: one cloud more")
    expect(panel).to_contain_text("the automatic position; nobody has decided")
    expect(panel).to_contain_text("set to 0.61, for this tube, by AB on ")
    expect(page.locator("#decide-position")).to_have_value("0.61")
    expect(page.get_by_label("Reason")).to_have_value("my own look")
    assert store.overrides()[-1] == theirs
    # the same button does not save on top by itself
    with page.expect_response(asks_to_save):
        page.get_by_role("button", name="Save decision").click()
    # the panel is drawn anew, with a fresh button on it
    expect(page.locator('#decide-save[data-loading="true"]')).to_have_count(0)
    expect(panel).to_contain_text("Yours was not saved")
    page.get_by_role("button", name="Save mine on top of it").click()
    expect(panel).to_contain_text("A worker analyses this tube again.")
    mine = store.overrides()[-1]
    assert (mine.by, mine.threshold, mine.why) == ("AB", 0.61, "my own look")
    ended(page)
    assert gate(store, "CD19").threshold == 0.61


def test_a_decision_is_taken_back(page: Page, address: str, store: StudyStore) -> None:
    opened(page, address, "CD16_CD56")
    page.get_by_label("The gate cannot be evaluated").check()
    sign(page, "stain failed")
    save(page)
    ended(page)
    assert gate(store, "CD16_CD56").status == "not_evaluable"
    expect(page.locator("#gate-figure .annotation-text").first).to_contain_text("excluded by hand")
    row = page.locator("#decide-history tr", has_text="stain failed")
    back = row.get_by_role("button", name="Take back")
    expect(back).to_be_disabled()
    sign(page, "it was the other tube", by="EF")
    expect(back).to_be_enabled()
    back.click()
    expect(page.locator("#decide-message")).to_contain_text("A worker analyses this tube again.")
    expect(page.locator(".stands")).to_contain_text("the automatic position; nobody has decided")
    expect(row).to_contain_text("taken back")
    ended(page)
    assert gate(store, "CD16_CD56").status == "found"
    assert store.history()[-1].who == "EF"


def test_where_the_file_is_not_kept_the_page_says_that_numbers_stay(
    page: Page, address: str, store: StudyStore
) -> None:
    before = store.tube_result(IN_SHEET)
    opened(page, address, "CD4", IN_SHEET)
    page.locator("#decide-position").fill("0.7")
    sign(page, "dim cells")
    page.get_by_role("button", name="Save decision").click()
    said = "Of 1 tube the file is not kept with the study: those numbers stay until the next batch."
    expect(page.locator("#decide-message")).to_contain_text(said)
    page.reload()
    expect(page.locator("#regate-progress")).to_contain_text("do not follow the decisions yet")
    expect(page.locator(".stands")).to_contain_text("set to 0.7, for this tube, by AB on ")
    assert store.tube_result(IN_SHEET) == before


def test_the_form_fits_a_narrow_window(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    opened(page, address, "CD4")
    assert widest(page, 800) <= 800
