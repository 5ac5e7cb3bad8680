"""Cells that a cloud has lost to its neighbours are missing from all that should hold them."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.counts import count_populations
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import GatingPrior, ThresholdPrior
from cytorecon.gating.told_from import OUTSIDE, told_otherwise
from tests.gating.samples import gated, made_template, valley
from tests.gating.test_told_apart_search import AWAY, BATCH, THRESHOLDS, TOLD, blood

TEMPLATE = made_template(
    [valley("CD3"), valley("CD16"), valley("CD4"), TOLD],
    {
        "lymphocytes": "CD3 or (CD16 and NK_like and not CD3)",
        "CD3_T": "CD3",
        "NK": "CD16 and NK_like and not CD3",
    },
    {"CD3_T": "lymphocytes", "NK": "lymphocytes"},
)
T_CELLS, NK_CELLS = 900, 200


def tube(side: float, monocytes: int = 600, nk_cells: int = NK_CELLS) -> GatedSample:
    """Return a tube whose NK cells scatter so much more than those of the batch."""
    columns = blood({"T": T_CELLS, "NK": nk_cells, "monocytes": monocytes})
    columns["SSC-A"][T_CELLS : T_CELLS + nk_cells] += side
    return gated(columns, TEMPLATE, BATCH)


@pytest.fixture(scope="module")
def lost() -> GatedSample:
    result = tube(side=0.15)
    assert result.mask("NK")[T_CELLS : T_CELLS + NK_CELLS].sum() < 0.2 * NK_CELLS
    return result


def test_the_whole_that_lacks_them_is_in_doubt_with_them_and_its_other_parts_are_not(
    lost: GatedSample,
) -> None:
    assert "gate.told_otherwise:NK_like" in lost.review["NK"]
    assert "gate.told_otherwise:NK_like" in lost.review["lymphocytes"]
    assert lost.review["CD3_T"] == ()


def test_the_interval_of_a_share_of_the_whole_holds_the_share_with_them(lost: GatedSample) -> None:
    shares = {count.population: count for count in count_populations(lost.tallies())}
    true = 100 * T_CELLS / (T_CELLS + NK_CELLS)
    t_cells, usual = shares["CD3_T"], count_populations(tube(side=0).tallies())[1]
    assert t_cells.percent_of_lymphocytes is not None
    assert t_cells.percent_of_lymphocytes_low is not None
    assert t_cells.percent_of_lymphocytes_low < true < 0.9 * t_cells.percent_of_lymphocytes
    assert usual.percent_of_lymphocytes_low is not None
    assert usual.percent_of_lymphocytes_low > 0.95 * true


def test_a_cloud_without_doubt_moves_nothing() -> None:
    usual = tube(side=0)
    assert usual.review == dict.fromkeys(["lymphocytes", "CD3_T", "NK"], ())
    assert told_otherwise(usual, usual.review) == ()


def test_certain_cells_outside_are_as_good_as_a_doubt_about_the_cloud(lost: GatedSample) -> None:
    (move,) = told_otherwise(lost, {"NK": (OUTSIDE,)})
    assert (move.gate, move.to, set(move.events)) == ("NK_like", "otherwise", {"lymphocytes", "NK"})
    fewest, most = move.events["lymphocytes"]
    assert fewest == lost.mask("lymphocytes").sum() < T_CELLS + NK_CELLS - 150
    assert most > T_CELLS + 0.8 * NK_CELLS
    assert told_otherwise(lost, {"CD3_T": (OUTSIDE,)}) == ()


def test_a_doubt_about_a_few_cells_leaves_the_whole_alone() -> None:
    """Four of a hundred lymphocytes are lost: less than counts are known to."""
    few = tube(side=0.15, monocytes=100, nk_cells=35)
    assert "gate.told_otherwise:NK_like" in few.review["NK"]
    assert few.review["lymphocytes"] == ()


@pytest.mark.parametrize(("above", "explained"), [(0.25, True), (0.0, False)])
def test_more_cells_than_a_threshold_leaves_are_explained_where_it_takes_as_many_certain_ones(
    above: float, explained: bool
) -> None:
    """A quarter of the NK cells lies above the threshold of CD4, and of T cells without CD4, too."""
    spec = TEMPLATE.gate_by_name["NK_like"].model_copy(update={"certain_outside": ("CD3_T",)})
    gates = tuple(spec if gate.gate == "NK_like" else gate for gate in TEMPLATE.gates)
    template = TEMPLATE.model_copy(update={"gates": gates})
    columns = blood({"T": T_CELLS, "NK": 600, "monocytes": 900})
    columns["CD4"][:T_CELLS] = np.where(np.arange(T_CELLS) < above * T_CELLS, 0.17, 0.09)
    low = THRESHOLDS | {"CD4": ThresholdPrior(position=0.14, spread=0.001, tubes=9)}
    result = gated(columns, template, GatingPrior(tubes=9, thresholds=low, clusters={"NK_like": AWAY}))
    assert result.mask("NK")[T_CELLS : T_CELLS + 600].sum() > 560
    assert ("gate.told_otherwise:NK_like" not in result.review["NK"]) is explained
