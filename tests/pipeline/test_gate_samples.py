"""``gate``: one sample or several, in any order, with and without each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytorecon.compensation import compensate
from cytorecon.errors import CompensationError, KnowledgeError, PanelError
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Threshold
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import gate
from cytorecon.pipeline.learn import learn
from cytorecon.pipeline.source import Source, batch_of
from cytorecon.pipeline.steps import survey
from cytorecon.pipeline.study import no_progress
from cytorecon.sample import Channel, ChannelRole, Sample, Scale
from cytorecon.simulate import SimulatedTube
from cytorecon.transforms import TransformSet
from tests.pipeline.tubes import (
    DETECTORS,
    JUDGED,
    events,
    flags,
    is_close,
    samples,
    swapped,
    tallies,
    tube,
    unstained,
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


def test_every_child_lies_in_its_parent(usual_gated: Gated) -> None:
    for gated in usual_gated:
        for entry in gated.template.populations:
            if entry.parent != "root":
                assert not (gated.mask(entry.population) & ~gated.mask(entry.parent)).any(), entry.population


def test_t_cells_are_the_sum_of_their_four_parts(usual_gated: Gated) -> None:
    for gated in usual_gated:
        parts = [gated.mask(population) for population in ("CD4_T", "CD8_T", "DP_T", "DN_T")]
        assert np.sum(parts, axis=0).tolist() == gated.mask("CD3_T").astype(int).tolist()


def test_t_b_and_nk_cells_share_no_cell_and_beads_are_no_cells(usual_gated: Gated) -> None:
    for gated in usual_gated:
        kinds = [gated.mask(population) for population in ("CD3_T", "B", "NK", "beads")]
        assert np.sum(kinds, axis=0).max() == 1
        assert not (gated.mask("beads") & gated.mask("singlets")).any()


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
        "seeded_cloud",
    }
    for truth, gated in zip(usual_tubes, few, strict=False):
        assert [population for population in JUDGED if not is_close(gated, truth, population)] == []


def test_no_samples_no_result() -> None:
    assert gate([], "tbnk") == ()


def test_the_order_of_tubes_is_irrelevant_to_each(usual_tubes: Tubes, usual_gated: Gated) -> None:
    again = gate(samples(usual_tubes[::-1]), "tbnk")[::-1]
    assert [gated.gates_version for gated in again] == [gated.gates_version for gated in usual_gated]
    assert all(
        np.array_equal(one.mask(population), other.mask(population))
        for one, other in zip(again, usual_gated, strict=True)
        for population in one.populations
    )


def test_the_order_of_events_is_irrelevant(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    order = np.random.default_rng(0).permutation(sample.n_events)
    plain, shuffled = gate(sample, "tbnk"), gate(replace(sample, events=sample.events[order]), "tbnk")
    assert shuffled.gates_version == plain.gates_version
    assert shuffled.mask("NK").tolist() == plain.mask("NK")[order].tolist()


def positions(tubes: Tubes) -> list[dict[str, float]]:
    """Return each tube's thresholds in decades of light."""
    template = load_template("tbnk")
    sources = [Source(str(number), template, sample=made.sample()) for number, made in enumerate(tubes)]
    surveys = {source.name: survey(source) for source in sources}
    scales = learn("batch", sources, surveys, map, no_progress).transforms
    return [thresholds(gated, scales) for gated in gate(samples(tubes), "tbnk")]


def thresholds(gated: GatedSample, scales: TransformSet) -> dict[str, float]:
    found = {}
    for part in (part for gate_ in gated.gates for part in gate_.parts):
        if isinstance(part.shape, Threshold) and len(part.shape.channels) == 1:
            place = np.array([part.shape.value], dtype=np.float32)
            found[part.part] = float(np.log10(scales.scale_of(part.shape.channels[0]).inverse(place)[0]))
    return found


def test_one_tube_less_hardly_moves_the_others(usual_tubes: Tubes) -> None:
    """No threshold of another tube moves by 0.05 decades."""
    complete, fewer = positions(usual_tubes), positions(usual_tubes[1:])
    for before, after in zip(complete[1:], fewer, strict=True):
        assert before.keys() == after.keys()
        assert max(abs(before[part] - after[part]) for part in before) < 0.05


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
        "CD3: The panel lacks what the template needs: CD3 not found. Found: PE-A 'CD16+56 PE' = CD16+CD56; "
        "PerCP-Cy5-5-A 'CD45 PerCP-Cy5.5' = CD45; PE-Cy7-A 'CD4 PE-Cy7' = CD4; APC-A 'CD19 APC' = CD19; "
        "APC-Cy7-A 'CD8 APC-Cy7' = CD8. Name the channel yourself: --map CD3=<channel>."
    )


def test_each_required_marker_is_asked_for(usual_tubes: Tubes) -> None:
    for marker, detector in DETECTORS.items():
        with pytest.raises(PanelError) as caught:
            gate(without_channels(usual_tubes[0].sample(), detector), "tbnk")
        assert marker in str(caught.value)


