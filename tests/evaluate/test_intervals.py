"""Intervals that draw whole patients."""

from __future__ import annotations

import math

import numpy as np

from cytorecon.evaluate.intervals import cluster_interval


def mean(values: np.ndarray) -> float:
    return float(values.mean())


def named(*clusters: str) -> np.ndarray:
    return np.array(clusters, dtype=object)


def test_one_patient_says_nothing_about_others() -> None:
    low, high = cluster_interval(np.array([0.1, 0.9]), named("a", "a"), mean, draws=50, seed=1)
    assert math.isnan(low)
    assert math.isnan(high)


def test_it_is_that_of_the_mean_when_every_patient_has_one_result() -> None:
    values = np.random.default_rng(3).normal(size=400)
    clusters = np.array([f"p{k}" for k in range(400)], dtype=object)
    low, high = cluster_interval(values, clusters, mean, draws=2000, seed=1)
    error = 1.96 * values.std() / math.sqrt(400)
    assert abs(low - (values.mean() - error)) < 0.15 * error
    assert abs(high - (values.mean() + error)) < 0.15 * error


def test_results_of_one_patient_do_not_narrow_it() -> None:
    """Ten patients with one result or with the same result twenty times say the same."""
    values, clusters = np.arange(10.0), named(*"abcdefghij")
    once = cluster_interval(values, clusters, mean, draws=2000, seed=1)
    often = cluster_interval(np.repeat(values, 20), np.repeat(clusters, 20), mean, draws=2000, seed=1)
    assert np.allclose(once, often)


def test_the_same_seed_gives_the_same_interval() -> None:
    arguments = (np.arange(6.0), named(*"aabbcd"), mean)
    assert cluster_interval(*arguments, draws=100, seed=5) == cluster_interval(*arguments, draws=100, seed=5)
    assert cluster_interval(*arguments, draws=100, seed=5) != cluster_interval(*arguments, draws=100, seed=6)
