"""Dilution in silico."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.dilution import DilutedTube, scenarios
from cytorecon.evaluate.labelled import Labelled
from tests.evaluate.labelled_sets import made_tube


@dataclass(frozen=True)
class Kept:
    """A labelled tube in memory."""

    tube: str
    seed: int = 1
    patient: str = "P01"
    group: str = "all"
    planted: Mapping[str, int] = field(default_factory=dict)
    masks: bool = True

    def read(self) -> Labelled:
        made = made_tube(self.seed, events=3000)
        masks = {name: made.mask(name) for name in ("lymphocytes", "CD4_T", "B")}
        if self.masks:
            return Labelled.of_masks(made.sample(), masks)
        return Labelled(made.sample(), {}, {name: int(mask.sum()) for name, mask in masks.items()})


@pytest.mark.parametrize("cells", [0, 5, 20])
def test_so_many_cells_are_left_and_all_others_stay(cells: int) -> None:
    whole = Kept("a").read()
    diluted = DilutedTube(Kept("a"), "B", cells, seed=3).read()
    assert diluted.counts["B"] == cells
    assert diluted.counts["CD4_T"] == whole.counts["CD4_T"]
    assert diluted.counts["lymphocytes"] == whole.counts["lymphocytes"] - whole.counts["B"] + cells
    others = whole.sample.events[~whole.masks["B"]]
    assert np.array_equal(diluted.sample.events[~diluted.masks["B"]], others)


def test_fewer_cells_are_some_of_more() -> None:
    few, many = (DilutedTube(Kept("a"), "B", cells, seed=3).read() for cells in (5, 20))
    left = {row.tobytes() for row in many.sample.events[many.masks["B"]]}
    assert {row.tobytes() for row in few.sample.events[few.masks["B"]]} <= left


def test_another_seed_leaves_others() -> None:
    one, other = (DilutedTube(Kept("a"), "B", 5, seed=seed).read() for seed in (1, 2))
    assert not np.array_equal(one.sample.events[one.masks["B"]], other.sample.events[other.masks["B"]])


@pytest.mark.parametrize(
    ("tube", "cells", "message"),
    [
        (
            Kept("a"),
            10**6,
            "tube a, B: The tube cannot be diluted. Found: 129 cells. Allowed: 1000000 or more.",
        ),
        (
            Kept("a", masks=False),
            0,
            "tube a, B: The tube cannot be diluted. Found: no label per event. Allowed: 0 or more.",
        ),
    ],
)
def test_what_cannot_be_diluted(tube: Kept, cells: int, message: str) -> None:
    with pytest.raises(CytoreconError) as caught:
        DilutedTube(tube, "B", cells, seed=1).read()
    assert str(caught.value) == message


def test_one_tube_of_a_batch_is_diluted_at_a_time() -> None:
    asked = list(scenarios([Kept("a"), Kept("b", seed=2)], ["B"], [0, 5, 10**6], draws=2))
    assert [(one.diluted.tube, one.diluted.cells, one.draw) for one in asked] == [
        ("a", 0, 1), ("a", 0, 2), ("a", 5, 1), ("a", 5, 2),
        ("b", 0, 1), ("b", 0, 2), ("b", 5, 1), ("b", 5, 2),
    ]  # fmt: skip
    assert [type(tube).__name__ for tube in asked[0].batch] == ["DilutedTube", "Kept"]
    assert asked[0].diluted.planted == {"B": 0}
    assert len({one.diluted.seed for one in asked}) == 4  # the same for every number of cells
