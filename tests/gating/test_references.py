"""Gates for markers without a valley, contours, and gates whose place the template states."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from cytorecon.errors import NotEvaluableError
from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample, evidence_of
from cytorecon.gating.prior import GatingPrior, ReferencePrior, ThresholdPrior, pool
from cytorecon.gating.shapes import Polygon, Threshold
from cytorecon.knowledge.review_flags import load_review_flags
from tests.gating.samples import Values, gated, made_template, mixture, valley

HELPERS, KILLERS = 2000, 1500


def tube(
    positive: int, *, helpers: int = HELPERS, killers: int = KILLERS, at: float = 0.6
) -> Mapping[str, Values]:
    """Return CD4 and CD8 T cells; `positive` of the CD4 T cells carry CD25, CD8 T cells lack it."""
    cd4 = mixture([(helpers, 0.7, 0.04), (killers, 0.15, 0.04)], seed=3)
    cd25 = mixture([(positive, at, 0.06), (helpers - positive, 0.25, 0.04), (killers, 0.25, 0.04)], seed=4)
    return {"CD4": cd4, "CD25": cd25, "SSC-A": np.full(cd4.size, 0.3)}


def reference(**fields: object) -> dict[str, object]:
    start = {"gate": "CD25", "finder": "reference_tail", "axis": {"marker": "CD25"}, "find_in": "CD4_T"}
    return {**start, "references": ["not CD4"], "deviations": 4, **fields}


def gate_tube(
    columns: Mapping[str, Values], prior: GatingPrior | None = None, **fields: object
) -> GatedSample:
    template = made_template(
        [valley("CD4"), reference(**fields)],
        {"CD4_T": "CD4", "Treg": "CD25"},
        {"Treg": "CD4_T"},
    )
    return gated(columns, template, prior)


def only(found: FoundGate) -> tuple[str, float, tuple[str, ...]]:
    assert found.status == "found"
    (part,) = found.parts
    assert isinstance(part.shape, Threshold)
    return part.method, part.shape.value, part.flags


def learned(position: float, spread: float = 0.02) -> GatingPrior:
    prior = ThresholdPrior(position=position, spread=spread, tubes=9)
    return GatingPrior(tubes=9, thresholds={"CD25": prior})


def test_positive_begins_where_cells_without_the_marker_end() -> None:
    result = gate_tube(tube(200))
    method, value, flags = only(result.gates[1])
    assert (method, flags) == ("reference_tail", ())
    assert value == pytest.approx(0.41, abs=0.01)
    assert int(result.mask("Treg").sum()) == pytest.approx(200, abs=5)


def test_no_positive_cell_gives_none() -> None:
    """A valley would have had to be invented; the end of the reference holds nothing."""
    assert int(gate_tube(tube(0)).mask("Treg").sum()) <= 3


def test_a_smeared_marker_says_so() -> None:
    """Positive cells that begin where the reference ends: the count depends on where the line is put."""
    result = gate_tube(tube(400, at=0.42))
    method, _, flags = only(result.gates[1])
    assert (method, flags) == ("reference_tail", ())
    assert result.review["Treg"] == ("gate.unstable:CD25",)


def test_too_few_reference_cells_without_a_batch_are_not_evaluable() -> None:
    result = gate_tube(tube(200, killers=60))
    found = result.gates[1]
    assert (found.status, found.reason) == (
        "not_evaluable",
        "fewer than 100 reference cells on CD25, and no batch to learn from",
    )
    with pytest.raises(NotEvaluableError):
        result.mask("Treg")


def test_too_few_reference_cells_in_a_batch_go_by_the_batch() -> None:
    result = gate_tube(tube(200, killers=60), learned(0.42))
    assert only(result.gates[1])[:2] == ("batch_tail", 0.42)


def test_in_a_batch_the_end_is_shrunk_towards_it() -> None:
    method, value, flags = only(gate_tube(tube(200), learned(0.43)).gates[1])
    assert (method, flags) == ("shrunk_to_batch", ())
    assert 0.41 < value < 0.43


def test_an_end_far_from_the_batch_needs_a_look() -> None:
    assert only(gate_tube(tube(200), learned(0.60, 0.01)).gates[1])[2][0] == "gate.outlier"


def test_the_next_reference_is_used_and_said() -> None:
    result = gate_tube(tube(200, killers=60), references=["not CD4", "CD4_T"])
    method, value, flags = only(result.gates[1])
    assert (method, flags) == ("reference_tail", ("gate.second_reference",))
    assert value == pytest.approx(0.41, abs=0.02)


def test_only_the_first_reference_teaches_the_batch() -> None:
    """Another reference ends elsewhere."""
    first = evidence_of(gate_tube(tube(200)))["CD25"]
    second = evidence_of(gate_tube(tube(200, killers=60), references=["not CD4", "CD4_T"]))["CD25"]
    assert pool([{"CD25": first}] * 8).thresholds["CD25"].position == pytest.approx(0.41, abs=0.01)
    assert pool([{"CD25": second}] * 8).thresholds == {}


def test_low_is_dimmer_than_cells_that_carry_the_marker() -> None:
    """CD127 of regulatory T cells, against the other CD4 T cells: not negative, but low."""
    columns = {
        "CD25": mixture([(200, 0.7, 0.04), (2000, 0.2, 0.04)], seed=1),
        "CD127": mixture([(200, 0.35, 0.04), (2000, 0.6, 0.04)], seed=2),
    }
    low = {"gate": "CD127_low", "finder": "reference_tail", "axis": {"marker": "CD127"}, "end": "lower"}
    template = made_template(
        [valley("CD25"), {**low, "references": ["not CD25"], "deviations": 3, "keep": "below"}],
        {"Treg": "CD25 and CD127_low"},
    )
    assert int(gated(columns, template).mask("Treg").sum()) == pytest.approx(200, abs=4)


def test_without_the_channel_it_is_not_evaluable_or_optional() -> None:
    columns = {name: column for name, column in tube(200).items() if name != "CD25"}
    found = gate_tube(columns).gates[1]
    assert (found.status, found.reason) == ("not_evaluable", "the tube has no channel for CD25")
    assert gate_tube(columns, optional=True).gates[1].status == "not_measured"


def test_a_set_in_two_channels_has_no_single_reference() -> None:
    found = gate_tube({**tube(200), "CD16": tube(9)["CD25"]}, axis={"marker": "CD25+CD16"}).gates[1]
    assert found.reason == "CD25+CD16 lies in 2 channels, a reference has one"


def test_its_codes_are_explained() -> None:
    assert {"gate.second_reference", "gate.unexpected_modes"} <= set(load_review_flags())


THREE = mixture([(1500, 0.1, 0.04), (600, 0.45, 0.04), (500, 0.8, 0.04)], seed=1)
TWO = mixture([(1500, 0.1, 0.04), (600, 0.45, 0.04)], seed=1)


@pytest.mark.parametrize(
    ("values", "expected", "flags"),
    [
        (THREE, [3], ()),
        (TWO, [3], ("gate.unexpected_modes",)),
        (TWO, [2, 3], ()),
        (TWO, [], ()),
    ],
)
def test_the_template_says_how_many_modes_make_its_cut_meaningful(
    values: Values, expected: list[int], flags: tuple[str, ...]
) -> None:
    """Below the brightest of two is another valley than below the brightest of three."""
    gate = valley("CD8", cut="below_brightest", expected_modes=expected)
    result = gated({"CD8": values}, made_template([gate], {"CD8_T": "CD8"}))
    assert only(result.gates[0])[2] == flags


def plane(**fields: object) -> FoundGate:
    columns = {"CD4": mixture([(900, 0.3, 0.04), (900, 0.8, 0.04)], seed=1)}
    columns["CD8"] = mixture([(900, 0.4, 0.04), (900, 0.1, 0.04)], seed=2)
    gate = {"gate": "cloud", "x": {"marker": "CD4"}, "y": {"marker": "CD8"}, **fields}
    return gated(columns, made_template([valley("CD4"), gate], {"cells": "cloud"})).gates[1]


def test_a_contour_holds_its_share_of_the_seeds() -> None:
    found = plane(finder="density_contour", seeds=["CD4"], coverage=0.9, min_events=100)
    assert [part.method for part in found.parts] == ["density_contour"]
    assert isinstance(found.parts[0].shape, Polygon)
    assert found.events_in == pytest.approx(0.9 * 900, abs=40)


def test_a_contour_needs_its_seeds() -> None:
    found = plane(finder="density_contour", seeds=["CD4"], coverage=0.9, min_events=1000)
    assert (found.status, found.reason) == ("not_evaluable", "900 certain cells, needs 1000")
    lacks = plane(finder="density_contour", seeds=["CD4"], coverage=0.9, min_events=9, y={"marker": "CD3"})
    assert lacks.reason == "the tube has no channel for CD3"


def test_a_fixed_ellipse_lies_where_the_template_says() -> None:
    found = plane(finder="fixed_ellipse", centre=[0.3, 0.4], radii=[0.2, 0.12], angle=90)
    (part,) = found.parts
    assert isinstance(part.shape, Polygon)
    x, y = np.array(part.shape.vertices).T
    assert (x.min(), x.max()) == (pytest.approx(0.18, abs=1e-3), pytest.approx(0.42, abs=1e-3))
    assert (y.min(), y.max()) == (pytest.approx(0.2, abs=1e-3), pytest.approx(0.6, abs=1e-3))
    assert part.method == "fixed"
    assert found.events_in == pytest.approx(890, abs=12)
    lacks = plane(finder="fixed_ellipse", centre=[0, 0], radii=[1, 1], x={"marker": "CD3"})
    assert lacks.reason == "the tube has no channel for CD3"


def test_a_fixed_threshold_lies_where_the_template_says() -> None:
    gate = {"gate": "CD4", "finder": "fixed_threshold", "axis": {"marker": "CD4"}, "value": 0.5}
    template = made_template([gate], {"CD4_T": "CD4"})
    assert only(gated(tube(0), template).gates[0]) == ("fixed", 0.5, ())
    assert int(gated(tube(0), template).mask("CD4_T").sum()) == HELPERS
    lacks = gated({"CD8": THREE}, template).gates[0]
    assert (lacks.status, lacks.reason) == ("not_evaluable", "the tube has no channel for CD4")


def test_an_fmo_tube_says_where_a_smeared_marker_begins() -> None:
    """In place of the cells of the same tube; what those would have said stays as the alternative."""
    end = ReferencePrior(position=0.55, standard_error=0.02, events=2000, tubes=1)
    found = gate_tube(tube(300), GatingPrior(tubes=8, references={"CD25": end}))
    (gate,) = (each for each in found.gates if each.gate == "CD25")
    (part,) = gate.parts
    assert (part.method, part.standard_error) == ("fmo", 0.02)
    assert isinstance(part.shape, Threshold)
    assert part.shape.value == 0.55
    assert part.alternative == pytest.approx(0.41, abs=0.02)
