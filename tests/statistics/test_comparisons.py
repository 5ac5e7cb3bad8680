from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test
from scipy.stats import kruskal, mannwhitneyu

from cytorecon.errors import CytoreconError
from cytorecon.statistics.hazards import hazard_ratio
from cytorecon.statistics.interval_logrank import interval_logrank, logrank_scores
from cytorecon.statistics.landmark import at_landmark, survival_at
from cytorecon.statistics.multiplicity import benjamini_hochberg
from cytorecon.statistics.ranks import gehan_scores, rank_test, superiority
from cytorecon.statistics.shift import hodges_lehmann
from tests.statistics.cosmesis import RADIATION, WITH_CHEMOTHERAPY

NONE = np.zeros(20, dtype=np.bool_)


def test_interval_censored_logrank_of_the_cosmesis_data() -> None:
    """Fay & Shaw 2010: Z = 2.6684, p = 0.007622 (Sun's scores, permutation form)."""
    after, by = np.vstack([RADIATION, WITH_CHEMOTHERAPY]).T
    found = interval_logrank(after, by, [0] * 46 + [1] * 48, seed=1)
    assert np.sqrt(found.statistic) == pytest.approx(2.6684, abs=5e-5)
    assert found.p_value == pytest.approx(0.007622, abs=5e-7)


def test_logrank_scores_of_exact_days_are_events_less_hazard() -> None:
    scores = logrank_scores([1, 2, 3, 4], [1, np.inf, 3, 4])
    # Nelson-Aalen: 1/4, then 1/2, then 1.
    assert scores == pytest.approx([1 - 0.25, -0.25, 1 - 0.75, 1 - 1.75])


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_without_limits_it_is_mann_whitney_and_kruskal_wallis(seed: int) -> None:
    random = np.random.default_rng(seed)
    values, groups = random.integers(0, 12, 45).astype(np.float64), np.repeat([0, 1, 2], 15)
    below = np.zeros(45, dtype=np.bool_)
    assert rank_test(values, below, groups, seed=1).p_value == pytest.approx(
        kruskal(*(values[groups == group] for group in range(3))).pvalue
    )
    two = groups < 2
    expected = mannwhitneyu(
        values[groups == 0], values[groups == 1], method="asymptotic", use_continuity=False
    )
    assert rank_test(values[two], below[two], groups[two], seed=1).p_value == pytest.approx(expected.pvalue)


def test_small_groups_are_permuted() -> None:
    found = rank_test([1, 2, 3, 4, 5, 6, 7, 8], [False] * 8, [0] * 4 + [1] * 4, seed=3)
    exact = mannwhitneyu([1, 2, 3, 4], [5, 6, 7, 8], method="exact").pvalue
    assert found.permutations == 9999
    assert found.p_value == pytest.approx(exact, abs=6e-3)
    assert found == rank_test([1, 2, 3, 4, 5, 6, 7, 8], [False] * 8, [0] * 4 + [1] * 4, seed=3)


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_scores_count_only_pairs_whose_order_is_certain(seed: int) -> None:
    random = np.random.default_rng(seed)
    values, below = random.integers(1, 9, 15).astype(np.float64), random.random(15) < 0.4
    expected = np.zeros(15)
    for i in range(15):
        for j in range(15):
            if not below[i] and (values[j] <= values[i] if below[j] else values[j] < values[i]):
                expected[i] += 1
                expected[j] -= 1
    assert gehan_scores(values, below) == pytest.approx(expected)


def test_hidden_values_keep_the_level_of_the_test() -> None:
    """Half of the values below the limit, no difference: 5 % of tests are below 0.05."""
    random = np.random.default_rng(1)
    found = 0
    for turn in range(1000):
        values = random.normal(0, 1, 40)
        below = values < 0
        found += rank_test(np.maximum(values, 0), below, np.repeat([0, 1], 20), seed=turn).p_value < 0.05
    assert 30 <= found <= 72


def test_superiority_is_the_area_under_the_curve() -> None:
    random = np.random.default_rng(2)
    x, y = random.normal(0.5, 1, 20), random.normal(0, 1, 20)
    found = superiority(x, NONE, y, NONE)
    assert found.share == pytest.approx(mannwhitneyu(x, y).statistic / 400)
    assert 0 < found.low < found.share < found.high < 1
    other = superiority(y, NONE, x, NONE)
    assert (other.share, other.low, other.high) == pytest.approx(
        (1 - found.share, 1 - found.high, 1 - found.low)
    )
    apart = superiority(x + 10, NONE, y, NONE)
    assert (apart.share, apart.low, apart.high) == pytest.approx((1.0, 0.05 ** (1 / 20), 1.0))


