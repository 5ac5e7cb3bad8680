"""Populations that are not there: never reported as if they were, alone and in any batch."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline import gate
from cytorecon.simulate import SimulatedTube
from tests.pipeline.tubes import (
    BLOOD,
    LYMPHOPENIC,
    WITHOUT_T,
    events,
    flags,
    is_close,
    samples,
    statuses,
    tallies,
    tube,
)

Tubes = tuple[SimulatedTube, ...]
B_CELLS = (0, 5, 20, 100)
PARTS_OF_T = ("CD4_T", "CD8_T", "DP_T", "DN_T", "NKT_like")


def few_b_cells(number: int, seed: int) -> SimulatedTube:
    return tube(seed=seed, forced_events={"B": number})


def is_right(gated: GatedSample, population: str, true: int) -> bool:
    """Whether a small number is within counting error, and none at all stays below ten."""
    counted = events(gated, population)
    return counted < 10 if true == 0 else abs(counted - true) <= 2 * np.sqrt(true) + 3


def assert_no_parts_of_none(gated: GatedSample) -> None:
    """Of hardly any T cells nobody knows which kinds they are without."""
    assert {statuses(gated)[part] for part in PARTS_OF_T} == {"not_evaluable"}
    assert all(gated.reasons[part].startswith("parent too small: CD3_T with ") for part in PARTS_OF_T)


@pytest.fixture(scope="module")
def beside(usual_tubes: Tubes) -> tuple[GatedSample, ...]:
    """Return tubes with 0, 5, 20, 100 B cells, without T and without NK cells, gated beside usual ones."""
    odd = [
        *(few_b_cells(number, 40 + number) for number in B_CELLS),
        tube(WITHOUT_T, seed=51),
        tube({**BLOOD, "NK": 0}, seed=52),
    ]
    return gate([*samples(odd), *samples(usual_tubes[:5])], "tbnk")[:6]


@pytest.mark.parametrize(("place", "true"), list(enumerate(B_CELLS)))
def test_few_b_cells_beside_usual_tubes(beside: tuple[GatedSample, ...], place: int, true: int) -> None:
    assert is_right(beside[place], "B", true)


@pytest.mark.parametrize("true", B_CELLS)
def test_few_b_cells_alone_are_right_or_not_evaluable(true: int) -> None:
    alone = gate(few_b_cells(true, 60 + true).sample(), "tbnk")
    assert tallies(alone)["B"].events is None or is_right(alone, "B", true)


def test_no_t_cells_beside_usual_tubes(beside: tuple[GatedSample, ...]) -> None:
    truth = tube(WITHOUT_T, seed=51)
    assert events(beside[4], "CD3_T") < 10
    assert statuses(beside[4])["CD3_T"] == "not_detected"
    assert_no_parts_of_none(beside[4])
    assert is_close(beside[4], truth, "B")
    assert is_close(beside[4], truth, "NK")


def test_no_nk_cells_beside_usual_tubes(beside: tuple[GatedSample, ...]) -> None:
    truth = tube({**BLOOD, "NK": 0}, seed=52)
    assert events(beside[5], "NK") < 15
    assert is_close(beside[5], truth, "CD3_T")


def test_a_cohort_after_rituximab_has_no_b_cells_anywhere() -> None:
    """No tube shows where B cells would be: the threshold is that of T cells' tail, and says so."""
    tubes = [tube({**BLOOD, "B": 0}, seed=100 + number) for number in range(6)]
    for truth, gated in zip(tubes, gate(samples(tubes), "tbnk"), strict=True):
        assert events(gated, "B") < 10
        assert "gate.control_tail" in flags(gated, "B")
        assert is_close(gated, truth, "CD3_T")
        assert is_close(gated, truth, "NK")


def test_a_cohort_without_t_cells() -> None:
    tubes = [tube(WITHOUT_T, seed=160 + number) for number in range(5)]
    for gated in gate(samples(tubes), "tbnk"):
        assert statuses(gated)["CD3_T"] == "not_detected"
        assert_no_parts_of_none(gated)
        assert "gate.control_tail" in flags(gated, "CD3_T")


def test_a_cohort_without_nk_cells() -> None:
    tubes = [tube({**BLOOD, "NK": 0}, seed=180 + number) for number in range(5)]
    for truth, gated in zip(tubes, gate(samples(tubes), "tbnk"), strict=True):
        assert events(gated, "NK") < 20
        assert is_close(gated, truth, "B")


def test_a_cohort_with_hardly_any_lymphocytes_is_not_evaluable() -> None:
    """No tube has 40 of a kind: nothing says where the cloud lies, so nothing is said."""
    tubes = [tube(LYMPHOPENIC, seed=140 + number) for number in range(5)]
    for gated in gate(samples(tubes), "tbnk"):
        assert gated.reasons["CD3_T"] == (
            "lymphocyte_cloud: fewer than 40 certain lymphocytes of each kind, and no batch to learn from"
        )
        assert set(gated.masks) == {"beads", "singlets", "viable", "leukocytes"}
        assert "gate.no_lower_limit" in flags(gated, "leukocytes")


def test_lymphopenia_beside_usual_tubes_is_counted_with_a_flag(usual_tubes: Tubes) -> None:
    truth = tube(LYMPHOPENIC, seed=141)
    gated = gate([truth.sample(), *samples(usual_tubes[:5])], "tbnk")[0]
    assert "gate.batch_position" in flags(gated, "lymphocytes")
    for population in ("CD3_T", "NK"):
        assert is_close(gated, truth, population)
    # 0 of so few lymphocytes do not say that B cells are absent
    lymphocytes = events(gated, "lymphocytes")
    assert lymphocytes < 68
    assert tallies(gated)["B"].reason == (
        f"parent too small: lymphocytes with {lymphocytes} events; 68 are needed to see 10 % of them with "
        "95 % certainty"
    )


def test_early_visits_with_many_monocytes_do_not_count_them_as_nk_cells() -> None:
    """CD16 is on monocytes, too; a batch of only such tubes once learned to count twice the NK cells."""
    blood = {"CD4_T": 25, "CD8_T": 20, "DN_T": 4, "B": 2, "NK": 60, "monocytes": 600, "granulocytes": 2500}
    tubes = [tube(blood, seed=300 + number) for number in range(8)]
    for truth, gated in zip(tubes, gate(samples(tubes), "tbnk"), strict=True):
        assert tallies(gated)["NK"].events is None or events(gated, "NK") < 1.3 * truth.true("NK").events


@pytest.mark.parametrize("number", [1000, 5000])
def test_tubes_with_few_events_are_right_within_counting_error(number: int) -> None:
    tubes = [tube(seed=400 + seed, events=number) for seed in range(5)]
    for truth, gated in zip(tubes, gate(samples(tubes), "tbnk"), strict=True):
        for population in ("CD3_T", "CD4_T", "CD8_T", "B"):
            counted = tallies(gated)[population].events
            assert counted is None or is_close(gated, truth, population), population
        assert number == 1000 or "CD3_T" in gated.masks


def test_a_tube_with_next_to_nothing_in_it_is_no_error() -> None:
    """Ten events: every population says why it cannot be told."""
    gated = gate(tube(seed=1, events=10).sample(), "tbnk")
    assert gated.masks == {}
    assert {reason.partition(":")[0] for reason in gated.reasons.values()} <= {
        "one_cell",
        "no cloud of events bright in every channel",
    }
