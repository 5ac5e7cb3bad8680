from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from cytorecon.counts import TubeQuantities, absolute_counts
from cytorecon.counts.detection_limit import lod_events
from tests.counts.tube import counts, named


@given(st.floats(0, 200), st.sampled_from([0.05, 0.01]))
def test_what_lies_at_the_limit_is_detected_with_95_percent(background: float, significance: float) -> None:
    """As :mod:`cytorecon.gating.detection` tests: detected when P(X >= events) < significance."""
    limit = lod_events(background, significance)
    critical = next(n for n in range(1000) if poisson.sf(n - 1, background) < significance)
    assert poisson.sf(critical - 1, limit + background) == pytest.approx(0.95, abs=1e-6)


def test_the_limit_is_per_tube_from_the_blood_that_was_seen() -> None:
    known = [replace(count, background_events=1.0) for count in counts()]
    tube = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50)
    found = named(absolute_counts(known, tube))["B"]
    assert found.lod_cells_per_ul == pytest.approx(lod_events(1.0, 0.05) / 1.0)
    twice = TubeQuantities(beads_per_tube=25_000, blood_volume_ul=50)
    again = named(absolute_counts(known, twice))["B"]
    assert again.lod_cells_per_ul == pytest.approx((found.lod_cells_per_ul or 0) / 2)
    assert (again.lod_cells_per_ul or 99) < (again.lloq_cells_per_ul or 0)
    assert named(absolute_counts(counts(), tube))["B"].lod_cells_per_ul is None
