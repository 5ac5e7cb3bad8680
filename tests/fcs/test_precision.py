from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from cytorecon.fcs import read_fcs
from tests.fcs.fcs_bytes import fcs_bytes, write

NAMES = ("FITC-A", "PE-A", "Time")


def told(
    folder: Path, events: npt.ArrayLike, datatype: str, bits: int, *, linearize: bool = True
) -> list[str]:
    content = fcs_bytes(events, NAMES, datatype=datatype, bits=bits, limit=2**32)
    sample = read_fcs(write(folder, content), linearize=linearize)
    return [str(issue) for issue in sample.issues]


@pytest.mark.parametrize(("datatype", "bits"), [("I", 32), ("D", 64)])
def test_detectors_above_what_float32_holds(tmp_path: Path, datatype: str, bits: int) -> None:
    events = [[2**24 + 1, 2**31, 1], [5, 6, 2]]
    assert told(tmp_path, events, datatype, bits) == [
        "info: FITC-A: Numbers above 16777216 were rounded, by less than one part in 16 million."
    ]
    assert told(tmp_path, events, datatype, bits, linearize=False) == []


@pytest.mark.parametrize(("datatype", "bits"), [("I", 32), ("D", 64)])
def test_a_clock_far_from_zero(tmp_path: Path, datatype: str, bits: int) -> None:
    events = np.ones((100, 3))
    events[:, 2] = 1_700_000_000 + np.arange(100)
    assert told(tmp_path, events, datatype, bits) == [
        (
            "warning: Time: Time begins so far from zero that its precision was lost: changes with time are "
            "not seen. linearize=False gives the stored times."
        )
    ]
    events[:, 2] = np.arange(100) * 1e6 + 1  # rounded, but over 1e8 of them
    assert told(tmp_path, events, datatype, bits) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_is_no_time_is_no_clock(tmp_path: Path, value: float) -> None:
    events = np.ones((10, 3))
    events[1:, 2] = value
    events[0, 2] = 2**24 + 1
    assert all("Time begins" not in issue for issue in told(tmp_path, events, "D", 64))
