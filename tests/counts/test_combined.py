from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from cytorecon.counts import CountMethodRequest, TubeQuantities, absolute_counts, count_populations
from cytorecon.counts.combined import deviations, share_interval, widened
from cytorecon.counts.counted import volume_spread
from cytorecon.counts.intervals import binomial_interval, poisson_interval
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.results import CountMethod, GateSpread, PopulationCount, PopulationTally
from tests.counts.tube import counts, named

BEADS = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50)
SPREAD = GateSpread(events=0.1, of_parent=0.08, of_lymphocytes=0.06, of_leukocytes=0.05)


def moved(name: str) -> list[PopulationCount]:
    return [replace(count, gate_spread=SPREAD) if count.population == name else count for count in counts()]


@given(st.integers(0, 100_000), st.floats(0, 1), st.floats(0.5, 0.999))
def test_another_error_only_widens(events: int, spread: float, confidence: float) -> None:
    exact = poisson_interval(events, confidence=confidence)
    low, high = widened(events, *exact, spread, confidence=confidence)
    assert low <= exact[0] * (1 + 1e-12)
    assert high >= exact[1] * (1 - 1e-12)
    assert low >= 0


def test_without_another_error_and_at_no_events_the_exact_limits_stand() -> None:
    assert widened(40, 28.6, 54.5, 0.0) == (28.6, 54.5)
    assert widened(0, 0.0, 3.69, 0.5) == (0.0, 3.69)


def test_large_counts_leave_only_the_other_error() -> None:
    low, high = widened(1e9, *poisson_interval(1_000_000_000), 0.2)
    assert (low / 1e9, high / 1e9) == pytest.approx((math.exp(-1.96 * 0.2), math.exp(1.96 * 0.2)), rel=1e-3)


@pytest.mark.parametrize("events", [1, 5, 30, 300])
@pytest.mark.parametrize("spread", [0.05, 0.2])
def test_the_limits_are_close_to_those_of_a_mixture(events: int, spread: float) -> None:
    """A gamma variable (whose quantiles are the exact limits) times a log-normal one, by simulation."""
    rng = np.random.default_rng(3)
    factor = np.exp(spread * rng.normal(size=400_000))
    mixed = (
        np.quantile(rng.gamma(events, size=400_000) * factor, 0.025),
        np.quantile(rng.gamma(events + 1, size=400_000) * factor, 0.975),
    )
    low, high = widened(events, *poisson_interval(events), spread)
    # at one event the two rules differ most: by less than a tenth of the lower limit
    assert low == pytest.approx(mixed[0], rel=0.1)
    assert high == pytest.approx(mixed[1], rel=0.03)


def test_a_share_stays_between_nothing_and_all() -> None:
    assert share_interval(990, 1000, spread=0.3)[1] == 1.0
    assert share_interval(0, 1000, spread=0.3) == binomial_interval(0, 1000)


def test_the_level_reaches_every_interval() -> None:
    wide = named(absolute_counts(counts(), BEADS))["CD3_T"]
    narrow = named(absolute_counts(counts(), BEADS, confidence=0.9))["CD3_T"]
    assert wide.cells_per_ul_low is not None
    assert narrow.cells_per_ul_low is not None
    assert wide.cells_per_ul_low < narrow.cells_per_ul_low
    tally = PopulationTally(population="B", parent="x", status="counted", events=30, parent_events=100)
    (count,) = count_populations([tally], confidence=0.9)
    low, high = binomial_interval(30, 100, confidence=0.9)
    assert (count.percent_of_parent_low, count.percent_of_parent_high) == (100 * low, 100 * high)


def test_percentages_have_the_spread_of_their_own_denominator() -> None:
    tally = PopulationTally(
        population="DN_T", parent="CD3_T", status="counted", events=300, parent_events=1000,
        lymphocytes=1000, leukocytes=1000, gate_spread=SPREAD,
    )  # fmt: skip
    (count,) = count_populations([tally])
    lows = (count.percent_of_parent_low, count.percent_of_lymphocytes_low, count.percent_of_leukocytes_low)
    expected = [100 * share_interval(300, 1000, spread=spread)[0] for spread in (0.08, 0.06, 0.05)]
    assert lows == pytest.approx(expected)


def test_measured_gate_error_adds_to_what_moving_the_gates_shows() -> None:
    def spread(gates: GateSpread | None, parent: str = "lymphocytes") -> GateSpread | None:
        tally = PopulationTally(
            population="NK", parent=parent, status="counted", events=300, parent_events=1000,
            gate_spread=gates,
        )  # fmt: skip
        return count_populations([tally])[0].gate_spread

    stays = load_counting_rules().gate_error.of("NK")
    found = spread(SPREAD)
    assert found is not None
    assert found.events == pytest.approx(math.hypot(0.1, stays.events / 100))
    assert found.of_parent == pytest.approx(math.hypot(0.08, stays.of_lymphocytes / 100))
    other = spread(SPREAD, parent="leukocytes")
    assert other is not None
    assert other.of_parent == pytest.approx(math.hypot(0.08, stays.of_leukocytes / 100))
    assert spread(None) is None, "nobody looked at the gates"


