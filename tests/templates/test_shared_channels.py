"""Two markers in one channel: which of the two a cell carries is told by another marker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cytorecon as cr
from cytorecon.gating.gated import GatedSample
from cytorecon.simulate import TubeSpec, load_settings, simulate_tube
from tests.templates.agreement import agrees
from tests.templates.linear import read_tube
from tests.templates.tubes import GRANULOCYTE, Cells, MadeTube, made_tube

HIGH = 0.7
CELLS = [
    Cells("4", 1200, {"CD3": HIGH, "CD4": HIGH, "CD45": 0.8}),
    Cells("8", 900, {"CD3": HIGH, "CD8": HIGH, "CD45": 0.8}),
    Cells("gd", 200, {"CD3": 0.75, "CD19": 0.72, "CD45": 0.8}),
    Cells("B naive", 400, {"CD19": 0.6, "CD8": 0.66, "CD4": 0.62, "CD45": 0.8}),
    Cells("B switched", 200, {"CD19": 0.6, "CD27": 0.55, "CD45": 0.8}),
    Cells("NK", 400, {"CD45": 0.8}),
    Cells("neutrophils", 3000, {"CD45": 0.65}, GRANULOCYTE),
]
MARKERS = ("CD3", "CD4", "CD8", "CD19", "CD27", "CD45")
SHARED = {"CD4": "CD4+SmIgM", "CD8": "CD8+SmIgD", "CD19": "CD19+TCRgd"}


@pytest.fixture(scope="module")
def made() -> MadeTube:
    return made_tube(CELLS, MARKERS)


@pytest.fixture(scope="module")
def sample(made: MadeTube, tmp_path_factory: pytest.TempPathFactory) -> cr.Sample:
    path: Path = tmp_path_factory.mktemp("shared") / "a.fcs"
    return read_tube(str(path), made, {name: SHARED.get(name, name) for name in MARKERS})


def none_of(gated: GatedSample, population: str, made: MadeTube, *kinds: str) -> None:
    """Assert that at most one in a hundred cells of the `kinds` is in the population."""
    wrong = int((gated.mask(population) & made.events(*kinds)).sum())
    assert wrong <= 0.01 * int(made.events(*kinds).sum()), (population, kinds, wrong)


def test_cd8_with_igd_and_cd4_with_igm_are_told_apart_by_cd3(sample: cr.Sample, made: MadeTube) -> None:
    """Naive B cells are as bright in the channel as CD8 T cells, and are none."""
    gated = cr.gate(sample, "t_cd4_cd8")
    agrees(gated, made, "CD8_T", "8")
    agrees(gated, made, "CD4_T", "4")
    for population in ("CD3_T", "CD4_T", "CD8_T", "CD8dim_T", "DP_T"):
        none_of(gated, population, made, "B naive", "B switched")


def test_igd_in_the_channel_of_cd8_is_told_apart_by_cd19(sample: cr.Sample, made: MadeTube) -> None:
    gated = cr.gate(sample, "b_maturation")
    agrees(gated, made, "B_naive", "B naive")
    agrees(gated, made, "B_switched_memory", "B switched", at_least=0.93)
    none_of(gated, "B_naive", made, "8", "4")


def test_cd19_and_tcrgd_are_told_apart_by_cd3(sample: cr.Sample, made: MadeTube) -> None:
    gated = cr.gate(sample, "gamma_delta")
    agrees(gated, made, "gdT", "gd")
    agrees(gated, made, "B", "B naive", "B switched")
    none_of(gated, "gdT", made, "B naive", "B switched")
    none_of(gated, "B", made, "gd")


def test_cd16_and_cd56_in_one_channel_are_nk_cells_without_cd3_and_nkt_like_with_it() -> None:
    settings = load_settings()
    spec = TubeSpec(concentrations=settings.example_blood.values, events=40_000)
    tube = simulate_tube(spec, seed=5, settings=settings)
    gated = cr.gate(tube.sample(), "tbnk")
    nk, nkt_like = tube.mask("NK"), tube.mask("NKT_like")
    found = gated.mask("NK")
    assert (found & nk).sum() >= 0.95 * nk.sum()
    assert (found & nk).sum() >= 0.95 * found.sum()
    assert (found & nkt_like).sum() <= 0.01 * nkt_like.sum()
    alike = gated.mask("NKT_like")
    assert (alike & nk).sum() <= 0.01 * nk.sum()
    assert not np.any(alike & ~gated.mask("CD3_T"))
    # T cells carry little CD16 and CD56, and the threshold is that of NK cells.
    assert (alike & nkt_like).sum() >= 0.8 * nkt_like.sum()
    assert (alike & nkt_like).sum() >= 0.8 * alike.sum()
