"""A real FCS file through the real analysis, and its number on the page."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cytorecon.figures.format import format_number
from cytorecon.jobs import run_batch
from cytorecon.store import StudyStore
from tests.browser.serving import serving

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
UPLOADED = "fcs/P01_d366.fcs"


@pytest.fixture(scope="module")
def sheet_rows() -> list[dict[str, str]]:
    with (SAMPLE / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["patient"] == "P01"]


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory, sheet_rows: list[dict[str, str]]) -> Path:
    """Return a study of all samples of P01 but the last."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "fcs").symlink_to(SAMPLE / "fcs")
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sheet_rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in sheet_rows if row["file"] != UPLOADED)
    run_batch(folder / "manifest.csv", folder / "study", patients=SAMPLE / "patients.csv")
    return folder / "study"


@pytest.fixture(scope="module")
def address(location: Path) -> Iterator[str]:
    with serving(location) as found:
        yield found


@contextmanager
def working(location: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "cytorecon", "worker", str(location), "--with-parent"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=SAMPLE.parent)
    try:
        yield
    finally:
        worker.communicate()
    assert worker.returncode == 0


def test_a_real_file_gives_the_number_that_is_in_the_tube(
    page: Page, address: str, location: Path, sheet_rows: list[dict[str, str]]
) -> None:
    row = next(row for row in sheet_rows if row["file"] == UPLOADED)
    page.goto(address)
    page.get_by_role("button", name="Analyse a file").click()
    page.locator("#upload-file input").set_input_files(SAMPLE / UPLOADED)
    page.locator("#upload-patient").fill("P01")
    page.locator("#upload-day").fill(row["day"])
    page.locator("#upload-beads").fill(row["beads_per_tube"])
    page.locator("#upload-volume").fill(row["blood_volume_ul"])
    page.get_by_role("button", name="Analyse", exact=True).click()
    expect(page.locator("#upload-message")).to_contain_text("It waits for a worker.")
    tube = f"P01/d{row['day']}/1"
    # what was accepted is there after a reload, and for others
    page.reload()
    expect(page.locator(".uploads")).to_contain_text(f"{tube}queued: It waits for a worker.")
    with working(location):
        expect(page.locator(f'.ag-center-cols-container .ag-row[row-id="{tube}"]')).to_be_visible(
            timeout=180_000
        )
    expect(page.get_by_role("button", name=f"Remove {tube}")).to_be_visible()
    page.get_by_role("button", name="Analyse a file").click()
    expect(page.get_by_text("Analysed and stored")).to_be_visible()
    with StudyStore.open(location) as store:
        result = store.tube_result(tube)
    cells = next(count.cells_per_ul for count in result.counts if count.population == "CD4_T")
    assert cells is not None
    page.get_by_role("link", name="Trajectory of P01").click()
    shown = page.locator(".data-table tr", has_text=tube)
    expect(shown).to_contain_text(f"{format_number(cells, 'cells_per_ul')} (")
    with (SAMPLE / "truth.csv").open(encoding="utf-8", newline="") as file:
        true = next(
            float(line["true_cells_per_ul"])
            for line in csv.DictReader(file)
            if (line["file"], line["population"]) == (UPLOADED, "CD4_T")
        )
    assert cells == pytest.approx(true, rel=0.1)
