"""Write sample sheets for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from cytorecon.errors import Issue, Severity, StudyError
from cytorecon.study import Study, load_study

MANIFEST = "file,patient,day\na.fcs,P01,30\n"


def write(folder: Path, **sheets: str | bytes) -> Path:
    """Write ``<name>.csv`` for each sheet and return the manifest."""
    for name, content in sheets.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder / "manifest.csv"


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """Write a workbook with one worksheet per name."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        worksheet = book.create_sheet(name)
        for row in rows:
            worksheet.append(list(row))
    book.save(path)
    return path


def load(folder: Path, **sheets: str | bytes) -> Study:
    return load_study(write(folder, **sheets))


def refusal(folder: Path, **sheets: str | bytes) -> StudyError:
    with pytest.raises(StudyError) as caught:
        load(folder, **sheets)
    return caught.value


def lines(issues: Sequence[Issue]) -> list[str]:
    """Return issues as lines, without the one that every study without patients has."""
    return [str(issue) for issue in issues if issue.code != "study.no_patients_sheet"]


def errors(study: Study) -> list[str]:
    return [str(issue) for issue in study.issues if issue.severity is Severity.ERROR]
