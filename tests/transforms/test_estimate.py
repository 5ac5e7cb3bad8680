from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import TransformError
from cytorecon.fcs import read_fcs
from cytorecon.sample import Sample
from cytorecon.transforms import Linear, Log, Logicle, TransformSet, estimate_transforms, summarise_channels
from tests.transforms.samples import sample_of

RNG = np.random.default_rng(3)
N = 2000


def estimate(*samples: Sample, channel_numbers: bool | None = None) -> TransformSet:
    return estimate_transforms(
        [summarise_channels(sample) for sample in samples], channel_numbers=channel_numbers
    )


def digital(top: float = 200_000, spread: float = 100) -> np.ndarray:
    """Negatives around zero and a bright population, as a digital cytometer gives them."""
    return np.concatenate([RNG.normal(0, spread, N // 2), RNG.uniform(1000, top, N // 2)])


def test_the_top_is_the_detectors_range_when_the_batch_comes_near_it() -> None:
    scales = estimate(sample_of({"FITC-A": digital(30_000), "PE-A": digital(5000), "FSC-A": digital() + 500}))
    assert scales.scale_of("FITC-A").t == 262_144
    assert scales.scale_of("PE-A").t == 262_144  # a dim dye of the same instrument
    assert scales.scale_of("FSC-A") == Linear(262_144)


def test_otherwise_the_top_is_the_next_power_of_ten() -> None:
    scales = estimate(sample_of({"FITC-A": digital(8000), "PE-A": digital(1500)}))
    assert scales.scale_of("FITC-A").t == scales.scale_of("PE-A").t == 10_000


@pytest.mark.parametrize("largest", [10_000, 10_000.5, 9646.6])
def test_the_end_of_a_four_decade_scale_is_ten_thousand(largest: float) -> None:
    assert estimate(sample_of({"FL1": [1, 5, largest]})).scale_of("FL1").t == 10_000


def test_a_range_far_below_the_data_is_not_believed() -> None:
    # gvhd_longitudinal_full: $PnR 1024 beside values up to 10,000.
    assert estimate(sample_of({"FL1": np.geomspace(1, 10_000, N)}, maximum=1024)).scale_of("FL1").t == 10_000


def test_a_single_event_above_the_range_does_not_move_the_top() -> None:
    column = digital()
    column[0] = 900_000
    assert estimate(sample_of({"FITC-A": column})).scale_of("FITC-A").t == 262_144


def test_the_width_follows_parks() -> None:
    negatives = -np.linspace(1, 100, 1000)
    column = np.concatenate([negatives, np.geomspace(1, 200_000, 1000)])
    scale = estimate(sample_of({"FITC-A": column})).scale_of("FITC-A")
    # r is the 5th percentile of the negatives, here -95.05; w = (m - log10(t / |r|)) / 2.
    assert isinstance(scale, Logicle)
    assert scale.w == pytest.approx((4.5 - np.log10(262_144 / 95.05)) / 2, abs=0.02)
    assert (scale.m, scale.a) == (4.5, 0)


def test_the_width_has_bounds() -> None:
    wide = estimate(sample_of({"FITC-A": np.concatenate([-np.full(N, 90_000), np.full(N, 200_000)])}))
    assert wide.scale_of("FITC-A") == Logicle(262_144, 1.8, 4.5)
    narrow = estimate(sample_of({"FITC-A": np.concatenate([-np.full(N, 0.01), np.full(N, 200_000)])}))
    assert narrow.scale_of("FITC-A") == Logicle(262_144, 0, 4.5)


def test_a_few_negatives_do_not_make_a_width() -> None:
    column = np.concatenate([-np.full(19, 5000), np.full(N, 200_000)])
    assert estimate(sample_of({"FITC-A": column})).scale_of("FITC-A") == Logicle(262_144, 0, 4.5)


@given(st.integers(1, N - 1))
def test_a_batch_has_one_scale_however_it_is_split(cut: int) -> None:
    column = np.random.default_rng(0).normal(500, 800, N)
    column[0] = 200_000
    whole = estimate(sample_of({"FITC-A": column}))
    parts = estimate(sample_of({"FITC-A": column[:cut]}), sample_of({"FITC-A": column[cut:]}))
    assert parts.sha256 == whole.sha256


def test_the_order_of_the_samples_does_not_matter() -> None:
    tubes = [sample_of({"FITC-A": digital(spread=width), "SSC-A": digital()}) for width in (50, 400, 100)]
    assert estimate(*tubes).to_json() == estimate(*tubes[::-1]).to_json()


def test_channels_of_some_samples_only() -> None:
    scales = estimate(sample_of({"FITC-A": digital()}), sample_of({"PE-A": digital()}))
    assert [name for name, _ in scales.channels] == ["FITC-A", "PE-A"]


def test_forward_scatter_is_linear_and_side_scatter_logarithmic() -> None:
    scales = estimate(
        sample_of({"FSC-H": RNG.uniform(50, 1023, N), "SSC-H": RNG.uniform(50, 1023, N), "FL1": digital()})
    )
    assert dict(scales.channels) | {"FL1": None} == {
        "FL1": None,
        "FSC-H": Linear(1024),
        "SSC-H": Log(1024, 3),
    }


def test_time_and_counters_have_no_scale() -> None:
    scales = estimate(sample_of({"Time": np.arange(N), "HDR-CE": np.arange(N), "FITC-A": digital()}))
    assert [name for name, _ in scales.channels] == ["FITC-A"]


def displayed() -> dict[str, npt.ArrayLike]:
    """Two markers on a biexponential display scale: negatives near 800, positives near 3000."""
    return {
        name: np.concatenate([RNG.normal(800, 250, N // 2), RNG.normal(3000, 200, N // 2)])
        for name in ("CD45RA", "CCR7")
    }


def test_values_on_a_display_scale_stay_as_they_are() -> None:
    scales = estimate(sample_of(displayed()))
    assert scales.scale_of("CCR7") == Linear(4096)
    (issue,) = scales.issues
    assert issue.code == "transform.display_scale"
    assert issue.message == (
        "Values of the batch end at 4096 and are high in most channels; they were taken for an export on a "
        "display scale (compensated and biexponential) and not transformed."
    )


def test_a_single_event_beyond_a_display_scale_changes_nothing() -> None:
    columns = displayed()
    columns["CCR7"] = np.append(np.asarray(columns["CCR7"])[1:], -12_000)
    columns["CD45RA"] = np.append(np.asarray(columns["CD45RA"])[1:], 5000)
    assert estimate(sample_of(columns)).scale_of("CCR7") == Linear(4096)


def test_linear_values_that_end_at_4096_are_no_display_scale() -> None:
    columns = {
        name: np.concatenate([RNG.normal(50, 40, N - 300), RNG.uniform(500, 4000, 300)]) for name in "AB"
    }
    assert isinstance(estimate(sample_of(columns)).scale_of("A"), Logicle)


def channel_numbers(high: float = 1023) -> dict[str, npt.ArrayLike]:
    return {"FL1-H": RNG.uniform(0, high, N), "FL2-H": np.append(RNG.normal(100, 5, N - 1), 900)}


def test_channel_numbers_of_a_log_amplifier_stay_as_they_are() -> None:
    scales = estimate(sample_of(channel_numbers()))
    assert dict(scales.channels) == {"FL1-H": Linear(1024), "FL2-H": Linear(1024)}
    (issue,) = scales.issues
    assert str(issue) == (
        "info: fluorescence: All values of the batch lie within 0..1023; they were taken for channel "
        "numbers of a "
        "four-decade log amplifier and not transformed. If they are linear values, do not trust these gates."
    )


def test_one_sample_above_them_shows_that_a_batch_is_linear() -> None:
    scales = estimate(sample_of(channel_numbers()), sample_of(channel_numbers(1024.5)))
    assert scales.scale_of("FL1-H") == Logicle(10_000, 0, 4.5)
    assert scales.issues == ()


def test_one_negative_value_shows_that_a_batch_is_linear() -> None:
    columns = channel_numbers() | {"FL3-H": np.append(RNG.uniform(0, 1000, N - 1), -1)}
    assert estimate(sample_of(columns)).scale_of("FL1-H") == Logicle(10_000, 0, 4.5)


def test_dim_linear_values_are_no_channel_numbers() -> None:
    # Unstained cells of an analogue instrument, linear: nearly all between 1 and 20.
    unstained = {"FL1-H": np.append(RNG.uniform(1, 20, N - 1), 900), "FL2-H": RNG.uniform(1, 9, N)}
    assert estimate(sample_of(unstained)).scale_of("FL1-H") == Logicle(1000, 0, 4.5)


def test_values_that_a_file_calls_log_amplified_are_linear_now() -> None:
    keywords = {"$DATATYPE": "I", "$P1E": "4,0", "$P2E": "4,0"}
    assert estimate(sample_of(channel_numbers(), keywords=keywords)).issues == ()
    keywords["$DATATYPE"] = "F"  # then the keyword means nothing
    assert estimate(sample_of(channel_numbers(), keywords=keywords)).issues != ()


def test_the_assumption_can_be_overruled() -> None:
    linear = estimate(sample_of(channel_numbers()), channel_numbers=False)
    assert linear.scale_of("FL1-H") == Logicle(10_000, 0, 4.5)
    told = estimate(sample_of({"FL1": digital()}), channel_numbers=True)
    assert told.scale_of("FL1") == Linear(1024)
    assert linear.issues == told.issues == ()


def test_a_batch_of_empty_tubes_has_the_scales_of_its_instrument() -> None:
    scales = estimate(sample_of({"FITC-A": [], "FSC-A": []}))
    assert dict(scales.channels) == {"FITC-A": Logicle(262_144, 0, 4.5), "FSC-A": Linear(262_144)}
    assert estimate(sample_of({"FITC-A": []}, maximum=0)).scale_of("FITC-A").t == 1


def test_values_that_are_not_finite_are_left_out() -> None:
    column = digital()
    spoilt = np.append(column, [np.nan, np.inf, -np.inf])
    assert (
        estimate(sample_of({"FITC-A": spoilt})).to_json() == estimate(sample_of({"FITC-A": column})).to_json()
    )


def test_no_sample() -> None:
    with pytest.raises(TransformError) as caught:
        estimate()
    assert (
        str(caught.value)
        == "There is no sample to choose scales from. Every tube of the batch failed to read."
    )


@pytest.mark.parametrize(
    ("folder", "pattern", "channel", "expected"),
    [
        ("flowcap1_gvhd", "*.fcs", "FL1-H", Linear(1024)),
        ("mclust_gvhd", "*.fcs", "FL4-H", Linear(1024)),
        ("itn", "*.fcs", "CD3", Logicle(10_000, 0, 4.5)),
        ("gvhd_longitudinal", "*.fcs", "FL2-H", Logicle(10_000, 0, 4.5)),
        ("gvhd_longitudinal_full", "*.fcs", "FL2-H", Logicle(10_000, 0, 4.5)),
        ("gvhd_longitudinal", "*.fcs", "SSC-H", Log(1024, 3)),
        ("flowsom_mouse_tbnk", "*.fcs", "FSC-A", Linear(262_144)),
    ],
)
def test_real_batches(real_data: Path, folder: str, pattern: str, channel: str, expected: object) -> None:
    paths = sorted((real_data / folder).glob(pattern))
    assert estimate(*(read_fcs(path) for path in paths)).scale_of(channel) == expected
