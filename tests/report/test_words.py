"""Sentences about results."""

from __future__ import annotations

import pytest

from cytorecon.figures.points import Point
from cytorecon.report import words
from cytorecon.report.plot import script_json


def on(day: int, value: float | None, low: float | None, high: float | None, method: str = "beads") -> Point:
    state = "measured" if value is not None else "below_lloq"
    return Point(
        "t",
        "B",
        "cells_per_ul",
        "",
        day,
        state,  # type: ignore[arg-type]
        value=value,
        low=low,
        high=high,
        lloq=5.0,
        method=method,
    )


@pytest.mark.parametrize(
    ("latest", "previous", "text"),
    [
        (on(100, 160, 150, 170), None, ""),
        (on(100, 160, 150, 170), on(60, 90, 80, 100), "up from 90 cells/µL on day +60"),
        (on(100, 60, 50, 70), on(60, 90, 80, 100), "down from 90 cells/µL on day +60"),
        (on(100, 95, 86, 105), on(60, 90, 80, 100), "not clearly different from 90 cells/µL on day +60"),
        (on(100, 95, 86, 105), on(60, None, 0, 4), "up from <5 cells/µL on day +60"),
        (on(100, 9, 3, 15), on(60, None, 0, 4), "not clearly different from <5 cells/µL on day +60"),
        (on(100, 95, 86, 105), on(60, 9, 8, 10, "volumetric"),
         "9.0 cells/µL on day +60, counted by another method"),
        (on(100, 95, None, None), on(60, 9, 8, 10), "after 9.0 cells/µL on day +60"),
    ],
)  # fmt: skip
def test_a_change_is_judged_by_the_intervals(latest: Point, previous: Point | None, text: str) -> None:
    assert words.change(latest, previous) == text


def test_a_sentence_without_reference_or_visit_before() -> None:
    assert words.headline(on(30, None, 0, 4), None) == "B: <5 cells/µL on day +30."


@pytest.mark.parametrize(
    ("age", "text"),
    [(0.0, "0 months"), (1.99, "23 months"), (2.0, "2 years"), (89.9, "89 years"), (90.0, "over 89 years")],
)
def test_ages(age: float, text: str) -> None:
    assert words.age_in_words(age) == text


def test_json_in_a_page_cannot_end_its_script() -> None:
    assert str(script_json('["</script>", "a&b", "\u2028"]')) == (
        '["\\u003c/script\\u003e", "a\\u0026b", "\\u2028"]'
    )
