"""Simulated laboratories: what is planted is there, and they differ as they say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.protocol import SimulatedLabelledTube, laboratory_row, planted_cells, simulated_batch
from cytorecon.knowledge.evaluation import load_evaluation_rules

PLANTED = load_evaluation_rules().simulated.planted


def small(laboratory: str, seed: int = 1) -> tuple[SimulatedLabelledTube, ...]:
    return simulated_batch(laboratory, seed=seed, patients=4, visits=3, events=3000)


def test_planted_cells_are_there() -> None:
    planted = 0
    for tube in small("good_lab"):
        counts = tube.read().counts
        for population, cells in tube.planted.items():
            assert counts[population] == cells
            planted += 1
    assert planted == 10  # of twelve tubes two without any, and one for each other number; two populations


def test_as_many_tubes_as_agreed_for_each_number() -> None:
    tubes = planted_cells(PLANTED, 72, seed=3)
    for population in ("B", "NK"):
        assert Counter(tube.get(population) for tube in tubes) == {0: 10, 5: 8, 20: 8, 100: 8, None: 38}


def test_both_populations_are_planted_independently() -> None:
    tubes = [tube for seed in range(20) for tube in planted_cells(PLANTED, 72, seed=seed)]
    both = sum("B" in tube and "NK" in tube for tube in tubes) / len(tubes)
    assert abs(both - (34 / 72) ** 2) < 0.03


def test_gains_of_a_laboratory_spread_as_it_says() -> None:
    for name in ("good_lab", "stress"):
        row = laboratory_row(name)
        tubes = simulated_batch(name, seed=2, patients=12, visits=6, events=1000)
        ln = np.log(
            [[tube.visit.spec.detector_gain[key] for key in ("FITC-A", "APC-A", "SSC-A")] for tube in tubes]
        )
        expected = row.gain_ln_sd.value * np.array([1, 1, row.scatter_gain_factor.value])
        assert np.allclose(ln.std(axis=0), expected, rtol=0.25)
        assert tubes[0].settings.variation.stain_log10_sd.value == row.stain_log10_sd.value
        assert tubes[0].visit.spec.spillover_error == row.spillover_error.value


def test_the_blood_is_the_same_in_both_laboratories() -> None:
    for calm, stressed in zip(small("good_lab"), small("stress"), strict=True):
        assert calm.visit.spec.concentrations == stressed.visit.spec.concentrations
        assert calm.planted == stressed.planted
        assert calm.visit.spec.detector_gain != stressed.visit.spec.detector_gain


def test_the_same_seed_gives_the_same_events() -> None:
    one, other = (small("stress", seed=5)[0].read() for _ in range(2))
    assert np.array_equal(one.sample.events, other.sample.events)
    assert not np.array_equal(one.sample.events[:50], small("stress", seed=6)[0].read().sample.events[:50])


def test_no_such_laboratory() -> None:
    with pytest.raises(CytoreconError) as caught:
        simulated_batch("nonsense", seed=1)
    assert str(caught.value) == (
        "simulate: There is no such simulated laboratory. Found: nonsense. Allowed: good_lab, stress."
    )
