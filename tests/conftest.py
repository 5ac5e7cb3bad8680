"""What all tests share: the browser, the folder of real files, and which services must be there.

A browser, PostgreSQL or real files are not on every machine, so their tests skip without them.
``CYTORECON_REQUIRE=browser,postgres`` (set by ``.ci/run``, which installs both) turns such a skip
into a failure, so that a missing service cannot pass for a green run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

#: A test that asks for one of these fixtures gets the marker of that name.
MARKER_OF_FIXTURE = {"browser": "browser", "real_data": "real_data"}

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# No deadline: the machine may be busy. In CI the same examples every time, so that a failure is the change's.
hypothesis.settings.register_profile("cytorecon", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "cytorecon")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures they ask for."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for fixture, marker in MARKER_OF_FIXTURE.items():
            if fixture in fixtures:
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skipped although ``CYTORECON_REQUIRE`` names what it needs."""
    report = yield
    required = os.environ.get("CYTORECON_REQUIRE", "").replace(",", " ").split()
    missing = [marker for marker in required if item.get_closest_marker(marker)]
    if report.skipped and missing and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CYTORECON_REQUIRE asks for '{missing[0]}', but the test skipped: {reason}"
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's Chromium (``CYTORECON_CHROMIUM`` or the PATH); Playwright downloads none."""
    found = [os.environ.get("CYTORECON_CHROMIUM"), *map(shutil.which, CHROMIUM_NAMES)]
    executable = next((path for path in found if path), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUM_NAMES)} is on the PATH")
    return {
        **browser_type_launch_args,
        "executable_path": executable,
        "args": [
            "--no-sandbox",  # Chromium refuses to start as root with it
            "--disable-gpu",
            "--disable-dev-shm-usage",  # /dev/shm is small in containers
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real FCS files that ``CYTORECON_REAL_DATA`` names; skip without it."""
    folder = os.environ.get("CYTORECON_REAL_DATA", "")
    if not folder:
        pytest.skip("CYTORECON_REAL_DATA does not name a folder of real FCS files")
    path = Path(folder)
    assert path.is_dir(), f"CYTORECON_REAL_DATA names {folder!r}, which is not a folder"
    return path
