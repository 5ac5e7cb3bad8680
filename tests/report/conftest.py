"""One report of the hand-made study, for all tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.report import ReportFiles, write_report
from tests.builders import study_result


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    """Give the files of the report."""
    folder: Path = tmp_path_factory.mktemp("report") / "out"
    return write_report(study_result(), folder, software_version="0.1.0")
