"""The result of gating one tube: masks, tallies, records."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.errors import NotEvaluableError
from cytorecon.gating.gated import GatedSample
from tests.gating.samples import Values, gated, made_template, mixture, valley

RNG = np.random.default_rng(2)
IS_T = RNG.random(4000) < 0.4
IS_B = ~IS_T & (RNG.random(4000) < 0.2)


def light(bright: np.ndarray) -> Values:
    return np.where(bright, 0.75, 0.2) + 0.03 * RNG.normal(size=4000)


BLOOD = {
    "CD45": light(IS_T | IS_B),
    "CD3": light(IS_T),
    "CD19": light(IS_B),
    "CD8": mixture([(4000, 0.2, 0.03)], seed=1),
}
TEMPLATE = made_template(
    [valley("CD45"), valley("CD3"), valley("CD19"), valley("CD8"), valley("dye", optional=True)],
    {
        "viable": "dye",
        "leukocytes": "CD45",
        "lymphocytes": "CD3 or CD19",
        "CD3_T": "CD3",
        "B": "CD19 and not CD3",
        "CD8_T": "CD8",
        "debris": "not CD45",
    },
    {
        "leukocytes": "viable",
        "lymphocytes": "leukocytes",
        "CD3_T": "lymphocytes",
        "B": "lymphocytes",
        "CD8_T": "CD3_T",
    },
)


@pytest.fixture(scope="module")
def result() -> GatedSample:
    return gated(BLOOD, TEMPLATE)


def test_a_mask_marks_the_events(result: GatedSample) -> None:
    assert result.mask("CD3_T").tolist() == IS_T.tolist()
    assert result.mask("B").tolist() == IS_B.tolist()


def test_a_population_that_is_not_evaluable_raises_with_its_reason(result: GatedSample) -> None:
    with pytest.raises(NotEvaluableError) as caught:
        result.mask("CD8_T")
    assert str(caught.value) == (
        "template made: population 'CD8_T' is not evaluable: CD8: one mode only on CD8 (4000 events); "
        "neither other tubes nor control cells show where to cut Allowed: leukocytes, lymphocytes, CD3_T, B, "
        "debris."
    )


def test_a_gated_sample_says_in_a_line_what_it_is(result: GatedSample) -> None:
    assert repr(result) == (
        f"<GatedSample of 4000 events, template made {result.template.version}, 5 of 7 populations evaluable>"
    )


def test_a_population_the_template_lacks_raises_with_those_it_has(result: GatedSample) -> None:
    with pytest.raises(NotEvaluableError) as caught:
        result.mask("NK")
    assert str(caught.value) == (
        "template made: the template has no population 'NK'. "
        "Allowed: leukocytes, lymphocytes, CD3_T, B, debris."
    )


def test_a_tally_has_the_events_of_parent_and_denominators(result: GatedSample) -> None:
    tallies = {tally.population: tally for tally in result.tallies()}
    b_cells = tallies["B"]
    assert (b_cells.events, b_cells.parent, b_cells.parent_events) == (
        int(IS_B.sum()),
        "lymphocytes",
        int((IS_T | IS_B).sum()),
    )
    assert b_cells.lymphocytes == b_cells.leukocytes == int((IS_T | IS_B).sum())
    assert (tallies["leukocytes"].parent, tallies["leukocytes"].parent_events) == ("viable", 4000)


def test_without_a_dye_nobody_is_said_to_be_viable(result: GatedSample) -> None:
    viable = next(tally for tally in result.tallies() if tally.population == "viable")
    assert (viable.status, viable.events) == ("not_evaluable", None)
    assert viable.reason == "not assessed: the tube has no channel for dye"
    with pytest.raises(NotEvaluableError):
        result.mask("viable")


def test_what_is_no_part_of_lymphocytes_is_no_share_of_them(result: GatedSample) -> None:
    tallies = {tally.population: tally for tally in result.tallies()}
    assert (tallies["debris"].lymphocytes, tallies["debris"].leukocytes) == (None, None)
    assert tallies["leukocytes"].lymphocytes is None
    assert tallies["lymphocytes"].lymphocytes == tallies["lymphocytes"].events


def test_a_tally_that_is_not_evaluable_has_no_number(result: GatedSample) -> None:
    tally = next(tally for tally in result.tallies() if tally.population == "CD8_T")
    assert (tally.status, tally.parent) == ("not_evaluable", "CD3_T")
    assert (tally.events, tally.parent_events, tally.lymphocytes) == (None, None, None)
    assert (
        tally.reason
        == "CD8: one mode only on CD8 (4000 events); neither other tubes nor control cells show where to cut"
    )


def test_counts_are_a_table_of_the_tallies(result: GatedSample) -> None:
    table = result.counts().set_index("population")
    assert list(table.index) == list(result.populations)
    assert table.loc["B", "events"] == IS_B.sum()
    assert table.loc["B", "percent_of_lymphocytes"] == pytest.approx(100 * IS_B.sum() / (IS_T | IS_B).sum())
    assert table["events"].isna()["CD8_T"]
    assert table.loc["CD8_T", "status"] == "not_evaluable"
    assert "cells_per_ul" not in table.columns


def test_counts_without_any_review_have_the_same_columns(result: GatedSample) -> None:
    assert {"population", "parent", "status", "events", "percent_of_parent", "review"} <= set(
        result.counts().columns
    )


def test_records_say_how_each_gate_came_about(result: GatedSample) -> None:
    records = {record.gate: record for record in result.records()}
    cd3, cd8, dye = records["CD3"], records["CD8"], records["dye"]
    assert (cd3.kind, cd3.status, cd3.method, cd3.channels, cd3.keep) == (
        "threshold",
        "found",
        "own_valley",
        ("CD3",),
        "above",
    )
    assert cd3.threshold is not None
    assert 0.3 < cd3.threshold < 0.65
    assert (cd3.events_in, cd3.events_of_parent) == (int(IS_T.sum()), 4000)
    assert len(cd3.version) == 12
    assert (cd8.kind, cd8.status, cd8.threshold) == ("none", "not_evaluable", None)
    assert (
        cd8.reason
        == "one mode only on CD8 (4000 events); neither other tubes nor control cells show where to cut"
    )
    assert (dye.kind, dye.status, dye.reason) == ("none", "not_measured", "the tube has no channel for dye")


def test_the_version_of_all_gates_changes_with_any_of_them(result: GatedSample) -> None:
    assert gated(BLOOD, TEMPLATE).gates_version == result.gates_version
    moved = {**BLOOD, "CD19": BLOOD["CD19"] + 0.01}
    assert gated(moved, TEMPLATE).gates_version != result.gates_version


def test_events_cannot_be_written_to(result: GatedSample) -> None:
    with pytest.raises(ValueError):
        result.sample.events[0, 0] = 1.0
