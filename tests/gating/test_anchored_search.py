"""Subsets that lean on other cells of their tube, and what is marked when they cannot."""

from __future__ import annotations

import numpy as np

from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Threshold
from tests.gating.samples import gated, made_template, mixture, valley

CCR7 = {
    "gate": "naive_CCR7",
    "finder": "anchored_valley",
    "find_in": "CD4",
    "axis": {"marker": "CCR7"},
    "anchors": ["all", "CD4"],
}
RA = {
    "gate": "CD8_RA",
    "finder": "shifted",
    "find_in": "not CD4",
    "axis": {"marker": "RA"},
    "like": "CD4_RA",
    "reference": "CD4_RA and not CD4",
    "like_reference": "CD4_RA and CD4",
    "largest_shift": 0.12,
}
CD4_RA = {**CCR7, "gate": "CD4_RA", "axis": {"marker": "RA"}, "anchors": ["CD4"]}
TEMPLATE = made_template([valley("CD4"), CCR7], {"naive": "CD4 and naive_CCR7"})
BORROWED = made_template([valley("CD4"), CD4_RA, RA], {"CD8_naive": "CD8_RA and not CD4"})

Cloud = tuple[int, float, float]


def tube(cd4: list[Cloud], others: list[Cloud]) -> GatedSample:
    """CD4 cells and others, each with clouds of CCR7."""
    return gated(_columns("CCR7", cd4, others), TEMPLATE)


def borrowed(cd4: list[Cloud], others: list[Cloud]) -> FoundGate:
    """The CD45RA gate of cells without CD4."""
    return gated(_columns("RA", cd4, others), BORROWED).gates[2]


def _columns(marker: str, cd4: list[Cloud], others: list[Cloud]) -> dict[str, np.ndarray]:
    counts = [sum(cloud[0] for cloud in clouds) for clouds in (cd4, others)]
    lineage = np.concatenate(
        [mixture([(counts[0], 0.7, 0.03)], seed=1), mixture([(counts[1], 0.2, 0.03)], seed=2)]
    )
    return {"CD4": lineage, marker: np.concatenate([mixture(cd4, seed=3), mixture(others, seed=4)])}


def only(gate: FoundGate) -> tuple[str, tuple[str, ...], float]:
    (part,) = gate.parts
    assert isinstance(part.shape, Threshold)
    return part.method, part.flags, part.shape.value


def test_naive_cells_alone_are_counted_by_the_anchor_of_all_cells() -> None:
    sample = tube([(1000, 0.6, 0.04)], [(1500, 0.2, 0.04), (1500, 0.6, 0.04)])
    assert int(sample.mask("naive").sum()) == 1000
    assert only(sample.gates[1])[:2] == ("anchor", ())


def test_without_naive_cells_there_are_none() -> None:
    sample = tube([(1000, 0.2, 0.04)], [(1500, 0.2, 0.04), (1500, 0.6, 0.04)])
    assert int(sample.mask("naive").sum()) <= 1


def test_an_anchor_from_fewer_cells_is_marked() -> None:
    sample = tube([(400, 0.2, 0.03), (400, 0.6, 0.03)], [(9000, 0.4, 0.12)])
    assert "gate.other_anchor:naive_CCR7" in sample.review["naive"]


def test_without_any_valley_nothing_is_counted() -> None:
    sample = tube([(1000, 0.5, 0.05)], [(2000, 0.5, 0.05)])
    assert sample.reasons["naive"] == "naive_CCR7: one mode only on CCR7 in all and in CD4"


def test_a_contradiction_is_marked() -> None:
    sample = tube([(500, 0.1, 0.03), (500, 0.35, 0.03)], [(3000, 0.35, 0.03), (6000, 0.75, 0.03)])
    assert "gate.against_anchor:naive_CCR7" in sample.review["naive"]


def test_a_threshold_in_the_midst_of_cells_is_marked() -> None:
    sample = tube([(1000, 0.42, 0.05)], [(1500, 0.2, 0.04), (1500, 0.62, 0.04)])
    assert "gate.unstable:naive_CCR7" in sample.review["naive"]


def test_a_borrowed_threshold_moves_with_the_reference_cells() -> None:
    cd4 = [(1000, 0.2, 0.05), (1000, 0.65, 0.03)]
    _, _, own = only(borrowed(cd4, [(500, 0.2, 0.05), (1000, 0.65, 0.03)]))
    method, flags, moved = only(borrowed(cd4, [(500, 0.2, 0.05), (1000, 0.73, 0.03)]))
    assert (method, flags) == ("shifted", ())
    assert 0.06 < moved - own < 0.12


def test_too_few_reference_cells_or_too_far_apart_move_nothing() -> None:
    cd4 = [(1000, 0.15, 0.04), (1000, 0.55, 0.03)]
    few = only(borrowed(cd4, [(500, 0.15, 0.04), (50, 0.6, 0.03)]))
    far = only(borrowed(cd4, [(500, 0.15, 0.04), (1000, 0.85, 0.03)]))
    assert few[1] == far[1] == ("gate.not_shifted",)
    assert abs(few[2] - far[2]) < 1e-6


def test_nothing_can_be_borrowed_from_a_gate_that_holds_nothing() -> None:
    found = borrowed([(1000, 0.2, 0.05)], [(500, 0.2, 0.05)])
    assert found.status == "not_evaluable"
    assert found.reason == "there is no threshold of CD4_RA"
