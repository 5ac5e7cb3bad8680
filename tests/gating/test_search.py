"""The policy: own evidence, then the batch, then the control, else not evaluable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from cytorecon.gating import search as search_package
from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import ClusterPrior, GatingPrior, GaugedPosition, ThresholdPrior
from cytorecon.gating.search.clouds import why_no_gate
from cytorecon.gating.shapes import Polygon, Threshold
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.knowledge.template import ClusterGate
from tests.gating.samples import Values, gated, made_template, mixture, valley

TWO = mixture([(2000, 0.25, 0.05), (600, 0.75, 0.05)], seed=1)
ONE = mixture([(2600, 0.25, 0.05)], seed=1)
LIGHT = {"FSC-A": np.full(2600, 0.5), "SSC-A": np.full(2600, 0.3)}


def batch(position: float, spread: float = 0.02, part: str = "CD3") -> GatingPrior:
    return GatingPrior(tubes=9, thresholds={part: ThresholdPrior(position=position, spread=spread, tubes=9)})


def found(values: Values, prior: GatingPrior | None = None, **fields: object) -> FoundGate:
    template = made_template([valley("CD3", **fields)], {"CD3_T": "CD3"})
    return gated({"CD3": values}, template, prior).gates[0]


def reviewed(values: Values, prior: GatingPrior) -> tuple[str, ...]:
    return gated({"CD3": values}, made_template([valley("CD3")], {"CD3_T": "CD3"}), prior).review["CD3_T"]


def only(gate: FoundGate) -> tuple[FoundPart, Threshold]:
    assert gate.status == "found"
    (part,) = gate.parts
    assert isinstance(part.shape, Threshold)
    return part, part.shape


@pytest.mark.parametrize(("strays", "marked"), [(0, False), (40, False), (80, True)])
def test_cells_that_lack_the_marker_above_its_threshold_are_a_doubt(strays: int, marked: bool) -> None:
    """3 % of 1,000 and chance (2 sqrt) are strays."""
    lacking = np.repeat([0.75, 0.2], [1000, 1600])
    dim = np.repeat([0.6, 0.2], [strays, 2600 - strays])
    columns = {
        "CD19": lacking + mixture([(2600, 0, 0.02)], seed=2),
        "CD3": dim + mixture([(2600, 0, 0.02)], seed=3),
    }
    told = valley("CD3", control="CD19", control_is_negative=True)
    template = made_template([valley("CD19"), told], {"CD3_T": "CD3"})
    prior = GatingPrior(
        tubes=9, thresholds={name: ThresholdPrior(position=0.45, spread=0.001, tubes=9) for name in columns}
    )
    part, _ = only(next(gate for gate in gated(columns, template, prior).gates if gate.gate == "CD3"))
    assert ("gate.control_above" in part.flags) is marked


def test_alone_a_tube_goes_by_its_own_valley() -> None:
    part, shape = only(found(TWO))
    assert part.method == "own_valley"
    assert part.flags == ()
    assert 0.40 < shape.value < 0.62
    assert shape.keep == "above"


def test_in_a_batch_the_own_valley_is_shrunk_towards_it() -> None:
    alone, shrunk = only(found(TWO))[1].value, only(found(TWO, batch(0.54)))
    assert shrunk[0].method == "shrunk_to_batch"
    assert shrunk[0].flags == ()
    assert min(alone, 0.54) < shrunk[1].value < max(alone, 0.54)


def test_without_a_second_mode_the_batch_says_where() -> None:
    """A tube without B cells: the threshold is where the other tubes have it, and holds nothing."""
    gate = found(ONE, batch(0.54))
    part, shape = only(gate)
    assert (part.method, shape.value, part.standard_error) == ("batch", 0.54, 0.02)
    assert part.flags == ()
    assert gate.events_in == 0


def test_a_weak_valley_far_from_the_batch_is_not_believed() -> None:
    values = np.append(ONE, mixture([(60, 0.45, 0.01)], seed=2))
    part, shape = only(found(values, batch(0.60, 0.01)))
    assert (part.method, shape.value) == ("batch", 0.60)
    assert part.flags == ("gate.outlier",)


def test_a_strong_valley_far_from_the_batch_is_kept_and_flagged() -> None:
    """Rejecting it once turned 5,633 CD4 T cells into none."""
    part, shape = only(found(TWO, batch(0.85, 0.01)))
    assert part.method == "shrunk_to_batch"
    assert part.flags == ("gate.outlier",)
    assert shape.value < 0.72


def test_beside_beads_the_batch_says_where_in_a_tube_of_another_detector() -> None:
    """The beads lie 0.1 lower than in the batch, and so does the threshold of a tube without positives."""
    beads = np.append(np.zeros(2600), np.full(60, 0.75))
    values = np.append(ONE, np.full(60, 0.75))
    gauged = GaugedPosition(gauge=0.85, position=0.55, spread=0.01)
    prior = ThresholdPrior(position=0.54, spread=0.05, tubes=9, gauged=gauged)
    template = made_template([valley("CD3", find_in="not b", gauge="b"), valley("b")], {"CD3_T": "CD3"})
    result = gated({"CD3": values, "b": beads}, template, GatingPrior(tubes=9, thresholds={"CD3": prior}))
    part, shape = only(result.gates[0])
    assert (part.method, part.standard_error) == ("batch", 0.01)
    assert shape.value == pytest.approx(0.45, abs=1e-6)


@pytest.mark.parametrize(("beads", "at"), [(40, 0.75), (60, 0.96)], ids=["too few", "at the detector's end"])
def test_a_gauge_that_says_nothing_is_not_asked(beads: int, at: float) -> None:
    gauged = GaugedPosition(gauge=0.85, position=0.55, spread=0.01)
    prior = ThresholdPrior(position=0.54, spread=0.05, tubes=9, gauged=gauged)
    template = made_template([valley("CD3", find_in="not b", gauge="b"), valley("b")], {"CD3_T": "CD3"})
    columns = {"CD3": np.append(ONE, np.full(beads, at)), "b": np.append(np.zeros(2600), np.full(beads, 0.8))}
    result = gated(columns, template, GatingPrior(tubes=9, thresholds={"CD3": prior}))
    part, shape = only(result.gates[0])
    assert (shape.value, part.standard_error) == (0.54, 0.05)


def test_without_batch_the_control_gives_a_tail_that_needs_a_look() -> None:
    part, shape = only(found(ONE, control="all"))
    assert part.method == "control_tail"
    assert "gate.control_tail" in part.flags
    assert shape.value == pytest.approx(0.25 + 4 * 0.05, abs=0.02)


def test_a_batch_goes_before_the_control() -> None:
    assert only(found(ONE, batch(0.54), control="all"))[0].method == "batch"


def test_one_mode_without_batch_and_control_is_not_evaluable() -> None:
    """Never min(x), never a shoulder: nothing is made up."""
    gate = found(ONE)
    assert gate.status == "not_evaluable"
    assert gate.parts == ()
    assert (
        gate.reason
        == "one mode only on CD3 (2600 events); neither other tubes nor control cells show where to cut"
    )


def test_a_control_of_too_few_cells_is_none() -> None:
    few = made_template([valley("CD3", control="CD19"), valley("CD19")], {"CD3_T": "CD3"})
    cd19 = mixture([(2510, 0.2, 0.02), (90, 0.8, 0.02)], seed=1)
    gate = gated({"CD3": ONE, "CD19": cd19}, few).gates[0]
    assert gate.status == "not_evaluable"


def test_a_control_that_is_not_evaluable_is_left_out() -> None:
    template = made_template([valley("CD3", control="CD19"), valley("CD19")], {"CD3_T": "CD3"})
    gates = gated({"CD3": ONE, "CD19": ONE}, template).gates
    assert (
        gates[0].reason
        == "one mode only on CD3 (2600 events); neither other tubes nor control cells show where to cut"
    )
    assert only(gated({"CD3": TWO, "CD19": ONE}, template).gates[0])[0].method == "own_valley"


def test_nothing_to_take_away_is_not_a_failure() -> None:
    """One mode of a viability dye: no dead cells."""
    gate = found(ONE, keep="below", if_one_mode="keep_all")
    assert gate.status == "passed_through"
    assert (
        gate.reason
        == "one mode only on CD3 (2600 events); neither other tubes nor control cells show where to cut"
    )


@pytest.mark.parametrize(("optional", "status"), [(True, "not_measured"), (False, "not_evaluable")])
def test_a_channel_the_tube_lacks(optional: bool, status: str) -> None:
    template = made_template([valley("viability", optional=optional)], {"viable": "viability"})
    gate = gated({"CD3": ONE}, template).gates[0]
    assert gate.status == status
    assert gate.reason == "the tube has no channel for viability"


def test_a_threshold_in_the_middle_of_events_is_unstable() -> None:
    tailed = ONE + np.random.default_rng(2).exponential(0.08, size=len(ONE))
    assert only(found(tailed, batch(0.45, 0.03)))[0].method == "batch"
    assert reviewed(tailed, batch(0.45, 0.03)) == ("gate.unstable:CD3",)


def test_counting_noise_alone_is_not_unstable() -> None:
    """Three events more or fewer around a threshold among nothing."""
    values = np.append(ONE, [0.53, 0.55, 0.57])
    assert "gate.unstable:CD3" not in reviewed(values, batch(0.54, 0.04))


def test_two_channels_are_two_thresholds_and_either_counts() -> None:
    """CD16 and CD56 in a channel each."""
    cd16 = mixture([(2300, 0.2, 0.04), (300, 0.7, 0.04)], seed=1)
    cd56 = mixture([(300, 0.8, 0.04), (2300, 0.3, 0.04)], seed=2)
    template = made_template(
        [{"gate": "CD16_CD56", "finder": "valley", "axis": {"marker": "CD16+CD56"}}], {"NK": "CD16_CD56"}
    )
    result = gated({"CD16": cd16, "CD56": cd56}, template)
    assert [part.part for part in result.gates[0].parts] == ["CD16_CD56.CD16", "CD16_CD56.CD56"]
    assert int(result.mask("NK").sum()) == 600
    prior = batch(0.5, part="CD16_CD56.CD56")
    methods = [part.method for part in gated({"CD16": cd16, "CD56": cd56}, template, prior).gates[0].parts]
    assert methods == ["own_valley", "shrunk_to_batch"]


def test_one_of_two_channels_without_a_position_fails_the_gate() -> None:
    template = made_template(
        [{"gate": "CD16_CD56", "finder": "valley", "axis": {"marker": "CD16+CD56"}}], {"NK": "CD16_CD56"}
    )
    gate = gated({"CD16": TWO, "CD56": ONE}, template).gates[0]
    assert gate.status == "not_evaluable"
    assert (
        gate.reason
        == "one mode only on CD56 (2600 events); neither other tubes nor control cells show where to cut"
    )
    assert set(gate.evidence) == {"CD16_CD56.CD16", "CD16_CD56.CD56"}


# ----------------------------------------------------------------------------------------- beads

BEADS = made_template(
    [{"gate": "bead_cloud", "finder": "bright_in_all", "markers": ["a", "b", "c"], "min_events": 50}],
    {"beads": "bead_cloud", "cells": "not bead_cloud"},
)


def stained_cells(n: int, beads: int) -> dict[str, Values]:
    """Return cells that carry one or two of three markers each, then beads that carry all."""
    rng = np.random.default_rng(4)
    carried = rng.random((3, n)) < 0.5
    carried[0] &= ~(carried[1] & carried[2])
    light = {}
    for marker, bright in zip("abc", carried, strict=True):
        cells = np.where(bright, 0.7, 0.2) + 0.04 * rng.normal(size=n)
        light[marker] = np.concatenate([cells, rng.normal(0.9, 0.01, size=beads)])
    return light


@pytest.mark.parametrize("beads", [60, 500, 5000])
def test_beads_are_what_shines_in_every_channel(beads: int) -> None:
    result = gated(stained_cells(8000, beads), BEADS)
    assert result.gates[0].status == "found"
    assert result.mask("beads")[:8000].sum() == 0
    assert result.mask("beads")[8000:].mean() > 0.99
    assert (result.mask("beads") ^ result.mask("cells")).all()


@pytest.mark.parametrize("beads", [0, 10, 30])
def test_no_beads_are_found_among_cells(beads: int) -> None:
    result = gated(stained_cells(8000, beads), BEADS)
    assert result.gates[0].status == "absent"
    assert result.gates[0].reason == "no cloud of events bright in every channel"
    assert result.reasons["beads"] == "no cloud of events bright in every channel"
    assert result.mask("cells").all()


def test_a_detector_that_shows_noise_only_makes_no_beads() -> None:
    """Its noise is what is dimmest in T cells and beads; the cells above its valley would be the beads."""
    rng = np.random.default_rng(8)
    n = 8500
    noise = np.where(rng.random(n) < 0.9, 0.45, 0.1) + 0.02 * rng.normal(size=n)
    light = {**stained_cells(8000, 500), "c": noise}
    for marker in "ab":
        light[marker][:8000] = 0.7 + 0.02 * rng.normal(size=8000)
    result = gated(light, BEADS)
    assert result.gates[0].status == "absent"
    assert result.gates[0].reason == (
        "what seems bright in every channel is not brighter than the cells in a"
    )


def test_beads_need_two_of_their_markers() -> None:
    result = gated({"a": TWO}, BEADS)
    assert result.gates[0].status == "not_evaluable"
    assert result.gates[0].reason == "needs two of the markers a, b, c"
    two_of_three = {name: values for name, values in stained_cells(8000, 500).items() if name != "c"}
    assert gated(two_of_three, BEADS).gates[0].status in ("found", "absent")


# -------------------------------------------------------------------------------- clouds, regions

CLOUD: dict[str, object] = {
    "gate": "cloud",
    "finder": "cluster",
    "x": {"marker": "CD45"},
    "y": {"scatter": "side"},
    "seeds": ["CD3", "CD19"],
    "likely_seeds": ["CD56 and not (CD3 or CD19)"],
    "coverage": 0.998,
    "min_events": 40,
}
CENTRES = {
    "T": (0.8, 0.55),
    "B": (0.78, 0.55),
    "NK": (0.79, 0.6),
    "monocytes": (0.74, 0.76),
    "other": (0.6, 0.9),
}


def blood(numbers: Mapping[str, int], *, monocyte_CD56: bool = False) -> dict[str, Values]:  # noqa: N803 - a marker
    rng = np.random.default_rng(6)
    kind = np.repeat(list(numbers), list(numbers.values()))
    place = np.array([CENTRES[name] for name in kind]) + 0.025 * rng.normal(size=(len(kind), 2))
    stain = {
        "CD3": kind == "T",
        "CD19": kind == "B",
        "CD56": (kind == "NK") | (monocyte_CD56 & (kind == "monocytes")),
    }
    light = {
        marker: np.where(bright, 0.75, 0.2) + 0.03 * rng.normal(size=len(kind))
        for marker, bright in stain.items()
    }
    return {"CD45": place[:, 0], "SSC-A": place[:, 1], **light}


CLOUDY = made_template(
    [CLOUD, valley("CD3"), valley("CD19"), valley("CD56")], {"lymphocytes": "cloud", "CD3_T": "CD3"}
)
KNOWN = GatingPrior(
    tubes=9,
    thresholds={name: ThresholdPrior(position=0.5, spread=0.02, tubes=9) for name in ("CD3", "CD19", "CD56")},
    clusters={
        f"cloud.{number}": ClusterPrior(mean=CENTRES[kind], covariance=((6e-4, 0.0), (0.0, 6e-4)), tubes=9)
        for number, kind in enumerate(("T", "B", "NK"))
    },
)


def cloud(result: GatedSample) -> FoundGate:
    return next(found for found in result.gates if found.gate == "cloud")


def caught(result: GatedSample, numbers: Mapping[str, int], kind: str) -> int:
    starts = dict(zip(numbers, np.cumsum([0, *numbers.values()]).tolist(), strict=False))
    return int(result.mask("lymphocytes")[starts[kind] : starts[kind] + numbers[kind]].sum())


def test_the_cloud_stands_on_its_seeds() -> None:
    numbers = {"T": 800, "B": 150, "NK": 150, "monocytes": 600, "other": 5000}
    result = gated(blood(numbers), CLOUDY)
    part = cloud(result).parts[0]
    assert part.method == "seeded_cloud"
    assert part.flags == ()
    assert isinstance(part.shape, Polygon)
    assert part.shape.channels == ("CD45", "SSC-A")
    assert set(cloud(result).evidence) == {"cloud.0", "cloud.1", "cloud.2"}
    assert caught(result, numbers, "T") > 780
    assert caught(result, numbers, "monocytes") < 12


def test_likely_seeds_alone_are_not_believed() -> None:
    """Monocytes carry CD16: without T or B cells beside them they would become the lymphocytes."""
    numbers = {"T": 20, "B": 20, "monocytes": 900, "other": 5000}
    gate = cloud(gated(blood(numbers, monocyte_CD56=True), CLOUDY))
    assert gate.status == "not_evaluable"
    assert gate.reason == ("fewer than 40 certain lymphocytes of each kind, and no batch to learn from")
    assert gate.evidence == {}


def test_a_cloud_that_only_adds_is_absent_without_seeds() -> None:
    adds = {**CLOUD, "gate": "more", "seeds": ["CD56"], "likely_seeds": [], "without_seeds": "absent"}
    template = made_template(
        [CLOUD, {**adds, "pool": False}, valley("CD3"), valley("CD19"), valley("CD56")],
        {"lymphocytes": "cloud or (more and CD56)"},
    )
    numbers = {"T": 800, "B": 150, "monocytes": 600, "other": 5000}
    result = gated(blood(numbers), template)
    more = next(found for found in result.gates if found.gate == "more")
    assert more.status == "absent"
    assert result.mask("lymphocytes").sum() > 900
    few = gated(blood({**numbers, "NK": 30}), template)
    more = next(found for found in few.gates if found.gate == "more")
    assert (more.status, more.reason) == ("absent", "fewer than 40 certain lymphocytes of each kind")


def test_likely_seeds_apart_from_certain_ones_are_something_else() -> None:
    numbers = {"T": 800, "B": 20, "monocytes": 900, "other": 5000}
    result = gated(blood(numbers, monocyte_CD56=True), CLOUDY)
    assert set(cloud(result).evidence) == {"cloud.0"}
    assert caught(result, numbers, "monocytes") < 20


def test_monocytes_among_likely_seeds_do_not_pull_the_cloud_towards_them() -> None:
    """200 NK cells and 300 monocytes with CD16: without the rule the cloud would lie between them."""
    numbers = {"T": 300, "B": 60, "NK": 200, "monocytes": 300, "other": 5000}
    result = gated(blood(numbers, monocyte_CD56=True), CLOUDY)
    likely = cloud(result).evidence["cloud.2"]
    assert isinstance(likely, ClusterEstimate)
    assert likely.mean == pytest.approx(CENTRES["NK"], abs=0.01)
    assert caught(result, numbers, "NK") > 190
    assert caught(result, numbers, "monocytes") < 10


@pytest.mark.parametrize("lymphocytes", [0, 5, 30])
def test_lymphopenia_stands_on_the_batch_and_says_so(lymphocytes: int) -> None:
    numbers = {"T": lymphocytes, "B": 0, "NK": 0, "monocytes": 1500, "other": 6000}
    result = gated(blood(numbers), CLOUDY, KNOWN)
    part = cloud(result).parts[0]
    assert part.method == "batch_cloud"
    assert part.flags == ("gate.batch_position",)
    assert caught(result, numbers, "T") >= 0.9 * lymphocytes
    assert caught(result, numbers, "monocytes") < 15
    assert result.review["lymphocytes"] == ("gate.batch_position:cloud",)


def test_a_cloud_that_loses_certain_cells_says_so() -> None:
    """One in eight T cells lies apart, among the monocytes: whatever they are, the number needs a look."""
    columns = blood({"T": 800, "monocytes": 600, "other": 5000})
    columns["SSC-A"][:100] += 0.2
    result = gated(columns, CLOUDY)
    assert cloud(result).parts[0].flags == ("gate.one_kind_of_seeds", "gate.seeds_outside")
    assert result.review["lymphocytes"] == ("gate.one_kind_of_seeds:cloud", "gate.seeds_outside:cloud")


REGION = made_template(
    [
        valley("CD3"),
        {
            "gate": "scatter",
            "finder": "scatter_region",
            "x": {"scatter": "forward"},
            "y": {"scatter": "side"},
            "seeds": ["CD3"],
            "coverage": 0.95,
            "min_events": 100,
        },
    ],
    {"lymphocytes": "scatter"},
)


def test_a_region_is_drawn_around_its_seeds() -> None:
    rng = np.random.default_rng(1)
    place = np.concatenate([rng.normal([0.3, 0.2], 0.03, (2000, 2)), rng.normal([0.7, 0.6], 0.05, (600, 2))])
    columns = {"CD3": TWO[::-1], "FSC-A": place[::-1, 0], "SSC-A": place[::-1, 1]}
    result = gated(columns, REGION)
    assert result.gates[1].parts[0].method == "back_gated"
    assert int(result.mask("lymphocytes")[600:].sum()) == 0
    assert result.mask("lymphocytes")[:600].mean() == pytest.approx(0.95, abs=0.03)


def test_a_region_moves_counts_by_what_halves_of_its_seeds_show() -> None:
    """Whether a second cloud that holds five percent of them belongs to it is chance: it is said."""
    rng = np.random.default_rng(1)
    kinds = [([0.3, 0.2], 0.03, 2000), ([0.8, 0.7], 0.03, 170), ([0.8, 0.7], 0.03, 900)]
    place = np.concatenate([rng.normal(centre, sd, (n, 2)) for centre, sd, n in kinds])
    cd3 = mixture([(2170, 0.8, 0.02), (900, 0.2, 0.02)], seed=1)
    result = gated({"CD3": cd3, "FSC-A": place[:, 0], "SSC-A": place[:, 1]}, REGION)
    (move,) = [move for move in result.moves if move.gate == "scatter"]
    now = int(result.mask("lymphocytes").sum())
    fewest, most = move.events["lymphocytes"]
    assert (move.to, len(move.sides["lymphocytes"])) == ("uncertainty", 16)
    assert fewest < 0.92 * now < 1.08 * now < most
    assert result.review["lymphocytes"] == ("gate.unstable:scatter",)
    (tally,) = [tally for tally in result.tallies() if tally.population == "lymphocytes"]
    assert tally.gate_spread is not None
    assert tally.gate_spread.events > 0.06
    row = result.evidence().set_index("gate").loc["scatter"]
    assert row["instability"] > 0.06
    assert row["verdict"] == "review"


def test_a_region_with_too_few_seeds_is_not_evaluable() -> None:
    cd3 = mixture([(2520, 0.2, 0.02), (80, 0.8, 0.02)], seed=1)
    gate = gated({"CD3": cd3, **LIGHT}, REGION).gates[1]
    assert gate.reason == "80 certain cells, needs 100"


def test_a_region_without_its_axes_is_not_evaluable() -> None:
    gate = gated({"CD3": TWO, "FSC-A": LIGHT["FSC-A"]}, REGION).gates[1]
    assert gate.reason == "the tube has no channel for side scatter (A or H or any)"


SINGLETS = made_template(
    [
        {
            "gate": "one_cell",
            "finder": "singlet_ratio",
            "area": {"scatter": "forward", "aspect": ["A"]},
            "height": {"scatter": "forward", "aspect": ["H"]},
            "width": 5,
            "optional": True,
        }
    ],
    {"singlets": "one_cell"},
)


def test_without_a_second_aspect_all_events_pass() -> None:
    """Old cytometers record the height only."""
    result = gated({"FSC-H": TWO}, SINGLETS)
    assert result.gates[0].status == "not_measured"
    assert result.gates[0].reason == "the tube has no channel for forward scatter (A)"
    assert result.masks["singlets"].all()
    assert result.reasons == {"singlets": "not assessed: the tube has no channel for forward scatter (A)"}


@pytest.mark.parametrize(("doublets", "flags"), [(100, ()), (700, ("gate.many_doublets",))])
def test_many_doublets_need_a_look(doublets: int, flags: tuple[str, ...]) -> None:
    rng = np.random.default_rng(1)
    area = 0.2 * np.exp(0.3 * rng.normal(size=2600))
    height = 0.8 * area * np.exp(0.02 * rng.normal(size=2600))
    area[:doublets] *= 2
    result = gated({"FSC-A": area, "FSC-H": height}, SINGLETS)
    assert result.gates[0].parts[0].flags == flags
    assert int(result.mask("singlets").sum()) == 2600 - doublets


def test_too_few_events_make_no_singlet_gate() -> None:
    result = gated({"FSC-A": np.full(99, 0.4), "FSC-H": np.full(99, 0.4)}, SINGLETS)
    assert result.gates[0].reason == "too few events with positive scatter"
    assert result.reasons == {"singlets": "one_cell: too few events with positive scatter"}


def test_a_fixed_polygon_is_taken_as_it_is() -> None:
    corners = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]
    template = made_template(
        [
            {
                "gate": "box",
                "finder": "fixed_polygon",
                "x": {"marker": "CD3"},
                "y": {"scatter": "side"},
                "vertices": corners,
            }
        ],
        {"cells": "box"},
    )
    result = gated({"CD3": TWO, **LIGHT}, template)
    assert result.gates[0].parts[0].method == "fixed"
    assert int(result.mask("cells").sum()) == 2000


def test_every_flag_has_words_for_people() -> None:
    """A code that nobody explained would be shown as it is."""
    folder = Path(search_package.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    codes = set(re.findall(r'"(gate\.\w+)"', text))
    assert {"gate.outlier", "gate.seeds_outside"} <= codes
    assert codes <= set(load_review_flags())


def test_a_cloud_of_one_kind_says_so_where_there_is_no_batch() -> None:
    numbers = {"T": 800, "B": 0, "NK": 0, "monocytes": 600, "other": 5000}
    assert cloud(gated(blood(numbers), CLOUDY)).parts[0].flags == ("gate.one_kind_of_seeds",)
    assert cloud(gated(blood(numbers), CLOUDY, KNOWN)).parts[0].flags == ()


def test_a_polygon_beside_its_seeds_is_no_gate() -> None:
    """The ray that meets a neighbour first can leave the seeds outside: 0 lymphocytes would be a number."""
    seeds = np.array([True] * 100 + [False] * 900)
    everything = np.ones(1000, dtype=bool)
    spec = next(spec for spec in CLOUDY.gates if spec.gate == "cloud")
    assert isinstance(spec, ClusterGate)
    sources = {spec.find_in: everything, **dict.fromkeys(spec.seeds, seeds)}
    assert (
        why_no_gate(spec, {}, held=everything & ~seeds, outside=seeds, sources=sources)
        == "most of the cells that certainly belong to it lie outside"
    )


def test_a_cloud_of_granulocytes_around_a_few_stray_seeds_is_no_gate() -> None:
    """Without lymphocytes, granulocytes that shine in the CD3 detector are its brightest mode."""
    seeds = np.array([True] * 60 + [False] * 940)
    everything = np.ones(1000, dtype=bool)
    spec = next(spec for spec in CLOUDY.gates if spec.gate == "cloud")
    assert isinstance(spec, ClusterGate)
    sources = {spec.find_in: everything, **dict.fromkeys(spec.seeds, seeds)}
    own = {"cloud.0": ClusterEstimate((0.5, 0.5), ((1e-3, 0.0), (0.0, 1e-3)), 60)}
    assert (
        why_no_gate(spec, own, held=everything, outside=~everything, sources=sources)
        == "of the 1000 events in it only 60 certainly belong there"
    )


# ------------------------------------------------------------------------------- what is too small

SIZE = {
    "gate": "size",
    "finder": "lower_tail",
    "find_in": "CD45",
    "axis": {"scatter": "forward"},
    "seeds": ["CD3"],
    "deviations": 3,
    "min_events": 40,
    "optional": True,
}
SIZED = made_template([SIZE, valley("CD45"), valley("CD3", find_in="CD45")], {"leukocytes": "CD45 and size"})


def cells_and_debris(t_cells: int, *, shift: float = 0.0) -> dict[str, Values]:
    """Return T cells, larger granulocytes, and debris of which one in five has bound CD45."""
    rng = np.random.default_rng(12)
    numbers = [t_cells, 2000, 400, 1600]
    places = {"FSC-A": (0.3, 0.5, 0.1, 0.1), "CD45": (0.8, 0.7, 0.7, 0.2), "CD3": (0.8, 0.2, 0.2, 0.2)}
    return {
        name: np.repeat(centres, numbers)
        + (shift if name == "FSC-A" else 0.0)
        + 0.03 * rng.normal(size=sum(numbers))
        for name, centres in places.items()
    }


def test_what_is_smaller_than_lymphocytes_is_no_leukocyte() -> None:
    result = gated(cells_and_debris(500), SIZED)
    (part,) = next(found for found in result.gates if found.gate == "size").parts
    assert part.method == "own_tail"
    assert isinstance(part.shape, Threshold)
    assert part.shape.value == pytest.approx(0.3 - 3 * 0.03, abs=0.01)
    assert result.mask("leukocytes")[:2500].mean() > 0.995
    assert result.mask("leukocytes")[2500:].sum() < 5


def test_without_certain_cells_the_batch_says_how_small_a_cell_is() -> None:
    prior = batch(0.21, part="size")
    result = gated(cells_and_debris(10), SIZED, prior)
    (part,) = next(found for found in result.gates if found.gate == "size").parts
    assert (part.method, part.shape) == ("batch_tail", Threshold(("FSC-A",), 0.21))
    assert result.review["leukocytes"] == ()
    moved = gated(cells_and_debris(500, shift=0.2), SIZED, prior)
    assert "gate.outlier:size" in moved.review["leukocytes"]


def test_without_certain_cells_and_batch_debris_is_kept_and_said_so() -> None:
    """Not evaluable would lose the leukocytes of a patient without lymphocytes."""
    result = gated(cells_and_debris(10), SIZED)
    gate = next(found for found in result.gates if found.gate == "size")
    assert (gate.status, gate.reason) == (
        "passed_through",
        "fewer than 40 certain cells, and no batch to learn from",
    )
    assert result.review["leukocytes"] == ("gate.no_lower_limit:size",)
    assert result.mask("leukocytes")[2010:2410].all()


def test_an_outlier_that_changes_no_count_is_none() -> None:
    """In a wide empty valley two positions far apart keep the same events."""
    dim, bright = mixture([(2000, 0.1, 0.02)], seed=1), mixture([(500, 0.9, 0.02)], seed=2)
    values = np.concatenate([dim, bright])
    (part,) = found(values, batch(0.42, 0.01)).parts
    assert part.flags == ()
    (far,) = found(values, batch(0.2, 0.01)).parts
    assert far.flags == ("gate.outlier",)


def test_a_region_that_holds_mostly_other_events_says_so() -> None:
    """Red cells scatter where small lymphocytes do: T cells are counted right, their share is not."""
    rng = np.random.default_rng(13)

    def flagged(others: int) -> tuple[str, ...]:
        place = rng.normal([0.4, 0.2], 0.02, size=(500 + others, 2))
        light = np.repeat([0.8, 0.2], [500, others]) + 0.03 * rng.normal(size=500 + others)
        result = gated({"FSC-A": place[:, 0], "SSC-A": place[:, 1], "CD3": light}, REGION)
        return result.gates[1].parts[0].flags

    assert flagged(300) == ()
    assert flagged(900) == ("gate.mixed_region",)
