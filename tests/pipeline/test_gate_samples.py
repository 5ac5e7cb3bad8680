"""``gate``: one sample or several, in any order, with and without each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cytorecon.compensation import compensate
from cytorecon.errors import CompensationError, CytoreconError, NotEvaluableError, PanelError
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Threshold
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import gate
from cytorecon.pipeline.learn import learn
from cytorecon.pipeline.source import Source, batch_of
from cytorecon.pipeline.steps import gate_prepared, prepare, survey
from cytorecon.pipeline.study import no_progress
from cytorecon.sample import Channel, ChannelRole, Sample, Scale
from cytorecon.simulate import SimulatedTube
from cytorecon.transforms import TransformSet
from tests.pipeline.tubes import (
    DETECTORS,
    JUDGED,
    events,
    is_close,
    samples,
    tube,
    without_channels,
)

Tubes = tuple[SimulatedTube, ...]
Gated = tuple[GatedSample, ...]


# ----------------------------------------------------------------------------- what must always hold


def test_counts_are_close_to_the_truth(usual_tubes: Tubes, usual_gated: Gated) -> None:
    for truth, gated in zip(usual_tubes, usual_gated, strict=True):
        assert [population for population in JUDGED if not is_close(gated, truth, population)] == []


def test_masks_hold_the_right_events_and_not_only_as_many(usual_tubes: Tubes, usual_gated: Gated) -> None:
    for truth, gated in zip(usual_tubes, usual_gated, strict=True):
        for population in JUDGED:
            ours, true = gated.mask(population), truth.mask(population)
            f1 = 2 * (ours & true).sum() / (ours.sum() + true.sum())
            assert f1 > 0.9, population


def test_t_b_and_nk_cells_share_no_cell_and_beads_are_no_cells(usual_gated: Gated) -> None:
    for gated in usual_gated:
        kinds = [gated.mask(population) for population in ("CD3_T", "B", "NK", "beads")]
        assert np.sum(kinds, axis=0).max() == 1
        assert not (gated.mask("beads") & gated.mask("singlets")).any()


def test_children_lie_inside_parents_and_t_cells_add_up(usual_gated: Gated) -> None:
    for gated in usual_gated:
        for entry in gated.template.populations:
            if entry.parent != "root":
                assert not (gated.masks[entry.population] & ~gated.masks[entry.parent]).any()
        parts = sum(int(gated.mask(name).sum()) for name in ("CD4_T", "CD8_T", "DP_T", "DN_T"))
        assert parts == int(gated.mask("CD3_T").sum())


def test_counts_are_a_table_with_intervals(usual_gated: Gated) -> None:
    row = usual_gated[0].counts().set_index("population").loc["CD4_T"]
    assert row["percent_of_parent_low"] < row["percent_of_parent"] < row["percent_of_parent_high"]
    assert row["percent_of_lymphocytes"] < row["percent_of_parent"]


def test_a_tube_without_beads_has_none_and_all_else() -> None:
    gated = gate(tube(seed=2, beads_per_tube=0).sample(), "tbnk")
    with pytest.raises(NotEvaluableError) as caught:
        gated.mask("beads")
    assert str(caught.value) == (
        "template tbnk: population 'beads' is not evaluable: no cloud of events bright in every channel "
        f"Allowed: {', '.join(name for name in gated.populations if name not in gated.reasons)}."
    )
    assert events(gated, "CD3_T") > 300
    assert not [issue for issue in gated.issues if issue.code == "gate.not_evaluable"]


def test_usual_tubes_need_no_look(usual_gated: Gated) -> None:
    assert {code for gated in usual_gated for codes in gated.review.values() for code in codes} == set()


# ------------------------------------------------------------------------------------ one and several


def test_one_sample_is_a_batch_of_one(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    alone = gate(sample, "tbnk")
    (listed,) = gate([sample], load_template("tbnk"))
    assert isinstance(alone, GatedSample)
    assert alone.gates == listed.gates
    assert [population for population in JUDGED if not is_close(alone, usual_tubes[0], population)] == []


@pytest.mark.parametrize("n", [2, 3])
def test_few_tubes_teach_each_other_nothing_but_the_scales(usual_tubes: Tubes, n: int) -> None:
    few = gate(samples(usual_tubes[:n]), "tbnk")
    assert {part.method for gated in few for found in gated.gates for part in found.parts} <= {
        "bright_in_all",
        "robust_ratio",
        "own_valley",
        "own_tail",
        "seeded_cloud",
        "told_apart",
    }
    for truth, gated in zip(usual_tubes, few, strict=False):
        assert [population for population in JUDGED if not is_close(gated, truth, population)] == []


def test_no_samples_no_result() -> None:
    assert gate([], "tbnk") == ()


def test_the_order_of_tubes_is_irrelevant_to_each(usual_tubes: Tubes, usual_gated: Gated) -> None:
    again = gate(samples(usual_tubes[::-1]), "tbnk")[::-1]
    assert [gated.gates_version for gated in again] == [gated.gates_version for gated in usual_gated]
    assert all(
        np.array_equal(one.masks[population], other.masks[population])
        for one, other in zip(again, usual_gated, strict=True)
        for population in one.populations
    )


def test_the_order_of_events_is_irrelevant(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    order = np.random.default_rng(0).permutation(sample.n_events)
    plain, shuffled = gate(sample, "tbnk"), gate(replace(sample, events=sample.events[order]), "tbnk")
    assert shuffled.gates_version == plain.gates_version
    assert shuffled.mask("NK").tolist() == plain.mask("NK")[order].tolist()


def gated_with_positions(tubes: Tubes) -> list[tuple[GatedSample, dict[str, float]]]:
    """Return tubes gated as a batch, and each one's thresholds in decades of light."""
    template = load_template("tbnk")
    sources = [Source(str(number), template, sample=made.sample()) for number, made in enumerate(tubes)]
    surveys = {source.name: survey(source) for source in sources}
    context = learn("batch", sources, surveys, map, no_progress)
    scales = context.transforms
    found = [gate_prepared(prepare(source, scales), source, context.prior) for source in sources]
    return [(gated, positions(gated, scales)) for gated in found]


