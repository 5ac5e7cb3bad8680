from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cytorecon.compensation import compensate
from cytorecon.sample import ChannelRole, Scale
from cytorecon.simulate import (
    BLOOD_POPULATIONS,
    LABELS,
    REPORTED,
    SimulatedTube,
    SimulationError,
    TubeSpec,
    load_settings,
    simulate_tube,
)

SETTINGS = load_settings()
BLOOD = SETTINGS.example_blood.values
QUIET: dict[str, Any] = {"variation": 0.0, "tails": 0.0, "doublets": 0.0, "debris": 0.0, "dead": 0.0}


def make(seed: int = 1, **fields: object) -> SimulatedTube:
    spec = TubeSpec.model_validate({"concentrations": BLOOD, "events": 5000, **fields})
    return simulate_tube(spec, seed=seed, settings=SETTINGS)


def compensated(tube: SimulatedTube) -> npt.NDArray[np.float32]:
    return compensate(tube.sample(), tube.spillover).events


def column(tube: SimulatedTube, name: str) -> npt.NDArray[np.float32]:
    return compensated(tube)[:, tube.channel_names.index(name)]


def test_same_seed_gives_the_same_tube_and_another_seed_another_one() -> None:
    first, again, other = make(7), make(7), make(8)
    assert first.events.tobytes() == again.events.tobytes()
    assert first.labels.tolist() == again.labels.tolist()
    assert first.truth == again.truth
    assert first.events.tobytes() != other.events.tobytes()


def test_a_seed_sequence_of_one_number_is_that_number() -> None:
    spec = TubeSpec(concentrations=BLOOD, events=500)
    with_number = simulate_tube(spec, seed=4, settings=SETTINGS)
    with_sequence = simulate_tube(spec, seed=np.random.SeedSequence(4), settings=SETTINGS)
    assert with_number.events.tobytes() == with_sequence.events.tobytes()


def test_the_packaged_numbers_are_the_default() -> None:
    spec = TubeSpec(concentrations=BLOOD, events=500)
    assert simulate_tube(spec, seed=4).truth == simulate_tube(spec, seed=4, settings=SETTINGS).truth


def test_channels_are_those_of_a_six_colour_tbnk_tube() -> None:
    tube = make()
    named = dict(zip(tube.channel_names, tube.marker_texts, strict=True))
    assert named == {
        "FSC-A": "",
        "FSC-H": "",
        "SSC-A": "",
        "FITC-A": "CD3 FITC",
        "PE-A": "CD16+56 PE",
        "PerCP-Cy5-5-A": "CD45 PerCP-Cy5.5",
        "PE-Cy7-A": "CD4 PE-Cy7",
        "APC-A": "CD19 APC",
        "APC-Cy7-A": "CD8 APC-Cy7",
        "Time": "",
    }
    sample = tube.sample()
    assert sample.scale is Scale.LINEAR
    assert sample.channel("PE-A").markers == {"CD16", "CD56"}
    assert sample.channel("FSC-H").role is ChannelRole.FORWARD_SCATTER
    assert sample.channel("SSC-A").aspect == "A"
    assert sample.channel("Time").role is ChannelRole.TIME
    assert sample.channel("APC-A").maximum == 262144


def test_events_lie_on_the_scale_and_time_runs_forward() -> None:
    tube = make()
    assert tube.events.dtype == np.float32
    assert tube.events[:, :-1].max() <= 262143
    assert tube.events[:, 0].min() > 0
    assert np.all(np.diff(tube.events[:, -1]) >= 0)
    assert not tube.events.flags.writeable


def test_truth_adds_up_and_agrees_with_the_labels() -> None:
    tube = make()
    assert set(tube.labels.tolist()) <= set(LABELS)
    for name, parts in REPORTED.items():
        assert tube.true(name).events == np.count_nonzero(tube.mask(name))
        assert tube.true(name).events == sum(tube.true(part).events for part in parts)
        assert tube.true(name).cells_per_ul == pytest.approx(sum(BLOOD[part] for part in parts))
    assert tube.true("NKT_like").events == np.count_nonzero(tube.mask("NKT_like"))
    assert not np.any(tube.mask("NKT_like") & ~tube.mask("CD3_T"))
    assert tube.wbc_cells_per_ul == pytest.approx(sum(BLOOD.values()))
    assert tube.lymphocytes_cells_per_ul == tube.true("lymphocytes").cells_per_ul


