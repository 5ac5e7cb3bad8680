"""Rules that place a threshold, on clouds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.evaluate.baselines.rules import (
    PER_TUBE,
    Rule,
    minimum_between_peaks,
    minimum_or_shoulder,
    mixture_of_two,
    pooled_minimum,
)
from cytorecon.gating.shapes import Column


def clouds(*parts: tuple[float, float, int], seed: int = 1) -> Column:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(mean, sd, n) for mean, sd, n in parts]).astype(np.float32)


DIM, BRIGHT = (0.2, 0.04, 4000), (0.7, 0.05, 900)


@pytest.mark.parametrize("rule", PER_TUBE.values(), ids=PER_TUBE)
def test_two_clear_clouds_are_told_apart(rule: Rule) -> None:
    values = clouds(DIM, BRIGHT)
    assert abs(int((values >= rule(values)).sum()) - 900) <= 9


def test_one_peak_means_that_everything_is_positive() -> None:
    """What openCyto's default does, and why it finds B cells where there are none."""
    values = clouds(DIM)
    assert (values >= minimum_between_peaks(values)).all()


def test_the_second_variant_cuts_at_a_shoulder() -> None:
    values = clouds(DIM)
    positive = int((values >= minimum_or_shoulder(values)).sum())
    assert 0 < positive < 0.3 * values.size


def test_a_mixture_always_finds_two() -> None:
    values = clouds(DIM)
    assert 0.02 < (values >= mixture_of_two(values)).mean() < 0.98


def test_of_three_peaks_the_two_highest_count() -> None:
    values = clouds((0.1, 0.03, 4000), (0.4, 0.03, 3000), (0.8, 0.03, 500))
    assert 0.2 < minimum_between_peaks(values) < 0.33


@pytest.mark.parametrize("rule", PER_TUBE.values(), ids=PER_TUBE)
@pytest.mark.parametrize("values", [[], [0.3], [0.3, 0.3]])
def test_next_to_no_events_are_no_error(rule: Rule, values: list[float]) -> None:
    column = np.array(values, dtype=np.float32)
    assert (column >= rule(column)).sum() in (0, column.size)


def test_one_threshold_for_all_tubes_counts_every_tube_the_same() -> None:
    """One huge tube of another brightness does not outvote four small ones."""
    usual = [clouds((0.2, 0.04, 400), (0.7, 0.05, 300), seed=seed) for seed in range(4)]
    odd = clouds((0.5, 0.04, 40_000))
    assert 0.28 < pooled_minimum(usual) < 0.6
    alone, together = pooled_minimum(usual), pooled_minimum([*usual, odd])
    assert abs(together - alone) < 0.2


def test_nothing_to_pool_places_the_threshold_above_everything() -> None:
    assert pooled_minimum([np.array([], dtype=np.float32)]) == float("inf")
