from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytorecon.fcs import read_fcs
from cytorecon.fcs.numbers import quoted
from cytorecon.sample import Sample
from tests.fcs.fcs_bytes import EVENTS, fcs_bytes, write


def read(tmp_path: Path, keywords: dict[str, str | None], **options: object) -> Sample:
    return read_fcs(write(tmp_path, fcs_bytes(keywords=keywords, **options)))  # type: ignore[arg-type]


def issues(sample: Sample) -> list[str]:
    return [str(issue) for issue in sample.issues]


def test_integers_of_a_log_amplifier_become_linear(tmp_path: Path) -> None:
    events = np.array([[1, 2, 0, 512, 1], [1, 2, 256, 1023, 2]])
    sample = read(
        tmp_path, {"$P3E": "4,1", "$P4E": "4.0,0.1"}, events=events, datatype="I", bits=16, limit=1024
    )
    np.testing.assert_allclose(sample.events[:, 2], [1, 10], rtol=1e-6)
    np.testing.assert_allclose(sample.events[:, 3], [0.1 * 100, 0.1 * 10 ** (4 * 1023 / 1024)], rtol=1e-6)
    assert [round(channel.maximum) for channel in sample.channels] == [1024, 1024, 10_000, 1000, 1024]
    assert sample.issues == ()


def test_a_lowest_value_of_zero_means_one(tmp_path: Path) -> None:
    events = np.array([[1, 2, 512, 0, 1]])
    sample = read(tmp_path, {"$P3E": "4,0"}, events=events, datatype="I", bits=16, limit=1024)
    assert sample.events[0, 2] == pytest.approx(100)


def test_floats_are_linear_whatever_the_amplifier_was(tmp_path: Path) -> None:
    sample = read(tmp_path, {"$P3E": "4,0"})
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert issues(sample) == [
        "warning: $P3E: Floating-point data are linear by the standard; the log amplifier was ignored."
    ]


def test_a_gain_is_divided_out_of_linear_channels_only(tmp_path: Path) -> None:
    events = np.array([[8, 2, 512, 0, 4]])
    keywords: dict[str, str | None] = {"$P1G": "4", "$P3G": "8", "$P3E": "4,1", "$P5G": "0.01"}
    sample = read(tmp_path, keywords, events=events, datatype="I", bits=16, limit=1024)
    np.testing.assert_allclose(sample.events, [[2, 2, 100, 0, 4]], rtol=1e-6)
    assert sample.channels[0].maximum == 256


def test_time_is_in_seconds(tmp_path: Path) -> None:
    sample = read(tmp_path, {"$TIMESTEP": "0.01", "$P5G": "0.01"})
    np.testing.assert_allclose(sample.column("Time"), EVENTS[:, 4] * 0.01, rtol=1e-6)
    assert sample.channel("Time").maximum == pytest.approx(2621.44)


def test_no_time_step(tmp_path: Path) -> None:
    assert issues(read(tmp_path, {"$TIMESTEP": None})) == [
        "info: $TIMESTEP: The time step is missing; time is in steps of unknown length."
    ]


@pytest.mark.parametrize("value", [" ", "inf", "-1", "0", "fast"])
def test_an_unusable_time_step(tmp_path: Path, value: str) -> None:
    sample = read(tmp_path, {"$TIMESTEP": value})
    np.testing.assert_array_equal(sample.events, EVENTS)
    (issue,) = issues(sample)
    assert issue == (
        f"warning: $TIMESTEP: The time step ({quoted(value)}) is no number of seconds; time is in steps of "
        "unknown length."
    )


@pytest.mark.parametrize("value", [" ", "nan", "-2", "high"])
def test_an_unusable_gain(tmp_path: Path, value: str) -> None:
    sample = read(tmp_path, {"$P3G": value})
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert issues(sample) == [
        f"warning: $P3G: The gain ({quoted(value)}) is no positive number; values were left as they are."
    ]


def test_a_gain_of_zero_means_none(tmp_path: Path) -> None:
    sample = read(tmp_path, {"$P3G": "0"})
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert sample.issues == ()


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("4", "is not two numbers"),
        ("a,b", "is not two numbers"),
        ("nan,0", "is not two numbers"),
        ("400,1", "is out of range"),
        ("-1,0", "is out of range"),
        ("4,-1", "is out of range"),
    ],
)
def test_an_unusable_amplification(tmp_path: Path, value: str, wrong: str) -> None:
    sample = read(tmp_path, {"$P3E": value}, datatype="I", bits=16, limit=1024)
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert issues(sample) == [
        f"warning: $P3E: The amplification ({quoted(value)}) {wrong}; it was taken for linear."
    ]


def test_a_missing_amplification(tmp_path: Path) -> None:
    sample = read(tmp_path, {"$P3E": None})
    assert issues(sample) == ["warning: $P3E: The amplification is missing; it was taken for linear."]


def test_a_range_below_the_data_does_not_clip(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(tmp_path, {}, limit=10).events, EVENTS)


def test_time_on_a_log_scale_has_no_steps(tmp_path: Path) -> None:
    events = np.array([[1, 2, 3, 4, 512]])
    keywords: dict[str, str | None] = {"$P5E": "4,1", "$TIMESTEP": "0.01"}
    sample = read(tmp_path, keywords, events=events, datatype="I", bits=16, limit=1024)
    assert sample.events[0, 4] == pytest.approx(100)
    assert issues(sample) == [
        "warning: $TIMESTEP: Time is on a log scale, where a step means nothing; it is not in seconds."
    ]