def test_nkt_like_cells_are_the_share_of_the_settings() -> None:
    # Shares of simulator.yaml: 1.5 % of CD4_T, 8 % of CD8_T, 25 % of DN_T.
    assert make().true("NKT_like").cells_per_ul == pytest.approx(0.015 * 850 + 0.08 * 500 + 0.25 * 70)


def test_event_counts_are_poisson_about_concentration_times_volume() -> None:
    tubes = [make(seed, events=1500) for seed in range(150)]
    for population in (*BLOOD_POPULATIONS, "CD3_T", "leukocytes"):
        counts = np.array([tube.true(population).events for tube in tubes])
        expected = np.array([tube.true(population).cells_per_ul * tube.acquired_blood_ul for tube in tubes])
        z = (counts - expected) / np.sqrt(expected)
        # Mean and variance of 150 standardised Poisson numbers, within 4 standard errors.
        assert abs(z.mean()) < 4 / np.sqrt(150)
        assert abs(z.var() - 1) < 4 * np.sqrt(2.5 / 150)


def test_bead_counts_are_poisson_about_their_share_of_the_tube() -> None:
    tubes = [make(seed, events=1500, beads_per_tube=40_000, pipetting_error=0.1) for seed in range(150)]
    counts = np.array([np.count_nonzero(tube.mask("beads")) for tube in tubes])
    # 10 % more blood than the nominal 50 µL: 40,000 beads are in 55 µL.
    expected = np.array([tube.acquired_blood_ul / 55 * 40_000 for tube in tubes])
    z = (counts - expected) / np.sqrt(expected)
    assert abs(z.mean()) < 4 / np.sqrt(150)
    assert abs(z.var() - 1) < 4 * np.sqrt(2.5 / 150)


def test_counts_and_beads_give_back_the_concentration() -> None:
    tube = make(events=100_000)
    ratio = tube.true("CD4_T").events / np.count_nonzero(tube.mask("beads"))
    assert ratio * tube.beads_per_tube / tube.blood_volume_ul == pytest.approx(850, rel=0.05)


def test_events_is_the_expected_number_of_all_events() -> None:
    sizes = [make(seed, events=4000).events.shape[0] for seed in range(40)]
    assert np.mean(sizes) == pytest.approx(4000, abs=4 * np.sqrt(4000 / 40) * 1.2)


def test_a_tube_with_few_cells_runs_empty_before_the_target() -> None:
    tube = make(concentrations={"CD4_T": 2}, events=500_000, debris=0.0)
    assert tube.acquired_blood_ul == pytest.approx(0.8 * 50)
    assert tube.events.shape[0] < 60_000


@pytest.mark.parametrize("number", [0, 5, 20, 100])
def test_forced_counts_are_exact(number: int) -> None:
    tube = make(forced_events={"B": number, "CD8_T": 3})
    assert tube.true("B").events == np.count_nonzero(tube.labels == "B") == number
    assert tube.true("CD8_T").events == 3
    assert tube.true("B").cells_per_ul == pytest.approx(number / tube.acquired_blood_ul)


@hypothesis_settings(max_examples=25, deadline=None)
@given(
    forced=st.dictionaries(st.sampled_from(BLOOD_POPULATIONS), st.integers(0, 60), max_size=8),
    seed=st.integers(0, 2**32),
)
def test_any_forced_counts_are_exact(forced: dict[str, int], seed: int) -> None:
    tube = make(seed, events=1200, forced_events=forced)
    for population, number in forced.items():
        assert np.count_nonzero(tube.labels == population) == number


def test_an_absent_population_has_no_event() -> None:
    blood = {name: value for name, value in BLOOD.items() if name != "B"}
    tube = make(concentrations=blood, events=20_000)
    assert tube.true("B").events == 0
    assert tube.true("B").cells_per_ul == 0
    assert not any("B_cell" in source for source in tube.sources.tolist())


def test_switched_off_artefacts_do_not_occur() -> None:
    tube = make(**QUIET, beads_per_tube=0)
    assert set(tube.labels.tolist()) <= set(BLOOD_POPULATIONS)
    assert tube.beads_per_tube == 0


def test_older_blood_holds_more_dead_cells() -> None:
    dead = [
        np.mean(make(events=40_000, variation=0.0, sample_age_hours=age).labels == "dead")
        for age in (0.0, 48.0)
    ]
    assert dead[1] > 5 * dead[0] > 0


