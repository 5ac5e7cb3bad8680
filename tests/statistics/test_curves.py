from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import CytoreconError
from cytorecon.statistics.area import area_under_curve
from cytorecon.statistics.clusters import trajectory_clusters
from cytorecon.statistics.embedding import cohort_embedding


def test_the_area_of_what_was_seen() -> None:
    found = area_under_curve([20, 60, 120], [10, 50, 110], [False] * 3, start=0, end=100)
    assert found is not None
    # From day 20 to day 100, where the line from 60 to 120 passes 90.
    assert (found.low, found.days, found.coverage) == pytest.approx((40 * 30 + 40 * 70, 80.0, 0.8))
    assert found.mean("linear") == pytest.approx((50, 50))


def test_a_hidden_value_makes_two_areas() -> None:
    found = area_under_curve([0, 100], [12, 100], [True, False], start=0, end=100, scale="log10")
    assert found is not None
    assert found.mean("log10") == pytest.approx((10.0, np.sqrt(1200)))


def test_too_little_to_see() -> None:
    assert area_under_curve([30], [5], [False], start=0, end=100) is None
    assert area_under_curve([130, 150], [5, 6], [False] * 2, start=0, end=100) is None
    with pytest.raises(CytoreconError) as raised:
        area_under_curve([30], [5], [False], start=100, end=100)
    assert str(raised.value) == "start, end: The window is empty. Found: day 100 to day 100."
    with pytest.raises(CytoreconError) as raised:
        area_under_curve([30], [-5], [False], start=0, end=100)
    assert str(raised.value) == "values: A count is below 0. Found: -5."


@given(st.lists(st.floats(1, 1000), min_size=3, max_size=8), st.floats(0.1, 10))
def test_areas_scale_with_the_counts(values: list[float], factor: float) -> None:
    days = np.linspace(0, 100, len(values))
    none = np.zeros(len(values), dtype=np.bool_)
    one = area_under_curve(days, values, none, start=0, end=100)
    other = area_under_curve(days, np.array(values) * factor, none, start=0, end=100)
    assert one is not None
    assert other is not None
    assert other.low == pytest.approx(one.low * factor)


def test_clusters_that_are_there_are_found_again() -> None:
    random = np.random.default_rng(1)
    shapes = np.array([[1.0, 1, 1], [2, 2.5, 3], [3, 2, 1]])
    curves = np.repeat(shapes, 20, axis=0) + random.normal(0, 0.15, (60, 3))
    found = trajectory_clusters(curves, seed=1, resamples=10)
    assert len(found.centres) == 3
    assert [len(set(found.labels[place : place + 20])) for place in (0, 20, 40)] == [1, 1, 1]
    assert found.stability.min() > 0.95
    assert found.centres[0] == pytest.approx([1, 1, 1], abs=0.15)


def test_clusters_that_are_not_there_are_not_stable() -> None:
    curves = np.random.default_rng(2).normal(size=(60, 4))
    found = trajectory_clusters(curves, seed=1, resamples=20)
    assert found.stability.min() < 0.75
    assert found.silhouette < 0.4


def test_few_patients_have_no_clusters() -> None:
    with pytest.raises(CytoreconError) as raised:
        trajectory_clusters(np.zeros((19, 3)), seed=1)
    assert str(raised.value) == (
        "curves: There are too few patients to look for clusters. Found: 19. "
        "Allowed: 20 or more, 10 for each cluster."
    )
    with pytest.raises(CytoreconError) as raised:
        trajectory_clusters(np.full((20, 3), np.nan), seed=1)
    assert str(raised.value) == "curves: A curve has a gap. Leave that patient out, and say so."


def test_a_map_puts_patients_where_the_measured_values_put_them() -> None:
    random = np.random.default_rng(3)
    scores = random.normal(size=(40, 2)) @ random.normal(size=(2, 8)) + random.normal(0, 0.05, (40, 8))
    whole = cohort_embedding(scores)
    holes = scores.copy()
    holes[random.random(scores.shape) < 0.15] = np.nan
    found = cohort_embedding(holes)
    assert found.known.min() < 1
    # Axes of nearly equal weight may turn; distances between patients stay.
    apart = [np.linalg.norm(m.positions[:, None] - m.positions[None], axis=2).ravel() for m in (whole, found)]
    assert np.corrcoef(*apart)[0, 1] > 0.98
    assert found.explained.sum() > 0.95


def test_who_and_what_is_left_out_of_a_map() -> None:
    scores = np.random.default_rng(4).normal(size=(15, 4))
    scores[:10, 3] = np.nan
    scores[0, :2] = np.nan
    found = cohort_embedding(scores)
    assert (found.columns.tolist(), 0 in found.patients, len(found.patients)) == ([0, 1, 2], False, 14)
    with pytest.raises(CytoreconError) as raised:
        cohort_embedding(scores[:9])
    assert str(raised.value) == (
        "scores: There are too few patients or columns for a map. Found: 8 patients, 3 columns with values "
        "enough. Allowed: 10 patients, 2 columns."
    )
