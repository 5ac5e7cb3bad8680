"""The tables of the hand-made study, made once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cytorecon.interop import FORMATS, ExportTables, export_files, export_tables
from tests.builders import study_result


@pytest.fixture(scope="session")
def tables() -> ExportTables:
    """Give the tables."""
    return export_tables(study_result())


@pytest.fixture(scope="session")
def files(tables: ExportTables) -> Mapping[str, bytes]:
    """Give the files of all formats."""
    return export_files(tables, FORMATS)
