"""NK cells told from monocytes beside T cells: by the batch, by the tube, else by one threshold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample, evidence_of
from cytorecon.gating.prior import ClusterPrior, GatingPrior, ThresholdPrior
from cytorecon.gating.shapes import Likelier, Threshold
from cytorecon.knowledge.template import ToldApartGate, sources_of
from cytorecon.knowledge.template.words import gate_in_words
from tests.gating.samples import Values, gated, made_template, valley

#: Means on CD4, side scatter and CD45, and their deviations; T cells (without CD4) lie beside NK cells.
PLACES = {
    "T": ((0.09, 0.59, 0.75), (0.07, 0.035, 0.022)),
    "NK": ((0.10, 0.62, 0.74), (0.08, 0.035, 0.022)),
    "monocytes": ((0.36, 0.72, 0.67), (0.10, 0.040, 0.030)),
}
TOLD = {
    "gate": "NK_like",
    "finder": "told_apart",
    "find_in": "CD16 and not CD3",
    "x": {"marker": "CD4"},
    "y": {"scatter": "side"},
    "further": [{"marker": "CD45"}],
    "seeds": ["CD16 and not (CD3 or CD4)"],
    "beside": ["CD3 and not CD4"],
    "coverage": 0.9999,
    "min_events": 60,
    "otherwise_outside": "CD4",
}
TEMPLATE = made_template(
    [valley("CD3"), valley("CD16"), valley("CD4"), TOLD], {"NK": "CD16 and NK_like and not CD3"}
)
THRESHOLDS = {name: ThresholdPrior(position=0.5, spread=0.001, tubes=9) for name in ("CD3", "CD16")} | {
    "CD4": ThresholdPrior(position=0.22, spread=0.001, tubes=9)
}
AWAY = ClusterPrior(
    mean=(0.01, 0.03, -0.01),
    covariance=((0.0064, 0.0, 0.0), (0.0, 0.001225, 0.0), (0.0, 0.0, 0.000484)),
    tubes=9,
)
BATCH = GatingPrior(tubes=9, thresholds=THRESHOLDS, clusters={"NK_like": AWAY})
ALONE = GatingPrior(tubes=9, thresholds=THRESHOLDS)


def blood(numbers: Mapping[str, int], seed: int = 1) -> dict[str, Values]:
    rng = np.random.default_rng(seed)
    kind = np.repeat(list(numbers), list(numbers.values()))
    place = np.concatenate([rng.normal(*PLACES[name], size=(n, 3)) for name, n in numbers.items()])
    light = {
        marker: np.where(bright, 0.8, 0.2) + 0.02 * rng.normal(size=kind.size)
        for marker, bright in (("CD3", kind == "T"), ("CD16", kind != "T"))
    }
    return {"CD4": place[:, 0], "SSC-A": place[:, 1], "CD45": place[:, 2], **light}


def told(result: GatedSample) -> FoundGate:
    return next(found for found in result.gates if found.gate == "NK_like")


@pytest.mark.parametrize(("prior", "others"), [(BATCH, 15), (ALONE, 25)], ids=["batch", "alone"])
def test_it_is_placed_beside_other_cells(prior: GatingPrior, others: int) -> None:
    numbers = {"T": 900, "NK": 600, "monocytes": 900}
    result = gated(blood(numbers), TEMPLATE, prior)
    (part,) = told(result).parts
    assert (part.method, part.standard_error) == ("told_apart", 1.0)
    assert isinstance(part.shape, Likelier)
    assert part.shape.channels == ("CD4", "SSC-A", "CD45")
    nk = result.mask("NK")
    assert nk[900:1500].sum() > 580
    assert nk[1500:].sum() < others
    (record,) = [record for record in result.records() if record.gate == "NK_like"]
    assert (record.kind, record.threshold, len(record.vertices)) == ("polygon", None, 72)


def test_it_follows_the_cells_beside_it() -> None:
    """A detector set otherwise moves T cells and NK cells alike."""
    moved = blood({"T": 900, "NK": 100, "monocytes": 900})
    moved["CD4"] = moved["CD4"] + 0.06
    result = gated(moved, TEMPLATE, BATCH)
    assert result.mask("NK")[900:1000].sum() >= 92
    assert result.mask("NK")[1000:].sum() <= 6


def test_a_tube_teaches_where_its_cloud_lies_beside_the_others() -> None:
    shown = evidence_of(gated(blood({"T": 900, "NK": 600, "monocytes": 900}), TEMPLATE, ALONE))["NK_like"]
    assert isinstance(shown, ClusterEstimate)
    assert np.allclose(shown.mean, AWAY.mean, atol=0.01)


@pytest.mark.parametrize("numbers", [{"T": 900, "NK": 30}, {"T": 20, "NK": 600, "monocytes": 900}])
def test_too_few_cells_teach_nothing(numbers: dict[str, int]) -> None:
    assert "NK_like" not in evidence_of(gated(blood(numbers), TEMPLATE, BATCH))


def test_where_nothing_says_how_to_tell_them_one_threshold_does() -> None:
    result = gated(blood({"T": 20, "NK": 30, "monocytes": 200}), TEMPLATE, ALONE)
    (part,) = told(result).parts
    assert part.shape == Threshold(("CD4",), 0.22, "below")
    assert (part.part, part.method) == ("NK_like", "batch")


def test_where_no_threshold_is_there_either_it_is_not_evaluable() -> None:
    prior = GatingPrior(tubes=9, thresholds={name: THRESHOLDS[name] for name in ("CD3", "CD16")})
    result = gated(blood({"T": 20, "NK": 30}), TEMPLATE, prior)
    assert told(result).status == "not_evaluable"
    assert result.reasons["NK"].startswith("NK_like: one mode only on CD4")


def test_a_missing_channel_is_said() -> None:
    columns = blood({"T": 900, "NK": 600})
    del columns["CD45"]
    found = told(gated(columns, TEMPLATE, BATCH))
    assert (found.status, found.reason) == ("not_evaluable", "the tube has no channel for CD45")


def test_clearly_other_numbers_than_by_single_thresholds_need_a_look() -> None:
    """The threshold lies within the NK cells: a quarter of them was lost to it."""
    low = THRESHOLDS | {"CD4": ThresholdPrior(position=0.14, spread=0.001, tubes=9)}
    result = gated(
        blood({"T": 900, "NK": 600, "monocytes": 900}),
        TEMPLATE,
        GatingPrior(tubes=9, thresholds=low, clusters={"NK_like": AWAY}),
    )
    assert told(result).parts[0].flags == ("gate.told_otherwise",)
    assert "gate.told_otherwise:NK_like" in result.review["NK"]


def test_moving_the_odds_moves_the_count() -> None:
    result = gated(blood({"T": 900, "NK": 600, "monocytes": 900}), TEMPLATE, BATCH)
    (move,) = [move for move in result.moves if move.gate == "NK_like"]
    fewest, most = move.events["NK"]
    assert fewest < int(result.mask("NK").sum()) < most


def test_what_odds_say_leaks_in_is_background() -> None:
    result = gated(blood({"T": 900, "NK": 20, "monocytes": 2000}), TEMPLATE, BATCH)
    assert 0.5 < result.detections["NK"].background < 5
    assert result.detections["NK"].detected


def test_it_says_in_words_what_it_does() -> None:
    spec = TEMPLATE.gate_by_name["NK_like"]
    assert isinstance(spec, ToldApartGate)
    assert sources_of(spec) == ("CD16 and not CD3", "CD16 and not (CD3 or CD4)", "CD3 and not CD4", "CD4")
    assert "where an event is likelier one of CD16 and not (CD3 or CD4) than of their neighbours by" in (
        gate_in_words(spec)
    )
