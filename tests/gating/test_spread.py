from __future__ import annotations

import math

import pytest

from cytorecon.gating.certainty import Move
from cytorecon.gating.spread import gate_spread
from cytorecon.results import GateSpread

EVENTS = {"lymphocytes": 1000, "CD3_T": 700, "B": 100}
OF_LYMPHOCYTES = {"of_lymphocytes": "lymphocytes"}


def move(gate: str, sides: dict[str, tuple[int, ...]], to: str = "uncertainty") -> Move:
    events = {name: (min(EVENTS[name], *ends), max(EVENTS[name], *ends)) for name, ends in sides.items()}
    return Move(gate, gate, to, events, sides)


def change(events: int, now: int) -> float:
    return math.log((events + 0.5) / (now + 0.5))


def test_the_spread_of_one_gate_is_the_root_mean_square_of_both_sides() -> None:
    spread = gate_spread("B", EVENTS, {}, [move("CD19", {"B": (90, 130)})])
    assert spread.events == pytest.approx(math.sqrt((change(90, 100) ** 2 + change(130, 100) ** 2) / 2))


def test_gates_add_as_squares_and_alternatives_do_not_count() -> None:
    one, other = move("CD19", {"B": (90, 110)}), move("CD3", {"B": (95, 105)})
    alone = [gate_spread("B", EVENTS, {}, [each]).events for each in (one, other)]
    together = gate_spread("B", EVENTS, {}, [one, other, move("CD3", {"B": (10,)}, "alternative")])
    assert together.events == pytest.approx(math.hypot(*alone))


def test_a_gate_that_moves_part_and_whole_alike_leaves_the_share() -> None:
    both = move("lymphocytes", {"B": (90, 110), "lymphocytes": (900, 1100)})
    spread = gate_spread("B", EVENTS, OF_LYMPHOCYTES, [both])
    assert spread.events > 0.09
    assert spread.of_lymphocytes < 0.001


def test_a_gate_that_moves_only_the_whole_moves_the_share() -> None:
    spread = gate_spread("B", EVENTS, OF_LYMPHOCYTES, [move("CD45", {"lymphocytes": (900, 1100)})])
    assert spread.events == 0
    assert spread.of_lymphocytes == pytest.approx(0.1, rel=0.02)


def test_what_no_gate_moves_has_none() -> None:
    assert gate_spread("CD3_T", EVENTS, OF_LYMPHOCYTES, []) == GateSpread()


def test_no_events_that_could_be_some_have_a_spread() -> None:
    empty = EVENTS | {"B": 0}
    spread = gate_spread("B", empty, {}, [Move("CD19", "CD19", "uncertainty", {"B": (0, 4)}, {"B": (0, 4)})])
    assert spread.events == pytest.approx(math.log(9) / math.sqrt(2))
