"""The valley between two modes: found where there is one, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.gating.estimates import ValleyEstimate
from cytorecon.gating.finders.valley import Cut, find_valley, valley_of, without_floor
from cytorecon.gating.kernels import BIN_WIDTH, GRID_BINS, binned
from tests.gating.samples import Values, mixture

TWO_MODES = [(3000, 0.25, 0.05), (800, 0.75, 0.05)]


def found(values: Values, cut: Cut = "above_dimmest") -> ValleyEstimate:
    estimate = find_valley(values.astype(np.float32), cut)
    assert estimate is not None
    return estimate


@pytest.mark.parametrize("n", [0, 1, 2, 30, 300, 3000, 30000])
@pytest.mark.parametrize("cut", ["above_dimmest", "below_brightest"])
def test_one_mode_has_no_valley(n: int, cut: Cut) -> None:
    values = mixture([(n, 0.3, 0.06)], seed=n).astype(np.float32)
    assert find_valley(values, cut) is None


@pytest.mark.parametrize("tail", [0.02, 0.1, 0.3])
def test_a_long_tail_is_no_second_mode(tail: float) -> None:
    """A shoulder without a valley: the place where openCyto's mindensity would cut anyway."""
    rng = np.random.default_rng(5)
    tailed = rng.exponential(tail, size=4000) * (rng.random(4000) < 0.2)
    values = 0.25 + 0.05 * rng.normal(size=4000) + tailed
    assert find_valley(values.astype(np.float32), "below_brightest") is None


def test_the_valley_lies_between_two_modes() -> None:
    own = found(mixture(TWO_MODES, seed=1))
    assert 0.40 < own.position < 0.62
    assert own.below == 3000
    assert own.above == 800
    assert own.depth > 0.98
    assert BIN_WIDTH <= own.standard_error < 0.05


def test_an_empty_valley_is_cut_in_its_middle() -> None:
    own = found(mixture([(3000, 0.2, 0.01), (3000, 0.8, 0.01)], seed=1))
    assert own.position == pytest.approx(0.5, abs=0.01)
    assert own.depth == 1.0


def test_a_shallow_valley_is_less_deep_and_less_certain() -> None:
    deep = found(mixture([(2000, 0.3, 0.05), (2000, 0.7, 0.05)], seed=1))
    shallow = found(mixture([(2000, 0.38, 0.08), (2000, 0.66, 0.08)], seed=1))
    assert deep.depth > 0.98 > 0.9 > shallow.depth
    few = found(mixture([(100, 0.38, 0.08), (100, 0.66, 0.08)], seed=3))
    assert few.standard_error > shallow.standard_error


def test_the_cut_says_which_of_several_valleys() -> None:
    values = mixture([(2000, 0.15, 0.03), (1000, 0.5, 0.03), (1000, 0.85, 0.03)], seed=1)
    assert 0.25 < found(values, "above_dimmest").position < 0.42
    assert 0.60 < found(values, "below_brightest").position < 0.76


@pytest.mark.parametrize("clump", [1, 5, 14])
def test_a_tiny_bright_clump_is_no_population(clump: int) -> None:
    values = mixture([(5000, 0.25, 0.05), (clump, 0.9, 0.005)], seed=1).astype(np.float32)
    assert find_valley(values, "below_brightest") is None


def test_a_bright_clump_does_not_hide_the_valley_below_it() -> None:
    """Aggregates at the end of the scale: 3 % of the positive events are not the brightest population."""
    values = mixture([*TWO_MODES, (24, 1.0, 0.005)], seed=1)
    assert 0.40 < found(values, "below_brightest").position < 0.62


def test_a_small_population_is_found_when_it_is_clear() -> None:
    own = found(mixture([(8000, 0.25, 0.05), (40, 0.75, 0.03)], seed=1))
    assert own.above == 40


@pytest.mark.parametrize("beyond", [-0.6, 1.4])
def test_what_lies_beyond_the_grid_is_no_mode(beyond: float) -> None:
    """Over-compensated and saturated events pile up on the end bins of the grid."""
    values = np.append(mixture([(4000, 0.3, 0.05)], seed=1), np.full(400, beyond) + np.arange(400) / 1e4)
    for cut in ("above_dimmest", "below_brightest"):
        assert find_valley(values.astype(np.float32), cut) is None


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_pile_up_on_the_floor_is_no_mode(share: float) -> None:
    """A log amplifier puts everything dim on its lowest channel."""
    dim = mixture([(3000, 0.3, 0.05)], seed=1)
    piled = np.concatenate([dim, np.full(int(3000 * share / (1 - share)), 0.05)]).astype(np.float32)
    assert find_valley(piled, "above_dimmest") is None
    values = np.concatenate([mixture(TWO_MODES, seed=1), np.full(int(3800 * share / (1 - share)), 0.05)])
    assert 0.40 < found(values).position < 0.62


def test_without_a_floor_nothing_is_dropped() -> None:
    values = mixture([(500, 0.3, 0.05)], seed=1).astype(np.float32)
    assert without_floor(values) is values
    assert without_floor(values[:0]).size == 0


def test_nearly_all_events_on_one_value_are_not_a_floor() -> None:
    """Then what lies above is a few events, not the cells."""
    values = np.concatenate([np.full(800, 0.2), np.full(100, 0.7)]).astype(np.float32)
    assert without_floor(values) is values


@given(st.permutations(range(60)))
@settings(max_examples=20)
def test_the_order_of_events_is_irrelevant(order: list[int]) -> None:
    values = mixture([(1500, 0.3, 0.05), (1500, 0.7, 0.06)], seed=2)
    blocks = np.split(values, 60)
    assert found(np.concatenate([blocks[place] for place in order])) == found(values)


@given(st.integers(-150, 150))
@settings(max_examples=20)
def test_a_shift_of_all_events_shifts_the_valley(bins: int) -> None:
    """Whole bins, so that the histogram moves and does not change its shape."""
    counts = binned(mixture(TWO_MODES, seed=1).astype(np.float32))
    still, moved = valley_of(counts, "above_dimmest"), valley_of(np.roll(counts, bins), "above_dimmest")
    assert still is not None
    assert moved is not None
    assert moved.position - still.position == pytest.approx(bins * BIN_WIDTH, abs=1e-9)
    assert moved.depth == pytest.approx(still.depth)


@given(
    st.lists(
        st.tuples(st.integers(0, 800), st.floats(-0.2, 1.1), st.floats(0.001, 0.3)), min_size=1, max_size=4
    ),
    st.sampled_from(["above_dimmest", "below_brightest"]),
    st.integers(0, 99),
)
@settings(max_examples=150)
def test_a_valley_always_parts_the_events(parts: list[tuple[int, float, float]], cut: Cut, seed: int) -> None:
    """Whatever the data: both sides hold events, and the numbers are numbers. Never everything positive."""
    values = mixture(parts, seed=seed).astype(np.float32)
    own = find_valley(values, cut)
    if own is not None:
        assert own.below + own.above == without_floor(values).size
        assert min(own.below, own.above) > 0
        assert 0 < own.depth <= 1
        assert own.standard_error >= BIN_WIDTH


def test_no_events_no_valley() -> None:
    assert valley_of(np.zeros(GRID_BINS), "above_dimmest") is None
