from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cytorecon.counts.intervals import binomial_interval, poisson_interval, poisson_ratio_interval
from cytorecon.errors import CytoreconError


def test_published_limits() -> None:
    """Garwood 1936 as tabulated for 0, 1, 10 and 100 events; Clopper-Pearson 1934 for 0 and 5 of 10."""
    assert poisson_interval(0) == pytest.approx((0.0, 3.6889), abs=1e-4)
    assert poisson_interval(1) == pytest.approx((0.0253, 5.5716), abs=1e-4)
    assert poisson_interval(10) == pytest.approx((4.7954, 18.3904), abs=1e-4)
    assert poisson_interval(100) == pytest.approx((81.364, 121.627), abs=1e-3)
    assert binomial_interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert binomial_interval(5, 10) == pytest.approx((0.1871, 0.8129), abs=1e-4)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_binomial_limits_leave_the_stated_tail_on_each_side(case: tuple[int, int]) -> None:
    """What defines the exact interval: at each limit the data are just as extreme as the tail."""
    successes, trials = case
    low, high = binomial_interval(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0
    if successes:
        assert stats.binom.sf(successes - 1, trials, low) == pytest.approx(0.025, rel=1e-6)
    if successes < trials:
        assert stats.binom.cdf(successes, trials, high) == pytest.approx(0.025, rel=1e-6)


@given(st.integers(0, 5000))
def test_poisson_limits_leave_the_stated_tail_on_each_side(count: int) -> None:
    low, high = poisson_interval(count)
    assert low <= count <= high
    assert stats.poisson.cdf(count, high) == pytest.approx(0.025, rel=1e-6)
    if count:
        assert stats.poisson.sf(count - 1, low) == pytest.approx(0.025, rel=1e-6)


@given(st.integers(0, 2000), st.integers(1, 20000))
def test_the_ratio_of_two_counts_is_the_odds_of_a_proportion(numerator: int, denominator: int) -> None:
    low, high = poisson_ratio_interval(numerator, denominator)
    p_low, p_high = binomial_interval(numerator, numerator + denominator)
    assert (low, high) == pytest.approx((p_low / (1 - p_low), p_high / (1 - p_high)))
    assert low <= numerator / denominator <= high


def test_a_ratio_over_nothing_has_no_upper_limit() -> None:
    low, high = poisson_ratio_interval(5, 0)
    assert high == float("inf")
    assert low == pytest.approx(binomial_interval(5, 5)[0] / (1 - binomial_interval(5, 5)[0]))


def test_with_very_many_beads_the_ratio_interval_becomes_the_poisson_interval() -> None:
    beads = 10**9
    ratio = poisson_ratio_interval(40, beads)
    assert (ratio[0] * beads, ratio[1] * beads) == pytest.approx(poisson_interval(40), rel=1e-6)


def test_the_intervals_cover_the_truth_at_least_as_often_as_stated() -> None:
    generator = np.random.default_rng(20)
    counts = generator.poisson(7.0, 4000)
    covered = [low <= 7.0 <= high for low, high in (poisson_interval(int(count)) for count in counts)]
    assert np.mean(covered) >= 0.95
    cells, beads = generator.poisson(30.0, 4000), generator.poisson(900.0, 4000)
    ratios = [poisson_ratio_interval(int(a), int(b)) for a, b in zip(cells, beads, strict=True)]
    # Of 4000 intervals with coverage 0.95, fewer than 0.94 in 1 of 400 runs; the exact ones cover more.
    assert np.mean([low <= 30 / 900 <= high for low, high in ratios]) >= 0.94


def test_more_confidence_is_a_wider_interval() -> None:
    narrow, wide = poisson_interval(20, confidence=0.8), poisson_interval(20, confidence=0.99)
    assert wide[0] < narrow[0] < 20 < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: binomial_interval(3, 2),
            (
                "binomial_interval: These counts have no proportion. Found: 3 of 2. "
                "Allowed: 0 <= successes <= trials, trials >= 1."
            ),
        ),
        (
            lambda: binomial_interval(0, 0),
            (
                "binomial_interval: These counts have no proportion. Found: 0 of 0. "
                "Allowed: 0 <= successes <= trials, trials >= 1."
            ),
        ),
        (
            lambda: poisson_ratio_interval(-1, 5),
            (
                "binomial_interval: These counts have no proportion. Found: -1 of 4. "
                "Allowed: 0 <= successes <= trials, trials >= 1."
            ),
        ),
        (
            lambda: poisson_interval(-1),
            "poisson_interval: A count cannot be negative. Found: -1. Allowed: 0 or more.",
        ),
    ],
)
def test_impossible_counts_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(CytoreconError) as caught:
        call()
    assert str(caught.value) == message
