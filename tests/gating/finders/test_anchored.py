"""Thresholds of subsets that may hold one population only."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.estimates import ValleyEstimate
from cytorecon.gating.finders.anchored import anchor_valley, anchored_threshold
from tests.gating.samples import mixture

ANCHOR = ValleyEstimate(position=0.45, standard_error=0.004, depth=0.8, below=1000, above=1000)
NEGATIVE, POSITIVE = (1500, 0.25, 0.05), (1500, 0.62, 0.05)


def values(*clouds: tuple[int, float, float]) -> np.ndarray:
    return mixture(list(clouds), seed=4).astype(np.float32)


def test_modes_on_either_side_of_the_anchor_part_in_their_own_valley() -> None:
    found = anchored_threshold(values((900, 0.15, 0.04), (900, 0.52, 0.05)), ANCHOR, "anchor")
    assert found.method == "own_valley"
    assert found.agrees
    assert 0.25 < found.position < 0.40


@pytest.mark.parametrize("only", [NEGATIVE, POSITIVE])
def test_one_mode_goes_by_the_anchor(only: tuple[int, float, float]) -> None:
    found = anchored_threshold(values(only), ANCHOR, "anchor")
    assert (found.method, found.position) == ("anchor", 0.45)


def test_no_events_go_by_the_anchor() -> None:
    assert anchored_threshold(np.empty(0, dtype=np.float32), ANCHOR, "mirror").method == "anchor"


def test_positive_cells_alone_are_never_taken_for_negative_ones() -> None:
    alone = values(POSITIVE)
    found = anchored_threshold(alone, ANCHOR, "mirror")
    assert found.method == "anchor"
    assert (alone >= found.position).mean() > 0.99


def test_a_shoulder_begins_where_it_outweighs_the_mirror_image() -> None:
    shoulder = np.random.default_rng(4).uniform(0.30, 0.45, 700).astype(np.float32)
    found = anchored_threshold(np.concatenate([values((1500, 0.25, 0.03)), shoulder]), ANCHOR, "mirror")
    assert found.method == "mirror"
    assert 0.29 < found.position < 0.36


def test_negative_cells_alone_have_hardly_a_positive_one() -> None:
    alone = values(NEGATIVE)
    found = anchored_threshold(alone, ANCHOR, "mirror")
    assert found.position <= ANCHOR.position
    assert (alone >= found.position).mean() < 0.03


def test_two_modes_on_one_side_contradict_the_anchor() -> None:
    found = anchored_threshold(values((900, 0.10, 0.03), (900, 0.35, 0.03)), ANCHOR, "mirror")
    assert not found.agrees
    assert 0.17 < found.position < 0.28


def test_the_anchor_is_the_brightest_deep_valley() -> None:
    """Two kinds of cells whose negatives differ: the valley between the negatives may be the deepest."""
    three = values((1500, 0.05, 0.03), (1500, 0.40, 0.06), (1500, 0.72, 0.05))
    found = anchor_valley(three)
    assert found is not None
    assert 0.5 < found.position < 0.64


def test_one_mode_is_no_anchor() -> None:
    assert anchor_valley(values(NEGATIVE)) is None
    assert anchor_valley(np.empty(0, dtype=np.float32)) is None