def test_a_channel_can_be_named_where_the_label_says_nothing(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    channels = list(sample.channels)
    place = sample.channel("FITC-A").index
    channels[place] = replace(channels[place], markers=frozenset(), marker_text="")
    unnamed = replace(sample, channels=tuple(channels))
    named = gate(unnamed, "tbnk", mapping={"CD3": "FITC-A"})
    assert events(named, "CD3_T") == events(gate(sample, "tbnk"), "CD3_T")


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


def test_a_template_that_does_not_exist_is_refused(usual_tubes: Tubes) -> None:
    with pytest.raises(KnowledgeError):
        gate(usual_tubes[0].sample(), "tbkn")


# ----------------------------------------------------------------- staining and detectors that fail


@pytest.mark.parametrize(
    ("marker", "populations"),
    [
        ("CD3", ("CD3_T", "CD4_T", "CD8_T")),
        ("CD4", ("CD4_T", "DP_T")),
        ("CD8", ("CD8_T", "DP_T")),
        ("CD19", ("B",)),
        ("CD16+CD56", ("NK", "NKT_like")),
        ("CD45", ("leukocytes", "lymphocytes", "CD3_T")),
    ],
)
def test_an_antibody_that_was_forgotten_is_never_positive(
    usual_tubes: Tubes, marker: str, populations: tuple[str, ...]
) -> None:
    """Beside stained tubes and alone: hardly an event, or not evaluable."""
    bad = unstained(usual_tubes[0].sample(), marker)
    beside = gate([bad, *samples(usual_tubes[1:5])], "tbnk")[0]
    for gated in (beside, gate(bad, "tbnk")):
        for population in populations:
            counted = tallies(gated)[population]
            assert counted.events is None or counted.events <= 3, population


@pytest.mark.parametrize("marker", ["CD3", "CD4", "CD8", "CD19", "CD16+CD56"])
def test_alone_a_forgotten_antibody_asks_for_a_look(usual_tubes: Tubes, marker: str) -> None:
    population = {"CD3": "CD3_T", "CD4": "CD4_T", "CD8": "CD8_T", "CD19": "B", "CD16+CD56": "NK"}[marker]
    alone = gate(unstained(usual_tubes[0].sample(), marker), "tbnk")
    assert "gate.control_tail" in flags(alone, population)


@pytest.mark.parametrize(("one", "other"), [("CD3", "CD19"), ("CD3", "CD45")])
def test_swapped_labels_show_beside_other_tubes(usual_tubes: Tubes, one: str, other: str) -> None:
    """CD4 and CD8 look alike: their exchange cannot be seen, and is not tested."""
    bad = swapped(usual_tubes[0].sample(), one, other)
    beside = gate([bad, *samples(usual_tubes[1:5])], "tbnk")[0]
    assert "gate.outlier" in flags(beside, "CD3_T")


@pytest.mark.parametrize("marker", ["CD3", "CD4", "CD45"])
def test_a_saturated_detector_still_separates(usual_tubes: Tubes, marker: str) -> None:
    """Positives at the end of the range are still positives; the reader is told."""
    truth = tube(seed=500, detector_gain={DETECTORS[marker]: 5.0})
    gated = gate([truth.sample(), *samples(usual_tubes[1:5])], "tbnk")[0]
    assert [
        population
        for population in ("CD3_T", "CD4_T", "CD8_T", "B")
        if not is_close(gated, truth, population)
    ] == []
    assert "gate.outlier" in flags(gated, "CD4_T")


def test_forward_scatter_at_its_end_asks_for_a_look(usual_tubes: Tubes) -> None:
    """Area saturates before height: their ratio no longer tells single cells."""
    truth = tube(seed=500, detector_gain={"FSC-A": 5.0})
    gated = gate([truth.sample(), *samples(usual_tubes[1:5])], "tbnk")[0]
    assert "quality.saturated" in {issue.code for issue in gated.issues}
    assert "gate.many_doublets" in flags(gated, "CD3_T")


def test_a_tube_without_beads_has_none(usual_tubes: Tubes) -> None:
    """Also where many dead cells glow in every channel."""
    for dead in (1.0, 20.0):
        truth = tube(seed=3, beads_per_tube=0, dead=dead)
        gated = gate([truth.sample(), *samples(usual_tubes[1:5])], "tbnk")[0]
        assert gated.reasons["beads"] == "no cloud of events bright in every channel"
        assert events(gated, "CD3_T") > 0


def test_events_that_are_no_numbers_are_left_out(usual_tubes: Tubes) -> None:
    sample = usual_tubes[0].sample()
    broken = sample.events.copy()
    broken[:30, sample.channel("FITC-A").index] = np.nan
    broken[30:60, sample.channel("SSC-A").index] = np.inf
    gated = gate(replace(sample, events=broken), "tbnk")
    for population in gated.populations:
        assert not gated.mask(population)[:60].any()
    assert is_close(gated, usual_tubes[0], "CD3_T")
