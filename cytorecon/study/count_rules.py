"""What a row of given counts can hold: the same rules for a file and for a table in memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, get_args

from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.references import load_references
from cytorecon.results import CountMethod

#: Cells/µL in one of each unit.
CONCENTRATIONS: Final[Mapping[str, float]] = {
    "cells/µL": 1.0, "cells/uL": 1.0, "10^6/L": 1.0, "10^9/L": 1000.0,
}  # fmt: skip
#: Column of counts that each unit of percentages is.
PERCENTAGES: Final[Mapping[str, str]] = {
    f"% of {whole}": f"percent_of_{whole}" for whole in ("lymphocytes", "leukocytes")
}
UNITS: Final = (*CONCENTRATIONS, *PERCENTAGES)
COUNT_METHODS: Final[tuple[str, ...]] = get_args(CountMethod)
#: Why the limits of a row cannot be, and what to try.
NOT_ASCENDING: Final = "Low, value and high do not ascend."


@cache
def gate_definitions() -> tuple[str, ...]:
    """Return what can have been gated: definitions of populations and of reference ranges."""
    own = (row.gate_definition for row in load_populations().rows)
    ranges = (row.gate_definition for row in load_references().ranges)
    return tuple(dict.fromkeys(one for one in (*own, *ranges) if one))


def most_of(unit: str) -> float:
    """Return the largest number of a unit: no population has more cells than white cells can be.

    Examples
    --------
    >>> most_of("10^9/L"), most_of("% of lymphocytes")
    (500.0, 100.0)
    """
    if unit in PERCENTAGES:
        return 100.0
    return load_counting_rules().blood_counts.of("wbc_cells_per_ul").most / CONCENTRATIONS.get(unit, 1.0)


def ascend(low: float | None, value: float | None, high: float | None) -> bool:
    """Return whether those that are known lie in order.

    Examples
    --------
    >>> ascend(80, 100, 120), ascend(None, 100, 50), ascend(200, 100, 300)
    (True, False, False)
    """
    ends = [one for one in (low, value, high) if one is not None]
    return ends == sorted(ends)


def is_zero_without_limit(value: float | None, unit: str, high: float | None, lloq: float | None) -> bool:
    """Return whether a count of 0 is given with nothing that says how many there may be."""
    return value == 0 and unit in CONCENTRATIONS and high is None and lloq is None
