"""Nasty and malformed files kept beside the real ones: what their manifest demands of a reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cytorecon.errors import FcsError, Severity
from cytorecon.fcs import list_datasets, read_fcs
from cytorecon.sample import Sample

Case = dict[str, Any]


@pytest.fixture(scope="module")
def nasty(real_data: Path) -> Path:
    """Return the folder of nasty files, which must be there wherever the real ones are."""
    folder = real_data.parent / "torture"
    assert folder.is_dir(), "beside the folder that CYTORECON_REAL_DATA names, 'torture' is missing"
    return folder


def complaint(folder: Path, case: Case) -> str:
    """What is wrong with how a file is read; nothing when the manifest is met."""
    path = folder / case["file"]
    dataset = 0 if case.get("datasets", 1) > 1 else None
    try:
        stored = read_fcs(path, dataset=dataset, linearize=False)
        linear = read_fcs(path, dataset=dataset)
    except FcsError as error:
        named = case["file"] in str(error)
        return "" if named and case["expect"] not in ("read", "read_warn") else f"refused: {error}"
    return _misread(folder, case, stored, linear)


def _misread(folder: Path, case: Case, stored: Sample, linear: Sample) -> str:
    warned = any(issue.severity is not Severity.INFO for issue in linear.issues)
    expected = case["expect"]
    if expected == "clear" or (expected in ("read_warn", "crc") and not warned):
        return "not refused" if expected == "clear" else "no warning"
    if "raw" in case and not np.array_equal(np.load(folder / case["raw"]), stored.events):
        return "other stored values"
    if "lin" in case and not np.allclose(np.load(folder / case["lin"]), linear.events, rtol=1e-6):
        return "other linear values"
    if "pnn" in case and [channel.name for channel in stored.channels] != case["pnn"]:
        return "other names"
    wrong = [name for name, value in case.get("kw", {}).items() if stored.keywords.get(name) != value]
    wrong += ["datasets"] if len(list_datasets(folder / case["file"])) != case.get("datasets", 1) else []
    return f"other {', '.join(wrong)}" if wrong else ""


def test_every_file_is_read_or_refused_as_it_must(nasty: Path) -> None:
    cases: list[Case] = json.loads((nasty / "manifest.json").read_text(encoding="utf-8"))
    complaints = {case["id"]: complaint(nasty, case) for case in cases}
    assert {name: what for name, what in complaints.items() if what} == {}
    assert len(cases) > 100
