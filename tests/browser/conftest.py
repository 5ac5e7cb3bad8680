"""The dashboard in a real browser: a study, a server on a free port, and a page that tolerates no error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.serving import serving
from tests.dashboard.analysis import instant
from tests.dashboard.studies import save_study

# a figure needs plotly's 5 MB of script, and the machine may be busy
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the hand-made study and return its address."""
    location = save_study(tmp_path_factory.mktemp("browser") / "study")
    with serving(location, desk=instant()) as found:
        yield found


@pytest.fixture
def fcs_file(tmp_path: Path) -> Path:
    """Return a file to upload."""
    path = tmp_path / "Maria Muster 1970-01-01.fcs"
    path.write_bytes(b"FCS3.1 whatever")
    return path


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """Return one browser profile for all tests of a module: the scripts are loaded once."""
    context = browser.new_context(viewport={"width": 1380, "height": 900}, accept_downloads=True)
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext, address: str) -> Iterator[Page]:
    """Return a page that fails the test on any script error and any request to another host."""
    page = window.new_page()
    host = urlsplit(address).netloc
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith(("data:", "blob:")) or urlsplit(asked.url).netloc == host
            else trouble.append(asked.url)
        ),
    )
    yield page
    page.close()
    assert trouble == []