def test_compensation_with_the_stored_matrix_makes_channels_independent() -> None:
    tube = make(events=60_000, **QUIET, spillover_error=0.0)
    assert np.allclose(tube.spillover.matrix, tube.spillover_truth, atol=1e-6)
    cells = (tube.labels == "CD4_T") & ~tube.nkt_like

    def correlation(events: npt.NDArray[np.float32], bright: str, dark: str) -> float:
        at = [tube.channel_names.index(name) for name in (bright, dark)]
        return float(np.corrcoef(events[:, at][cells].T)[0, 1])

    assert correlation(tube.events, "FITC-A", "PE-A") > 0.7
    assert correlation(tube.events, "PE-Cy7-A", "APC-Cy7-A") > 0.4
    right = compensated(tube)
    for bright in ("FITC-A", "PerCP-Cy5-5-A", "PE-Cy7-A"):
        for dark in ("PE-A", "APC-A", "APC-Cy7-A"):
            assert abs(correlation(right, bright, dark)) < 0.1


def test_compensation_puts_negatives_at_the_same_place_on_bright_and_dark_cells() -> None:
    tube = make(events=60_000, **QUIET, spillover_error=0.0)
    pe = column(tube, "PE-A")
    on_t = np.median(pe[(tube.labels == "CD4_T") & ~tube.nkt_like])
    on_b = np.median(pe[tube.labels == "B"])
    assert abs(on_t - on_b) < 20
    raw = tube.events[:, tube.channel_names.index("PE-A")]
    assert np.median(raw[tube.labels == "CD4_T"]) > np.median(raw[tube.labels == "B"]) + 800


def test_negatives_straddle_zero_after_compensation() -> None:
    tube = make(events=60_000)
    negative = column(tube, "APC-A")[tube.mask("CD3_T")]
    assert 0.1 < np.mean(negative < 0) < 0.9


def test_spillover_error_changes_the_stored_matrix_only() -> None:
    right, wrong = make(), make(spillover_error=0.2)
    assert np.array_equal(right.spillover_truth, wrong.spillover_truth)
    assert not np.allclose(right.spillover.matrix, wrong.spillover.matrix, atol=1e-3)
    assert np.array_equal(np.diag(wrong.spillover.matrix), np.ones(6))


def test_gain_scales_a_detector_and_its_share_of_every_dye() -> None:
    plain = make(events=40_000, **QUIET)
    drifted = make(events=40_000, **QUIET, detector_gain={"PE-A": 1.5})
    nk = [np.median(column(tube, "PE-A")[tube.labels == "NK"]) for tube in (plain, drifted)]
    assert nk[1] / nk[0] == pytest.approx(1.5, rel=0.03)
    assert drifted.spillover_truth[0, 1] == pytest.approx(1.5 * plain.spillover_truth[0, 1])
    assert drifted.spillover_truth[1, 0] == pytest.approx(plain.spillover_truth[1, 0] / 1.5)


def test_beads_are_bright_in_every_fluorescence_and_small() -> None:
    tube = make(events=20_000)
    beads = tube.mask("beads")
    for name in tube.spillover.channels:
        values = column(tube, name)
        assert values[beads].min() > 20_000
        assert np.std(np.log(values[beads])) < 0.1
    forward = tube.events[:, 0]
    assert np.percentile(forward[beads], 99) < np.percentile(forward[tube.mask("lymphocytes")], 1)


def test_doublets_have_more_area_per_height_than_single_cells() -> None:
    tube = make(events=60_000)
    ratio = tube.events[:, 0] / tube.events[:, 1]
    single = ratio[tube.mask("leukocytes")]
    assert np.std(np.log(single)) < 0.05
    assert np.median(ratio[tube.labels == "doublet"]) > 1.3 * np.median(single)
    # Some hide among the single cells, as real ones do.
    assert 0.0 < np.mean(ratio[tube.labels == "doublet"] < np.percentile(single, 99)) < 0.3


