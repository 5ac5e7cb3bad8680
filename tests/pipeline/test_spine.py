"""One sample, several samples, and panels that are not what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import cytorecon as cr
from cytorecon.errors import NotEvaluableError, PanelError
from cytorecon.simulate import SimulatedTube, simulate_tube, tube_spec

BLOOD = {"CD4_T": 300, "CD8_T": 250, "B": 90, "NK": 110, "monocytes": 300, "granulocytes": 2500}
EVENTS = 8000


def tube(
    seed: int, *, forced: dict[str, int] | None = None, beads: float = 50_000, **blood: float
) -> SimulatedTube:
    """Return a tube with some concentrations changed."""
    spec = tube_spec(
        concentrations={**BLOOD, **blood}, events=EVENTS, forced_events=forced or {}, beads_per_tube=beads
    )
    return simulate_tube(spec, seed=seed)


@pytest.fixture(scope="module")
def batch() -> tuple[SimulatedTube, ...]:
    """Return six ordinary tubes."""
    return tuple(tube(seed) for seed in range(6))


def gated(tubes: Sequence[SimulatedTube]) -> tuple[cr.GatedSample, ...]:
    return cr.gate([one.sample() for one in tubes], "tbnk")


@pytest.mark.parametrize("population", ["CD3_T", "CD4_T", "CD8_T", "B", "NK"])
def test_one_tube_alone_finds_what_is_there(batch: tuple[SimulatedTube, ...], population: str) -> None:
    found = cr.gate(batch[0].sample(), "tbnk").mask(population)
    true = batch[0].mask(population)
    assert found.dtype == np.bool_
    assert found.shape == (len(batch[0].events),)
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.9


def test_the_order_of_samples_changes_nothing(batch: tuple[SimulatedTube, ...]) -> None:
    forward, backward = gated(batch), gated(batch[::-1])[::-1]
    for one, other in zip(forward, backward, strict=True):
        assert one.gates_version == other.gates_version


def test_children_lie_inside_parents_and_t_cells_add_up(batch: tuple[SimulatedTube, ...]) -> None:
    for one in gated(batch):
        for entry in one.template.populations:
            if entry.parent != "root":
                assert not (one.masks[entry.population] & ~one.masks[entry.parent]).any()
        parts = sum(int(one.mask(name).sum()) for name in ("CD4_T", "CD8_T", "DP_T", "DN_T"))
        assert parts == int(one.mask("CD3_T").sum())


@pytest.mark.parametrize("true", [0, 5, 20, 100])
def test_few_b_cells_in_a_batch(batch: tuple[SimulatedTube, ...], true: int) -> None:
    few = [tube(50 + seed, forced={"B": true}) for seed in range(3)]
    for one in gated([*batch, *few])[len(batch) :]:
        counted = int(one.mask("B").sum())
        assert abs(counted - true) <= (9 if true < 20 else 2 * np.sqrt(true) + 3)


def test_no_b_cells_anywhere_are_never_invented() -> None:
    for one in gated([tube(70 + seed, forced={"B": 0}) for seed in range(5)]):
        if "B" in one.masks:
            assert int(one.mask("B").sum()) < 10


def test_no_b_cells_in_a_tube_alone_are_never_invented() -> None:
    for seed in range(4):
        one = cr.gate(tube(90 + seed, forced={"B": 0}).sample(), "tbnk")
        if "B" in one.masks:
            assert int(one.mask("B").sum()) < 10
        else:
            with pytest.raises(NotEvaluableError, match="population 'B' is not evaluable: "):
                one.mask("B")


def test_a_panel_without_cd3_is_refused_by_name() -> None:
    sample = tube(1).sample()
    channels = tuple(
        replace(channel, markers=frozenset({"CD2"}), marker_text="CD2 FITC")
        if "CD3" in channel.markers
        else channel
        for channel in sample.channels
    )
    with pytest.raises(PanelError, match=r"The panel lacks what is needed: CD3 \(not found\)\."):
        cr.gate(replace(sample, channels=channels), "tbnk")


def test_the_user_may_say_which_channel_it_is() -> None:
    sample = tube(1).sample()
    channels = tuple(
        replace(channel, markers=frozenset(), marker_text="") if "CD3" in channel.markers else channel
        for channel in sample.channels
    )
    named = cr.gate(replace(sample, channels=channels), "tbnk", mapping={"CD3": "FITC-A"})
    assert np.array_equal(named.mask("CD3_T"), cr.gate(sample, "tbnk").mask("CD3_T"))


def test_a_tube_without_beads_has_none_and_all_else() -> None:
    one = cr.gate(tube(2, beads=0).sample(), "tbnk")
    with pytest.raises(NotEvaluableError) as caught:
        one.mask("beads")
    assert str(caught.value) == (
        "template tbnk: population 'beads' is not evaluable: no cloud of events bright in every channel "
        f"Allowed: {', '.join(one.populations)}."
    )
    assert int(one.mask("CD3_T").sum()) > 300
    assert not [issue for issue in one.issues if issue.code == "gate.not_evaluable"]


def test_counts_are_a_table_with_intervals() -> None:
    table = cr.gate(tube(3).sample(), "tbnk").counts().set_index("population")
    row = table.loc["CD4_T"]
    assert row["percent_of_parent_low"] < row["percent_of_parent"] < row["percent_of_parent_high"]
    assert row["percent_of_lymphocytes"] < row["percent_of_parent"]
