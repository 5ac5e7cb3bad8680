from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter
from statsmodels.duration.survfunc import CumIncidenceRight

from cytorecon.errors import CytoreconError
from cytorecon.statistics.competing import aalen_johansen, interval_censored_incidence
from cytorecon.statistics.turnbull import turnbull
from tests.statistics.made import seen_at_visits, weibull


def cohort(seed: int, patients: int, *, tied: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    days = random.integers(1, 40, patients).astype(np.float64) if tied else random.uniform(1, 40, patients)
    return days, random.choice(3, patients, p=[0.3, 0.45, 0.25])


@pytest.mark.parametrize("seed", range(5))
def test_equals_lifelines(seed: int) -> None:
    days, causes = cohort(seed, 80, tied=False)
    for cause in (1, 2):
        own = aalen_johansen(days, causes)[cause]
        theirs = AalenJohansenFitter().fit(days, causes, event_of_interest=cause)
        for place, day in enumerate(own.days):
            assert own.incidence[place] == pytest.approx(
                float(theirs.cumulative_density_.loc[day].iloc[0]), abs=1e-6
            )
            variance = float(theirs.variance_.loc[day])
            # lifelines divides by 0 where the last one at risk has an event.
            if np.isfinite(variance):
                assert own.variance[place] == pytest.approx(variance, abs=1e-6)
        (low, high) = own.interval_at(20)
        limits = theirs.confidence_interval_.loc[:20].iloc[-1]
        assert (low, high) == pytest.approx((limits.min(), limits.max()), abs=1e-6)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_ties_equal_statsmodels(seed: int) -> None:
    days, causes = cohort(seed, 60, tied=True)
    theirs = CumIncidenceRight(days, causes)
    for cause in (1, 2):
        own = aalen_johansen(days, causes)[cause]
        for day in range(1, 41):
            place = np.searchsorted(theirs.times, day, side="right") - 1
            expected = theirs.cinc[cause - 1][place] if place >= 0 else 0.0
            assert own.at(day) == pytest.approx(expected, abs=1e-6)


def test_by_hand() -> None:
    """Ten patients: relapse 1, death 2. S goes 1, .9, .8, .8, .6857, .5486; computed with a pencil."""
    curves = aalen_johansen([5, 8, 10, 12, 15, 20, 22, 25, 30, 30], [1, 2, 0, 1, 0, 2, 0, 0, 0, 0])
    assert curves[1].at(12) == pytest.approx(0.1 + 0.8 / 7)
    assert curves[2].at(20) == pytest.approx(0.1 + (0.8 * 6 / 7) / 5)
    assert curves[1].at(4) == 0.0
    assert curves[1].interval_at(4) == (0.0, 1.0)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_intervals_that_are_points_give_aalen_johansen(seed: int) -> None:
    days, causes = cohort(seed, 50, tied=True)
    fit = interval_censored_incidence(days, np.where(causes > 0, days, np.inf), causes)
    curves = aalen_johansen(days, causes)
    for cause in (1, 2):
        for day in range(1, 41):
            assert fit.curve(cause).at(day) == pytest.approx(curves[cause].at(day), abs=1e-6)


def test_one_cause_gives_turnbull() -> None:
    after, by = seen_at_visits(weibull(80, 1), 2)
    fit = interval_censored_incidence(after, by, np.where(np.isinf(by), 0, 1))
    own = turnbull(after, by).curve
    assert np.allclose(
        [fit.curve(1).at(day) for day in range(0, 700, 10)], [own.at(d) for d in range(0, 700, 10)]
    )


def test_covers_the_truth_where_death_competes() -> None:
    inside = 0
    for seed in range(60):
        random = np.random.default_rng(5000 + seed)
        milestone, death = weibull(80, seed), random.exponential(300, 80)
        first, died = np.minimum(milestone, death), death < milestone
        after, by = seen_at_visits(first, seed + 1)
        # Visits end with death; the day of death is known when it comes before the last visit.
        known = died & np.isfinite(by)
        by = np.where(known, first, np.where(died, np.inf, by))
        after = np.where(known, first, after)
        low, high = interval_censored_incidence(
            after, by, np.where(np.isinf(by), 0, np.where(died, 2, 1))
        ).interval_at(180, 1)
        days = np.linspace(0, 180, 20_001)
        density = 1.2 / 150 * (days / 150) ** 0.2 * np.exp(-((days / 150) ** 1.2)) * np.exp(-days / 300)
        inside += low <= float(np.trapezoid(density, days)) <= high
    assert inside >= 54


def test_errors() -> None:
    with pytest.raises(CytoreconError) as raised:
        aalen_johansen([1], [-1])
    assert str(raised.value) == "causes: A cause is a number from 1, or 0 for none."
    with pytest.raises(CytoreconError) as raised:
        interval_censored_incidence([1], [3], [0])
    assert str(raised.value) == (
        "by, cause: An event has a cause and a last day; without an event there is neither."
    )