def test_populations_lie_where_a_cytometrist_expects_them() -> None:
    tube = make(events=60_000)
    cd45, side = column(tube, "PerCP-Cy5-5-A"), tube.events[:, 2]
    at = {name: (np.median(cd45[tube.mask(name)]), np.median(side[tube.mask(name)])) for name in REPORTED}
    assert at["lymphocytes"][0] > at["monocytes"][0] > at["granulocytes"][0]
    assert at["lymphocytes"][1] < at["monocytes"][1] < at["granulocytes"][1]
    assert np.median(cd45[tube.labels == "debris"]) < 0.1 * at["granulocytes"][0]
    cd4 = column(tube, "PE-Cy7-A")
    dim = np.median(cd4[tube.mask("monocytes")])
    assert 1000 < dim < 0.3 * np.median(cd4[tube.mask("CD4_T")])
    cd8 = column(tube, "APC-Cy7-A")
    nk_dim = np.mean((cd8 > 1500) & tube.mask("NK")) / np.mean(tube.mask("NK"))
    assert 0.2 < nk_dim < 0.5
    assert np.median(column(tube, "PE-A")[tube.mask("granulocytes")]) > 5000


def test_tails_make_clusters_asymmetric_and_can_be_switched_off() -> None:
    def skewness(tails: float) -> float:
        tube = make(events=150_000, variation=0.0, tails=tails)
        bright = np.log(column(tube, "APC-Cy7-A")[tube.sources == "CD8_conventional"].clip(1))
        return float(np.mean((bright - bright.mean()) ** 3) / np.std(bright) ** 3)

    assert abs(skewness(0.0)) < 0.2
    assert skewness(4.0) < -0.4


def test_variation_moves_stains_between_tubes() -> None:
    def positions(variation: float) -> list[float]:
        tubes = [make(seed, events=4000, variation=variation) for seed in range(8)]
        return [float(np.log10(np.median(column(tube, "PE-Cy7-A")[tube.mask("CD4_T")]))) for tube in tubes]

    assert np.std(positions(1.0)) > 3 * np.std(positions(0.0))


def test_specification_errors_are_readable() -> None:
    with pytest.raises(SimulationError) as error:
        TubeSpec.model_validate({"concentrations": {"CD4": 1.0}, "events": 0, "speed": 3})
    assert str(error.value) == (
        "tube specification, concentrations, events, speed: The tube cannot be simulated. "
        "Allowed: unknown population CD4; known: CD4_T, CD8_T, DN_T, DP_T, B, NK, monocytes, granulocytes; "
        "Input should be greater than or equal to 1; Extra inputs are not permitted."
    )
    with pytest.raises(SimulationError) as error:
        TubeSpec(concentrations={"B": -1.0})
    assert str(error.value) == (
        "tube specification, concentrations: The tube cannot be simulated. "
        "Allowed: a count cannot be negative."
    )
    with pytest.raises(SimulationError) as error:
        TubeSpec(concentrations={"B": 1.0}, detector_gain={"PE-A": 0.0})
    assert str(error.value) == (
        "tube specification, detector_gain: The tube cannot be simulated. Allowed: a gain must be above 0."
    )


def test_simulation_errors_are_readable() -> None:
    with pytest.raises(SimulationError) as error:
        make(detector_gain={"V450-A": 2.0})
    assert str(error.value) == (
        "tube specification, detector_gain: A gain was given for a channel the cytometer does not have. "
        "Found: V450-A. Allowed: FSC-A, SSC-A, FITC-A, PE-A, PerCP-Cy5-5-A, PE-Cy7-A, APC-A, APC-Cy7-A."
    )
    with pytest.raises(SimulationError) as error:
        make(-1)
    assert str(error.value) == "seed: The tube cannot be simulated. Found: -1. Allowed: 0 or more."
    with pytest.raises(SimulationError) as error:
        make(concentrations={}, forced_events={"B": 5}, debris=0.0, beads_per_tube=0)
    assert str(error.value) == (
        "tube specification, events: The tube leaves no blood volume to acquire. "
        "Found: 5000 events, 5 of them forced, 0 other events per µL. "
        "Ask for more events than are forced, and for another population, beads or debris."
    )
    with pytest.raises(SimulationError) as error:
        make().mask("viable")
    assert str(error.value) == (
        "population: The simulator has no truth for this population. Found: viable. "
        "Allowed: leukocytes, lymphocytes, CD3_T, CD4_T, CD8_T, DN_T, DP_T, B, NK, monocytes, granulocytes, "
        "NKT_like, debris, doublet, dead, beads."
    )
    with pytest.raises(SimulationError) as error:
        make().true("debris")
    assert str(error.value) == (
        "population: The simulator reports no counts for this population. Found: debris. "
        "Allowed: leukocytes, lymphocytes, CD3_T, CD4_T, CD8_T, DN_T, DP_T, B, NK, monocytes, granulocytes, "
        "NKT_like."
    )
