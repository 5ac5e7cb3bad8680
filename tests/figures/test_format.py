"""Numbers in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts.reported import reported_concentration
from cytorecon.figures.format import (
    MEASURES,
    MISSING,
    format_interval,
    format_result,
    format_value,
    population_label,
)
from cytorecon.results import PopulationCount

NAMES = [measure.name for measure in MEASURES]


@pytest.mark.parametrize("measure", NAMES)
def test_an_unknown_value_is_a_dash_and_never_zero(measure: str) -> None:
    assert format_value(None, measure) == format_value(math.nan, measure) == MISSING
    assert format_interval(0.0, None, measure) == MISSING


@pytest.mark.parametrize(
    ("value", "measure", "expected"),
    [
        (1234.4, "cells_per_ul", "1,234 cells/µL"),
        (9.96, "cells_per_ul", "10 cells/µL"),
        (3.21, "cells_per_ul", "3.2 cells/µL"),
        (45.25, "percent_of_lymphocytes", "45.2 %"),
        (0.0321, "percent_of_parent", "0.032 %"),
        (1.5, "ratio", "1.50"),
    ],
)
def test_digits_and_unit_of_each_measure(value: float, measure: str, expected: str) -> None:
    assert format_value(value, measure) == expected


def test_below_the_lloq_the_limit_is_shown_rounded_up() -> None:
    assert format_value(None, "cells_per_ul", lloq=11.2, below_lloq=True) == "<12 cells/µL"
    assert format_value(None, "cells_per_ul", below_lloq=True) == "<LLOQ cells/µL"


def test_a_value_below_the_lloq_is_not_shown_even_when_it_is_there() -> None:
    assert format_result(4.0, "cells_per_ul", lloq=5.0, below_lloq=True) == "<5"


@given(cells=st.floats(0.05, 1e6), below=st.booleans())
def test_the_page_shows_the_digits_of_the_count_table(cells: float, below: bool) -> None:
    count = PopulationCount(
        population="B",
        parent="lymphocytes",
        status="counted",
        cells_per_ul=None if below else cells,
        lloq_cells_per_ul=cells,
        below_lloq=below,
    )
    shown = format_result(count.cells_per_ul, "cells_per_ul", lloq=count.lloq_cells_per_ul, below_lloq=below)
    assert shown.replace(",", "") == reported_concentration(count)


def test_a_population_only_a_template_knows_keeps_its_name() -> None:
    assert population_label("my_own_gate") == "my_own_gate"
