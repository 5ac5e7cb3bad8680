"""What a batch teaches: order-free, robust, and never stronger than its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cytorecon.gating.estimates import ClusterEstimate, Evidence, ThresholdEvidence, ValleyEstimate
from cytorecon.gating.finders.valley import find_valley
from cytorecon.gating.kernels import binned
from cytorecon.gating.prior import (
    MIN_TUBES,
    SPREAD_CEILING,
    SPREAD_FLOOR,
    UNKNOWN_SPREAD,
    ClusterPrior,
    GatingPrior,
    ThresholdPrior,
    place_clouds,
    pool,
    shrink,
)
from tests.gating.samples import mixture

DIMMER, BRIGHTER = 0.3, 0.7


def shown(parts: list[tuple[int, float, float]], *, seed: int = 0) -> ThresholdEvidence:
    values = mixture(parts, seed=seed).astype(np.float32)
    histogram = tuple(binned(values).astype(int).tolist())
    return ThresholdEvidence(histogram, "above_dimmest", find_valley(values, "above_dimmest"))


def stained(shift: float = 0.0, positives: int = 400, *, seed: int = 0) -> ThresholdEvidence:
    """Return the evidence of a tube whose two modes are moved by `shift`."""
    return shown([(1500, DIMMER + shift, 0.05), (positives, BRIGHTER + shift, 0.05)], seed=seed)


def own(position: float, error: float = 0.02) -> ValleyEstimate:
    return ValleyEstimate(position, error, 0.9, 1000, 500)


def position_of(tubes: list[ThresholdEvidence]) -> ThresholdPrior:
    return pool([{"CD3": tube} for tube in tubes]).thresholds["CD3"]


SHIFTS = [-0.04, -0.02, 0.0, 0.01, 0.02, 0.05]
TUBES: list[Mapping[str, Evidence]] = [
    {
        "CD3": stained(shift, seed=number),
        "cloud.0": ClusterEstimate((0.8 + shift, 0.6), ((1e-3, 0.0), (0.0, 2e-3)), 300),
    }
    for number, shift in enumerate(SHIFTS)
]


@given(st.permutations(range(len(TUBES))))
@settings(max_examples=20)
def test_the_order_of_tubes_is_irrelevant(order: list[int]) -> None:
    assert pool([TUBES[place] for place in order]).sha256 == pool(TUBES).sha256


def test_a_batch_learns_position_and_spread() -> None:
    learned = position_of([stained(shift, seed=number) for number, shift in enumerate(SHIFTS)])
    assert learned.tubes == len(SHIFTS)
    assert learned.position == pytest.approx(0.5, abs=0.03)
    assert learned.spread == pytest.approx(0.03, abs=0.02)


def test_one_misread_tube_does_not_move_the_batch() -> None:
    """Its valley lies 0.25 away, in the middle of the positives."""
    tubes = [stained(seed=number) for number in range(7)]
    misread = ThresholdEvidence(tubes[0].histogram, "above_dimmest", own(0.75))
    before, after = position_of(tubes), position_of([*tubes, misread])
    assert after.position == pytest.approx(before.position, abs=0.01)
    assert after.spread < SPREAD_CEILING


def test_fewer_tubes_than_four_teach_nothing() -> None:
    assert pool([]) == GatingPrior()
    assert pool(TUBES[: MIN_TUBES - 1]) == GatingPrior(tubes=MIN_TUBES - 1)
    assert set(pool(TUBES[:MIN_TUBES]).thresholds) == {"CD3"}


def test_where_few_tubes_have_a_valley_all_together_show_it() -> None:
    """Eight tubes with 12 positives each: none shows a mode, 96 do."""
    tubes = [stained(positives=12, seed=number) for number in range(8)]
    assert [tube.own for tube in tubes] == [None] * 8
    learned = position_of(tubes)
    assert learned.position == pytest.approx(0.5, abs=0.05)
    assert learned.spread == UNKNOWN_SPREAD


def test_where_no_tube_has_a_positive_nothing_is_learned() -> None:
    """A cohort after rituximab: there is no valley to make up."""
    tubes = [shown([(1500, DIMMER, 0.05)], seed=number) for number in range(12)]
    assert pool([{"CD19": tube} for tube in tubes]).thresholds == {}


def test_a_tube_with_many_events_counts_no_more_than_others() -> None:
    """One tube of 100,000 events whose bright mode lies elsewhere, eight of 1,512."""
    loud = ThresholdEvidence(
        tuple(100 * n for n in shown([(1000, DIMMER, 0.05), (10, 0.95, 0.01)]).histogram),
        "above_dimmest",
        None,
    )
    quiet = [stained(positives=12, seed=number) for number in range(8)]
    assert position_of([*quiet, loud]).position == pytest.approx(position_of(quiet).position, abs=0.03)


def test_the_spread_has_a_floor_and_a_ceiling() -> None:
    same = [ThresholdEvidence((0,), "above_dimmest", own(0.5)) for _ in range(5)]
    far = [ThresholdEvidence((0,), "above_dimmest", own(at)) for at in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert position_of(same).spread == SPREAD_FLOOR
    assert position_of(far).spread == SPREAD_CEILING


@given(st.floats(0, 1), st.floats(0.0007, 0.5), st.floats(0, 1), st.floats(0.01, 0.06))
def test_a_shrunk_position_lies_between_own_and_batch(
    at: float, error: float, mean: float, spread: float
) -> None:
    position, after = shrink(own(at, error), ThresholdPrior(position=mean, spread=spread, tubes=9))
    assert min(at, mean) - 1e-12 <= position <= max(at, mean) + 1e-12
    assert 0 < after <= min(error, spread) + 1e-12


def test_the_surer_one_pulls_harder() -> None:
    batch = ThresholdPrior(position=0.5, spread=0.02, tubes=9)
    assert shrink(own(0.6, 0.001), batch)[0] == pytest.approx(0.6, abs=0.001)
    assert shrink(own(0.6, 0.02), batch)[0] == pytest.approx(0.55)
    assert shrink(own(0.6, 0.2), batch)[0] == pytest.approx(0.5, abs=0.002)


def cloud(x: float, y: float, events: float = 100) -> ClusterEstimate:
    return ClusterEstimate((x, y), ((1e-3, 0.0), (0.0, 1e-3)), events)


def known(x: float, y: float) -> ClusterPrior:
    return ClusterPrior(mean=(x, y), covariance=((2e-3, 0.0), (0.0, 2e-3)), tubes=9)


CERTAIN = ("cloud.0", "cloud.1")
BATCH = {"cloud.0": known(0.80, 0.58), "cloud.1": known(0.77, 0.57), "cloud.2": known(0.79, 0.62)}


def test_without_a_batch_a_tube_stands_on_its_own_clouds() -> None:
    clouds = {"cloud.0": cloud(0.8, 0.6), "cloud.2": cloud(0.79, 0.64)}
    assert place_clouds(clouds, {}, CERTAIN) == list(clouds.values())
    assert place_clouds({}, {}, CERTAIN) == []


def test_a_tube_without_seeds_has_the_clouds_of_the_batch() -> None:
    placed = place_clouds({}, BATCH, CERTAIN)
    assert [part.mean for part in placed] == [(0.80, 0.58), (0.77, 0.57), (0.79, 0.62)]
    assert {part.events for part in placed} == {0.0}


def test_what_a_tube_shows_shifts_what_it_does_not_show() -> None:
    """Stain and detector move all lymphocytes together."""
    t_cells, b_cells, nk_cells = place_clouds({"cloud.0": cloud(0.84, 0.55)}, BATCH, CERTAIN)
    assert t_cells == cloud(0.84, 0.55)
    assert b_cells.mean == pytest.approx((0.81, 0.54))
    assert nk_cells.mean == pytest.approx((0.83, 0.59))


def test_the_shift_weighs_kinds_by_their_events() -> None:
    clouds = {"cloud.0": cloud(0.84, 0.58, events=300), "cloud.1": cloud(0.77, 0.57, events=100)}
    assert place_clouds(clouds, BATCH, CERTAIN)[2].mean == pytest.approx((0.82, 0.62))


def test_a_likely_kind_stays_where_the_batch_has_it() -> None:
    """Its seeds may be monocytes."""
    placed = place_clouds({"cloud.0": cloud(0.80, 0.58), "cloud.2": cloud(0.74, 0.75)}, BATCH, CERTAIN)
    assert placed[2].mean == pytest.approx((0.79, 0.62))


def test_clouds_are_pooled_by_medians() -> None:
    far: dict[str, Evidence] = {"cloud.0": cloud(0.1, 0.1)}
    tubes: list[Mapping[str, Evidence]] = [{"cloud.0": cloud(0.8 + n / 1000, 0.6)} for n in range(-3, 4)]
    learned = pool([*tubes, far]).clusters["cloud.0"]
    assert learned.mean == pytest.approx((0.8, 0.6), abs=0.002)
    assert learned.tubes == 8


def test_a_prior_written_and_read_again_is_the_same() -> None:
    prior = pool(TUBES)
    again = GatingPrior.model_validate_json(prior.model_dump_json())
    assert again == prior
    assert again.sha256 == prior.sha256
    assert prior.sha256 != GatingPrior().sha256


def test_a_prior_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        GatingPrior.model_validate({"thresholds": {}, "clusters": {}, "polygons": {}})


def beside_beads(shift: float, *, seed: int, positives: int = 400) -> ThresholdEvidence:
    """A tube whose detector moves threshold and beads alike."""
    return replace(stained(shift, seed=seed, positives=positives), gauge=0.8 + shift)


def test_a_gauge_that_moves_with_the_threshold_tells_where_it_lies() -> None:
    shifts = [-0.09, -0.06, -0.03, 0.0, 0.0, 0.03, 0.06, 0.09]
    learned = position_of([beside_beads(shift, seed=number) for number, shift in enumerate(shifts)])
    assert learned.gauged is not None
    assert learned.gauged.spread < learned.spread / 2
    assert learned.beside(0.88).position == pytest.approx(0.58, abs=0.03)
    assert learned.beside(None).position == learned.position


def test_a_gauge_that_wanders_by_itself_is_not_used() -> None:
    """Beads of several lots: their place says nothing of the detector."""
    lots = [0.6, 0.9, 0.7, 0.95, 0.65, 0.85, 0.75, 0.8]
    tubes = [replace(stained(seed=number), gauge=lot) for number, lot in enumerate(lots)]
    assert position_of(tubes).gauged is None


def test_a_gauge_that_few_tubes_have_is_not_used() -> None:
    with_beads = [beside_beads(shift, seed=number) for number, shift in enumerate((-0.06, 0.0, 0.06))]
    without = [stained(shift, seed=9 + number) for number, shift in enumerate((-0.06, -0.03, 0.03, 0.06))]
    assert position_of([*with_beads, *without]).gauged is None


def test_beside_the_gauge_few_positives_of_many_tubes_add_up() -> None:
    """The detectors differ by more than the modes lie apart: only beside the beads do the positives meet."""
    shifts = [-0.2, -0.15, -0.1, -0.05, 0.05, 0.1, 0.15, 0.2, -0.12, 0.12, -0.02, 0.02]
    tubes = [beside_beads(shift, seed=number, positives=12) for number, shift in enumerate(shifts)]
    learned = position_of(tubes)
    assert learned.beside(0.8).position == pytest.approx(0.5, abs=0.05)
