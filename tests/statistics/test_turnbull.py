from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.fitters.npmle import npmle

from cytorecon.errors import CytoreconError
from cytorecon.statistics.npmle import fit_masses
from cytorecon.statistics.turnbull import turnbull, turnbull_intervals, turnbull_median_interval
from tests.statistics.cosmesis import RADIATION, WITH_CHEMOTHERAPY
from tests.statistics.made import seen_at_visits, weibull


def test_breast_cosmesis_radiation_alone() -> None:
    """Fay & Shaw 2010 (J Stat Softw 36(2)), `icfit` of the same data."""
    curve = turnbull(*RADIATION.T).curve
    intervals = list(zip(curve.after, curve.by, curve.masses.round(4), strict=True))
    assert intervals == [
        (4, 5, 0.0463), (6, 7, 0.0334), (7, 8, 0.0887), (11, 12, 0.0708),
        (24, 25, 0.0926), (33, 34, 0.0818), (38, 40, 0.1209), (46, 48, 0.4656),
    ]  # fmt: skip


def test_breast_cosmesis_with_chemotherapy() -> None:
    found = turnbull(*WITH_CHEMOTHERAPY.T)
    curve = found.curve
    intervals = list(zip(curve.after, curve.by, curve.masses.round(4), strict=True))
    assert intervals == [
        (4, 5, 0.0433), (5, 8, 0.0433), (11, 12, 0.0692), (16, 17, 0.1454), (18, 19, 0.1411), (19, 20,
        0.1157), (24, 25, 0.0999), (30, 31, 0.0709), (35, 36, 0.1608), (44, 48, 0.0552), (48, 60, 0.0552),
    ]  # fmt: skip
    assert found.median == (19, 20)


def test_equals_lifelines() -> None:
    """lifelines takes closed intervals, so no two may share an end."""
    after, by = seen_at_visits(weibull(60, 3), 4)
    random = np.random.default_rng(5)
    after, by = after + random.uniform(0, 0.4, 60), by + random.uniform(0.5, 0.9, 60)
    masses, places = npmle(after, by, tol=1e-15)
    own = turnbull(after, by).curve
    theirs = {float(place.right): mass for place, mass in zip(places, masses, strict=True)}
    for day in np.unique(np.concatenate([after, by[np.isfinite(by)]])):
        assert own.at(day) == pytest.approx(sum(m for right, m in theirs.items() if right <= day), abs=1e-6)


@given(st.integers(0, 10_000), st.integers(5, 60))
@settings(max_examples=20, deadline=None)
def test_exact_and_right_censored_days_give_kaplan_meier(seed: int, patients: int) -> None:
    random = np.random.default_rng(seed)
    days = random.integers(1, 30, patients).astype(np.float64)
    happened = random.random(patients) < 0.6
    own = turnbull(days, np.where(happened, days, np.inf)).curve
    theirs = KaplanMeierFitter().fit(days, happened)
    for day in range(31):
        assert own.at(day) == pytest.approx(1 - float(theirs.predict(day)), abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_no_other_masses_are_likelier(seed: int) -> None:
    random = np.random.default_rng(seed)
    covers = random.random((30, 8)) < 0.5
    covers[np.arange(30), random.integers(0, 8, 30)] = True
    weights = random.integers(1, 5, 30).astype(np.float64)
    found = fit_masses(covers, weights)
    others = random.dirichlet(np.ones(8), 200)
    moved = 0.99 * found.masses + 0.01 * others
    assert (weights @ np.log(covers @ moved.T) <= found.log_likelihood + found.gap + 1e-9).all()
    assert found.masses.sum() == pytest.approx(1)


def test_the_fit_of_a_thousand_patients_converges() -> None:
    after, by = seen_at_visits(weibull(1000, 1), 2)
    assert turnbull(after, by).gap < 1e-6


def test_likelihood_ratio_limits_have_the_likelihood_they_should() -> None:
    """For one interval endpoint the likelihood is binomial, and its ratio can be written down."""
    after, by = [0.0] * 30 + [10.0] * 70, [10.0] * 30 + [np.inf] * 70
    (found,) = turnbull_intervals(after, by, [10])
    for limit in (found.low, found.high):
        fall = 30 * np.log(0.3 / limit) + 70 * np.log(0.7 / (1 - limit))
        assert 2 * fall == pytest.approx(3.8415, abs=5e-3)


def test_limits_cover_the_truth() -> None:
    """Cohorts of 60: a true share of 95 % would show less than these once in a thousand runs."""
    inside = np.zeros(2)
    truth = 1 - np.exp(-((100 / 150) ** 1.2)), 150 * np.log(2) ** (1 / 1.2)
    for seed in range(120):
        after, by = seen_at_visits(weibull(60, 1000 + seed), seed)
        (share,) = turnbull_intervals(after, by, [100])
        inside[0] += share.low <= truth[0] <= share.high
        if seed < 40:
            median = turnbull_median_interval(after, by)
            inside[1] += median.low <= truth[1] <= median.high
    assert inside[0] >= 106
    assert inside[1] >= 33


def test_a_median_that_is_not_reached() -> None:
    found = turnbull([0, 30, 60, 60, 60], [30, np.inf, np.inf, np.inf, np.inf])
    assert found.median is None
    assert turnbull_median_interval([0] + [60] * 9, [30] + [np.inf] * 9).high == np.inf


def test_left_censored_days_are_before_their_visit() -> None:
    curve = turnbull([0, 0, 0, 30], [30, 30, 30, np.inf]).curve
    assert (curve.at(29), curve.at_most(29), curve.at(30)) == pytest.approx((0.0, 0.75, 0.75))


def test_errors() -> None:
    with pytest.raises(CytoreconError) as raised:
        turnbull([-5], [10])
    assert str(raised.value) == "after: A day lies before the clock starts. Found: -5. Allowed: 0 or later."
    with pytest.raises(CytoreconError) as raised:
        turnbull([20], [10])
    assert str(raised.value) == "after, by: An interval ends before it begins. Found: 1 of 1."
    with pytest.raises(CytoreconError) as raised:
        turnbull([], [])
    assert str(raised.value) == "after, by: There are no patients."
    with pytest.raises(CytoreconError) as raised:
        turnbull([1, 2], [3])
    assert str(raised.value) == "after, by: The lengths differ. Found: after 2, by 1."
    with pytest.raises(CytoreconError) as raised:
        turnbull([np.nan], [3])
    assert str(raised.value) == (
        "after: There is no number. Found: 1 of 1 not known or infinite. Leave those patients out, and say "
        "so."
    )
    with pytest.raises(CytoreconError) as raised:
        turnbull([[1.0]], [3])
    assert str(raised.value) == "after: One number per patient is asked for. Found: an array of 2 dimensions."
    with pytest.raises(CytoreconError) as raised:
        fit_masses(np.zeros((1, 2), dtype=np.bool_), np.ones(1))
    assert str(raised.value) == "fit_masses: An observation has no place where it could lie."


def test_before_the_first_event_and_after_the_last_limits_are_those_of_a_share() -> None:
    """Nobody of 40 by day 20, all of them by day 60: exp(-1.92 / 40) bounds both."""
    none, all_of_them = turnbull_intervals([30.0] * 40, [60.0] * 40, [20, 60])
    bound = np.exp(-3.8415 / 2 / 40)
    assert (none.low, none.high) == pytest.approx((0.0, 1 - bound), abs=1e-3)
    assert (all_of_them.low, all_of_them.high) == pytest.approx((bound, 1.0), abs=1e-3)
