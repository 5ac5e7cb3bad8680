"""Kinds of events stand for the events: what is counted by kind is what is counted by event."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.gating.expressions import population_masks
from cytorecon.gating.kinds import distinct, kinds_of, turned
from tests.gating.samples import gated, made_template, mixture, valley


@given(st.integers(1, 40), st.integers(0, 60), st.integers(0, 1000))
def test_events_get_one_number_when_no_mask_tells_them_apart(masks: int, events: int, seed: int) -> None:
    rows = np.random.default_rng(seed).random((masks, events)) < 0.5
    rows[masks // 2 :] = rows[0]
    numbers = distinct(list(rows))
    alike = (rows[:, :, None] == rows[:, None, :]).all(axis=0)
    assert ((numbers[:, None] == numbers[None, :]) == alike).all()
    assert sorted(set(numbers.tolist())) == list(range(len(set(numbers.tolist()))))


TEMPLATE = made_template(
    [valley("CD3"), valley("CD19"), valley("CD56", find_in="not CD3")],
    {"T": "CD3 and not CD19", "B": "CD19 and not CD3", "NK": "CD56 and not (CD3 or CD19)"},
)


def test_a_gate_turned_over_by_kinds_is_one_turned_over_by_events() -> None:
    columns = {
        name: mixture([(300, 0.2, 0.03), (300, 0.7, 0.03)], seed=seed)[
            np.random.default_rng(seed).permutation(600)
        ]
        for seed, name in enumerate(("CD3", "CD19", "CD56"))
    }
    tube = gated(columns, TEMPLATE)
    kinds = kinds_of(tube)
    assert kinds.events.sum() == 600
    assert len(kinds.events) == 8
    other_ways = turned(TEMPLATE, kinds)
    for gate in tube.gate_masks:
        over = {**tube.gate_masks, gate: tube.everything & ~tube.gate_masks[gate]}
        by_event = population_masks(TEMPLATE, over, tube.everything)
        by_kind = other_ways.without(gate, kinds) @ kinds.events
        assert dict(zip(other_ways.populations, by_kind.tolist(), strict=True)) == {
            name: int(mask.sum()) for name, mask in by_event.items()
        }
