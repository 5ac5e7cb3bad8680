"""What holds of counts whatever the numbers: they follow the beads, and no child is more than its parent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts import TubeQuantities, absolute_counts
from tests.counts.tube import PARENTS, counts, named

BEADS = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50)
QUANTITIES = st.sampled_from(
    [
        BEADS,
        TubeQuantities(acquired_volume_ul=80.0),
        TubeQuantities(wbc_cells_per_ul=4200.0),
        TubeQuantities(lymphocytes_cells_per_ul=900.0),
    ]
)


@st.composite
def nested_events(draw: st.DrawFn) -> dict[str, int]:
    """Draw events of which each population has at most those of its parent."""
    events = {"root": draw(st.integers(0, 50_000))}
    for population, parent in PARENTS.items():
        if population != "beads":
            events[population] = draw(st.integers(0, events[parent]))
    return {**events, "beads": draw(st.integers(1_000, 20_000))}


@given(nested_events(), st.floats(0.1, 10.0))
def test_concentrations_and_limits_scale_with_the_number_of_beads(
    events: dict[str, int], factor: float
) -> None:
    scaled = replace(BEADS, beads_per_tube=50_000 * factor)
    plain, more = (
        named(absolute_counts(counts(events), BEADS)),
        named(absolute_counts(counts(events), scaled)),
    )
    for population, count in plain.items():
        other = more[population]
        assert (count.events, count.below_lloq, count.percent_of_parent) == (
            other.events,
            other.below_lloq,
            other.percent_of_parent,
        )
        for column in ("cells_per_ul", "cells_per_ul_low", "cells_per_ul_high", "lloq_cells_per_ul"):
            value = getattr(count, column)
            wanted = None if value is None else pytest.approx(factor * value)
            assert getattr(other, column) == wanted, (population, column)


@given(nested_events(), QUANTITIES)
def test_no_child_is_more_than_its_parent(events: dict[str, int], quantities: TubeQuantities) -> None:
    found = named(absolute_counts(counts(events), quantities))
    for population, parent in PARENTS.items():
        if parent == "root" or population == "beads":
            continue
        child, whole = found[population], found[parent]
        assert child.percent_of_parent is None or 0 <= child.percent_of_parent <= 100
        for column in ("percent_of_lymphocytes", "percent_of_leukocytes", "cells_per_ul"):
            own, most = getattr(child, column), getattr(whole, column)
            if own is not None and most is not None:
                assert own <= most * (1 + 1e-12), (population, column)
