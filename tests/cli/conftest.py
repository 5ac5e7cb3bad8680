"""A small simulated cohort, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.cli import main


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of two patients with two visits each."""
    folder = tmp_path_factory.mktemp("cohort") / "small"
    arguments = ["--patients", "2", "--visits", "2", "--events", "6000", "--seed", "11"]
    assert main(["simulate", "--out", str(folder), *arguments]) == 0
    return folder


@pytest.fixture(scope="session")
def tubes(cohort: Path) -> list[Path]:
    """Return its FCS files."""
    return sorted((cohort / "fcs").glob("*.fcs"))