@given(st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_shift_holds_whatever_the_hidden_values_are(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(0.5, 1, 12), random.normal(0, 1, 15)
    limit = random.normal(0, 0.7)
    truth = hodges_lehmann(x, NONE[:12], y, NONE[:15])
    assert truth.known
    found = hodges_lehmann(np.maximum(x, limit), x < limit, np.maximum(y, limit), y < limit)
    assert found.least <= truth.least + 1e-12
    assert truth.most <= found.most + 1e-12
    assert found.low <= truth.low + 1e-12
    assert truth.high <= found.high + 1e-12


def test_adjusted_p_values_of_the_paper() -> None:
    """Benjamini & Hochberg 1995, section 4.1: of 15 comparisons four are kept at 5 %."""
    published = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
    ]  # fmt: skip
    assert int((benjamini_hochberg(published) <= 0.05).sum()) == 4
    assert np.isnan(benjamini_hochberg([np.nan])).all()


def test_a_landmark_leaves_out_who_is_not_at_risk() -> None:
    found = at_landmark([50, 100, 150, 300], [True, True, True, False], [0, 1, 0, 1], landmark=100)
    assert found.at_risk.tolist() == [False, False, True, True]
    assert (found.days.tolist(), found.events.tolist(), found.groups.tolist()) == (
        [50, 200],
        [True, False],
        [0, 1],
    )


def test_immortal_time_is_no_effect_at_a_landmark() -> None:
    """Death does not depend on the milestone; ever against never says it does, the landmark does not."""
    random = np.random.default_rng(4)
    death, reached = random.exponential(200, 3000), random.exponential(150, 3000)
    ever = (reached < death).astype(np.intp)
    naive = hazard_ratio(death, np.ones(3000, dtype=np.bool_), ever)
    assert naive.high < 0.7
    own = at_landmark(death, np.ones(3000), (reached <= 100).astype(np.intp), landmark=100)
    found = hazard_ratio(own.days, own.events, own.groups)
    assert found.low < 1 < found.high


def test_hazard_ratio_and_logrank_equal_lifelines() -> None:
    random = np.random.default_rng(5)
    days, events, groups = random.exponential(100, 80), random.random(80) < 0.7, np.repeat([0, 1], 40)
    found = hazard_ratio(days, events, groups)
    theirs = logrank_test(days[:40], days[40:], events[:40], events[40:])
    assert found.p_value == pytest.approx(theirs.p_value, abs=1e-6)
    empty = hazard_ratio(days, events & (groups == 0), groups)
    assert np.isnan(empty.ratio)
    with pytest.raises(CytoreconError) as raised:
        hazard_ratio(days, events, np.zeros(80))
    assert str(raised.value) == (
        "groups: A hazard ratio compares two groups. Found: 0. Allowed: 0 and 1, both present."
    )


def test_survival() -> None:
    assert survival_at([10, 20], [False, False], 100) is None
    assert survival_at([200] * 10, [False] * 10, 100) == pytest.approx((1.0, 0.6915, 1.0), abs=1e-4)
    assert survival_at([50] * 10, [True] * 10, 100) == pytest.approx((0.0, 0.0, 0.3085), abs=1e-4)
    found = survival_at([50, 200, 300, 300], [True, False, False, False], 250)
    assert found is not None
    assert found[1] < 0.75 < found[2]


def test_errors() -> None:
    with pytest.raises(CytoreconError) as raised:
        rank_test([1, 2], [False, False], [0, 0], seed=1)
    assert str(raised.value) == "groups: A comparison needs two groups. Found: 1."
    with pytest.raises(CytoreconError) as raised:
        interval_logrank([1, 2], [3, 4], [0, 0], seed=1)
    assert str(raised.value) == "groups: A comparison needs two groups. Found: 1."
    with pytest.raises(CytoreconError) as raised:
        hodges_lehmann([], [], [1], [False])
    assert str(raised.value) == "first: A group is empty."