def positions(gated: GatedSample, scales: TransformSet) -> dict[str, float]:
    found = {}
    for part in (part for searched in gated.gates for part in searched.parts):
        if isinstance(part.shape, Threshold) and len(part.shape.channels) == 1:
            place = np.array([part.shape.value], dtype=np.float32)
            found[part.part] = float(np.log10(scales.scale_of(part.shape.channels[0]).inverse(place)[0]))
    return found


def test_one_tube_less_hardly_moves_the_others(usual_tubes: Tubes) -> None:
    """In a wide, empty valley a threshold may wander; no count moves by its own counting error."""
    complete, fewer = gated_with_positions(usual_tubes)[1:], gated_with_positions(usual_tubes[1:])
    for (before, was), (after, is_now) in zip(complete, fewer, strict=True):
        for population in JUDGED:
            n = events(before, population)
            assert abs(events(after, population) - n) < np.sqrt(n), population
        assert was.keys() == is_now.keys()
        assert max(abs(was[part] - is_now[part]) for part in was) < 0.1


def test_a_batch_is_one_template_on_one_cytometer(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    tbnk, other = load_template("tbnk"), load_template("t_cd4_cd8")
    assert batch_of(sample, tbnk) == batch_of(usual_tubes[1].sample(), tbnk)
    assert batch_of(sample, tbnk) != batch_of(sample, other)
    assert batch_of(sample, tbnk) != batch_of(replace(sample, keywords={"$CYT": "another"}), tbnk)
    assert batch_of(sample, tbnk) != batch_of(without_channels(sample, "PE-A"), tbnk)
    assert batch_of(sample, tbnk).startswith("tbnk-")


def test_another_cytometer_does_not_move_a_tube(usual_tubes: Tubes) -> None:
    """Tubes of two cytometers, one ten times as bright, gated in one call."""
    here = samples(usual_tubes[:4])
    brighter = [
        replace(tube(seed=900 + n, detector_gain={"FITC-A": 3.0}).sample(), keywords={"$CYT": "B"})
        for n in range(2)
    ]
    mixed = gate([brighter[0], *here, brighter[1]], "tbnk")
    assert [gated.gates_version for gated in mixed[1:5]] == [
        gated.gates_version for gated in gate(here, "tbnk")
    ]


# ------------------------------------------------------------------------------------------- panels


def test_a_panel_without_cd3_is_refused(usual_tubes: Tubes) -> None:
    with pytest.raises(PanelError) as caught:
        gate(without_channels(usual_tubes[0].sample(), "FITC-A"), "tbnk")
    assert str(caught.value) == (
        "The panel lacks what is needed: CD3 (not found). Found: PE-A 'CD16+56 PE' = CD16+CD56; "
        "PerCP-Cy5-5-A 'CD45 PerCP-Cy5.5' = CD45; PE-Cy7-A 'CD4 PE-Cy7' = CD4; APC-A 'CD19 APC' = CD19; "
        "APC-Cy7-A 'CD8 APC-Cy7' = CD8. Say which channel it is with --map CD3=CHANNEL."
    )


def test_the_user_may_say_which_channel_it_is(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    unnamed = tuple(
        replace(channel, markers=frozenset(), marker_text="") if "CD3" in channel.markers else channel
        for channel in sample.channels
    )
    named = gate(replace(sample, channels=unnamed), "tbnk", mapping={"CD3": "FITC-A"})
    assert np.array_equal(named.mask("CD3_T"), gate(sample, "tbnk").mask("CD3_T"))


def test_each_required_marker_is_asked_for(usual_tubes: Tubes) -> None:
    for marker, detector in DETECTORS.items():
        with pytest.raises(PanelError) as caught:
            gate(without_channels(usual_tubes[0].sample(), detector), "tbnk")
        assert marker in str(caught.value)


def with_own_channels(sample: Sample) -> Sample:
    """Return a compensated sample in which CD56 has a channel of its own; CD16 stays where it was."""
    flat = compensate(sample, sample.spillover)
    light = flat.column(DETECTORS["CD16+CD56"])
    noise = np.random.default_rng(1).normal(0, 60, size=(2, len(light))).astype(np.float32)
    channels = list(flat.channels)
    place = flat.channel(DETECTORS["CD16+CD56"]).index
    channels[place] = replace(channels[place], markers=frozenset({"CD16"}), marker_text="CD16 PE")
    extra = Channel(
        len(channels), "BV421-A", "CD56 BV421", ChannelRole.FLUORESCENCE, "A", frozenset({"CD56"}), 262144
    )
    # Half of the NK cells lose CD16, the other half CD56: only both channels together see all.
    odd = np.arange(len(light)) % 2 == 1
    columns = flat.events.copy()
    columns[:, place] = np.where(odd, np.minimum(light, 0) + noise[0], light)
    return replace(
        flat,
        events=np.column_stack([columns, np.where(odd, light, np.minimum(light, 0) + noise[1])]),
        channels=(*channels, extra),
        spillover=None,
        scale=Scale.LINEAR,
    )


def test_cd16_and_cd56_may_have_a_channel_each(usual_tubes: Tubes) -> None:
    split = gate([with_own_channels(made.sample()) for made in usual_tubes[:4]], "tbnk")
    parts = [part.part for found in split[0].gates for part in found.parts if found.gate == "CD16_CD56"]
    assert parts == ["CD16_CD56.PE-A", "CD16_CD56.BV421-A"]
    for truth, gated in zip(usual_tubes, split, strict=False):
        assert is_close(gated, truth, "NK")


def test_more_markers_than_needed_change_nothing(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    extra = Channel(
        len(sample.channels),
        "BV510-A",
        "HLA-DR BV510",
        ChannelRole.FLUORESCENCE,
        "A",
        frozenset({"HLA-DR"}),
        262144,
    )
    light = np.random.default_rng(1).normal(500, 300, size=sample.n_events).astype(np.float32)
    larger = replace(
        sample, events=np.column_stack([sample.events, light]), channels=(*sample.channels, extra)
    )
    assert gate(larger, "tbnk").gates_version == gate(sample, "tbnk").gates_version


def test_a_sample_that_is_compensated_already_is_refused(usual_tubes: Tubes) -> None:
    with pytest.raises(CompensationError) as caught:
        gate(replace(usual_tubes[0].sample(), scale=Scale.COMPENSATED), "tbnk")
    assert str(caught.value) == (
        "Only a sample on the linear scale can be compensated. Found: compensated. Allowed: linear."
    )


@pytest.mark.parametrize("wrong", ["tube.fcs", Path("tube.fcs"), ["tube.fcs"]])
def test_a_path_is_no_sample(wrong: object) -> None:
    with pytest.raises(CytoreconError) as caught:
        gate(wrong, "tbnk")  # type: ignore[call-overload]
    kind = "PosixPath" if isinstance(wrong, Path) else "str"
    assert str(caught.value) == (
        f"samples, number 1: Only samples can be gated. Found: {kind}. Allowed: Sample. "
        "Read the file first: read_fcs(path)."
    )
