"""Numbers as text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cytorecon.evaluate.output.cells import (
    fraction,
    markdown_table,
    percent,
    points,
    spread,
    text,
    whole,
    yes_or_no,
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fraction(1), "1.000"),
        (fraction(np.float64(0.98765)), "0.988"),
        (fraction(float("nan")), "–"),
        (percent(0.955), "95.5 %"),
        (percent(None), "–"),
        (points(-1.234), "-1.23"),
        (points(0.5), "+0.50"),
        (whole(12), "12"),
        (whole(3.5), "3.5"),
        (whole(pd.NA), "–"),
        (text(""), "–"),
        (text("B"), "B"),
        (yes_or_no(True), "met"),
        (yes_or_no(np.False_), "**not met**"),
        (yes_or_no(None), "–"),
        (spread(0.9, 1.0, fraction), " [0.900, 1.000]"),
        (spread(float("nan"), 1.0, fraction), ""),
    ],
)
def test_each_kind(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert markdown_table([{"a": "x|y"}]).splitlines()[-1] == "| x\\|y |"


def test_no_rows() -> None:
    assert markdown_table([]) == "(no results)"