@pytest.mark.parametrize(
    ("method", "spread"),
    [("beads", 0.1), ("volumetric", 0.1), ("blood_count_alc", 0.06), ("blood_count_wbc", 0.05)],
)
def test_concentrations_have_the_spread_of_what_they_rest_on(
    method: CountMethodRequest, spread: float
) -> None:
    tube = TubeQuantities(
        beads_per_tube=50_000, blood_volume_ul=50, acquired_volume_ul=20,
        wbc_cells_per_ul=4000, lymphocytes_cells_per_ul=2000,
    )  # fmt: skip
    plain = named(absolute_counts(counts(), tube, method=method))["CD3_T"]
    found = named(absolute_counts(moved("CD3_T"), tube, method=method))["CD3_T"]
    assert found.uncertainty is not None
    assert plain.uncertainty is not None
    assert (plain.uncertainty.gate, found.uncertainty.gate) == (0.0, spread)
    assert found.cells_per_ul == plain.cells_per_ul
    assert plain.cells_per_ul_low is not None
    assert plain.cells_per_ul is not None
    assert plain.cells_per_ul_high is not None
    expected = widened(plain.cells_per_ul, plain.cells_per_ul_low, plain.cells_per_ul_high, spread)
    assert found.cells_per_ul_low == pytest.approx(expected[0])


def test_the_parts_of_the_uncertainty_are_told() -> None:
    tube = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50, pipetting_cv_percent=3)
    uncertainty = named(absolute_counts(moved("CD3_T"), tube))["CD3_T"].uncertainty
    assert uncertainty is not None
    assert uncertainty.counting == pytest.approx(math.sqrt(1 / 1400 + 1 / 1000))
    assert uncertainty.volume == pytest.approx(0.03, rel=1e-3)
    assert sum(uncertainty.shares.values()) == pytest.approx(1, abs=1e-3)
    assert named(absolute_counts(counts({"B": 0}), tube))["B"].uncertainty is None


def test_a_blood_count_has_an_interval_only_where_its_precision_is_stated() -> None:
    stated = TubeQuantities(lymphocytes_cells_per_ul=1000, lymphocytes_cv_percent=5)
    found = named(absolute_counts(counts(), stated))["lymphocytes"]
    ends = (found.cells_per_ul_low, found.cells_per_ul_high)
    spread = math.sqrt(math.log1p(0.05**2))
    assert ends == pytest.approx((1000 * math.exp(-1.96 * spread), 1000 * math.exp(1.96 * spread)), rel=1e-4)
    unstated = named(absolute_counts(counts(), TubeQuantities(lymphocytes_cells_per_ul=1000)))["lymphocytes"]
    assert (unstated.cells_per_ul_low, unstated.cells_per_ul_high, unstated.uncertainty) == (None, None, None)


def test_a_part_of_a_blood_count_is_at_most_all_of_it() -> None:
    tube = TubeQuantities(lymphocytes_cells_per_ul=1000)
    whole = named(counts())["lymphocytes"].events or 0
    found = named(absolute_counts(counts({"CD3_T": whole}), tube))["CD3_T"]
    assert found.cells_per_ul_high == pytest.approx(1000)


@pytest.mark.parametrize(
    ("method", "percents"),
    [
        ("beads", (3, 4)),
        ("volumetric", (3,)),
        ("blood_count_alc", (6,)),
        ("blood_count_wbc", (5,)),
        ("none", ()),
    ],
)
def test_each_method_rests_on_its_own_quantities(method: CountMethod, percents: tuple[float, ...]) -> None:
    tube = TubeQuantities(
        pipetting_cv_percent=3, beads_cv_percent=4, wbc_cv_percent=5, lymphocytes_cv_percent=6
    )
    variance = sum(math.log1p((percent / 100) ** 2) for percent in percents)
    assert volume_spread(method, tube, load_counting_rules()) == pytest.approx(math.sqrt(variance))


def test_nothing_is_assumed_where_the_sheet_states_nothing_but_a_site_may_say_what_is_usual() -> None:
    rules = load_counting_rules()
    assert volume_spread("beads", BEADS, rules) == 0.0
    usual = rules.imprecision.pipetting.model_copy(update={"usual_percent": 3.0, "source": "validation"})
    own = rules.model_copy(update={"imprecision": rules.imprecision.model_copy(update={"pipetting": usual})})
    assert volume_spread("beads", BEADS, own) == pytest.approx(0.03, rel=1e-3)
    stated = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50, pipetting_cv_percent=0)
    assert volume_spread("beads", stated, own) == 0.0


def test_a_negative_precision_is_refused() -> None:
    with pytest.raises(CytoreconError) as caught:
        TubeQuantities(pipetting_cv_percent=-1)
    assert str(caught.value) == (
        "tube quantities, pipetting_cv_percent: This quantity cannot be used. Found: -1. "
        "Allowed: a positive number, or nothing when it is not known."
    )


def test_deviations_are_those_of_the_normal_distribution() -> None:
    assert deviations(0.9) == pytest.approx(float(ndtri(0.95)))


@pytest.mark.parametrize("mean", [8.0, 60.0, 2000.0])
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_intervals_hold_what_they_promise(mean: float, spread: float) -> None:
    """Poisson counts whose mean is off by a log-normal factor, as gates and pipettes make it."""
    rng = np.random.default_rng(11)
    counted = rng.poisson(mean * np.exp(spread * rng.normal(size=2000)))
    held = 0
    for events in counted.tolist():
        low, high = widened(events, *poisson_interval(events, confidence=0.9), spread, confidence=0.9)
        held += low <= mean <= high
    assert 0.88 <= held / counted.size <= 0.965, "exact limits of few events hold more than they promise"
