"""Bright cells apart from dim ones: what is kept, what is marked."""

from __future__ import annotations

from cytorecon.gating.gated import GatedSample
from tests.gating.samples import gated, made_template, mixture, valley

BRIGHT = {
    "gate": "CD8_bright",
    "finder": "bright_mode",
    "find_in": "CD8",
    "axis": {"marker": "CD8"},
    "deviations": 2.33,
    "min_events": 30,
}
TEMPLATE = made_template(
    [valley("CD8"), BRIGHT], {"CD8_T": "CD8_bright and CD8", "CD8dim_T": "CD8 and not CD8_bright"}
)


def tube(bright: int, dim: int) -> GatedSample:
    clouds = [(1500, 0.2, 0.04), (bright, 0.75, 0.03), (dim, 0.58, 0.02)]
    return gated({"CD8": mixture([cloud for cloud in clouds if cloud[0]], seed=2)}, TEMPLATE)


def flags(sample: GatedSample) -> tuple[str, ...]:
    found = sample.gates[1]
    return (*found.flags, *(code for part in found.parts for code in part.flags))


def test_dim_cells_are_a_population_of_their_own() -> None:
    sample = tube(1000, 100)
    assert abs(int(sample.mask("CD8_T").sum()) - 1000) < 30
    assert abs(int(sample.mask("CD8dim_T").sum()) - 100) < 30
    assert flags(sample) == ()


def test_many_dim_cells_are_marked() -> None:
    assert flags(tube(1000, 450)) == ("gate.many_dim",)


def test_too_few_cells_are_all_counted_and_marked() -> None:
    sample = tube(24, 0)
    assert int(sample.mask("CD8_T").sum()) == 24
    assert flags(sample) == ("gate.dim_included",)
    assert "gate.dim_included:CD8_bright" in sample.review["CD8_T"]
    assert sample.gates[1].reason == "24 positive cells, 30 are needed to tell bright from dim"


def test_a_cloud_alone_loses_hardly_a_cell() -> None:
    sample = tube(1000, 0)
    assert int(sample.mask("CD8_T").sum()) > 960
    assert flags(sample) == ()
