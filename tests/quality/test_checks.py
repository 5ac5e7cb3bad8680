from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.fcs import read_fcs
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.quality import check_quality
from tests.transforms.samples import sample_of

N = 5000
RNG = np.random.default_rng(1)


def good() -> dict[str, npt.ArrayLike]:
    return {
        "FSC-A": RNG.uniform(10_000, 200_000, N),
        "FITC-A": RNG.normal(0, 500, N),
        "Time": np.sort(RNG.uniform(0, 60, N)),
    }


def remarks(columns: Mapping[str, npt.ArrayLike], maximum: float = 262_144) -> list[str]:
    return [str(issue) for issue in check_quality(sample_of(columns, maximum))]


def test_nothing_to_remark() -> None:
    assert remarks(good()) == []


def test_few_events() -> None:
    few = {name: np.asarray(column)[:999] for name, column in good().items()}
    (remark,) = remarks(few)
    assert remark == (
        "warning: events: 999 events; fewer than 1000 give no usable gates. "
        "Acquire more events if there is blood left."
    )


@pytest.mark.parametrize("n", [0, 1])
def test_no_events_are_few_events(n: int) -> None:
    tube = sample_of({"FSC-A": np.zeros(n), "Time": np.zeros(n)})
    assert [issue.code for issue in check_quality(tube)] == ["quality.few_events"]


def test_saturation() -> None:
    column = RNG.normal(0, 500, N)
    column[:100] = 262_143
    (remark,) = remarks(good() | {"FITC-A": column})
    assert remark == (
        "warning: FITC-A: 2.0% of the events lie at the end of the detector's range. "
        "Lower the detector's voltage or gain."
    )
    column[:60] = 0
    assert remarks(good() | {"FITC-A": column}) == []


def test_saturation_of_channel_numbers() -> None:
    column = np.append(np.full(100, 1023), RNG.integers(0, 1000, N - 100))
    codes = [issue.code for issue in check_quality(sample_of({"FL1-H": column}, 1024))]
    assert codes == ["quality.saturated"]


def test_a_range_that_says_nothing_gives_no_saturation() -> None:
    # Converted files: $PnR far below the data, or far above.
    assert remarks({"FL1-H": RNG.uniform(1, 10_000, N)}, maximum=1024) == []
    assert remarks({"FL1-H": np.append(np.full(500, 1023), RNG.uniform(0, 1000, N))}) == []


def test_negative_scatter() -> None:
    column = RNG.uniform(1000, 200_000, N)
    column[:100] = -5
    assert remarks(good() | {"FSC-A": column}) == [
        "warning: FSC-A: 2.0% of the events have a negative value. Check the scatter threshold and baseline."
    ]


def test_a_channel_of_one_value() -> None:
    assert remarks(good() | {"FITC-A": np.zeros(N)}) == [
        "warning: FITC-A: Every event has the value 0. The detector was off, or the column was not exported."
    ]


def test_a_gap_in_time() -> None:
    time = np.sort(RNG.uniform(0, 60, N))
    time[N // 2 :] += 10
    assert remarks(good() | {"Time": time}) == [
        "warning: time: No event came for 14% of the acquisition time. Look for a clog or an air bubble."
    ]


def test_the_ticks_of_a_coarse_clock_are_no_gaps() -> None:
    assert remarks(good() | {"Time": np.sort(RNG.integers(0, 6, N))}) == []


def test_time_that_runs_backwards() -> None:
    time = np.concatenate([np.sort(RNG.uniform(0, 60, 100)) for _ in range(N // 100)])
    (remark,) = remarks(good() | {"Time": time})
    assert remark == (
        "warning: time: Time runs backwards at 1.0% of the events. "
        "Files were merged or sorted, or the clock overflowed."
    )


def test_values_that_are_not_finite_do_not_disturb() -> None:
    columns = good()
    columns["FITC-A"] = np.append(np.full(100, np.nan), RNG.normal(0, 500, N - 100))
    columns["PE-A"] = np.full(N, np.nan)
    assert remarks(columns) == []


def test_limits_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "quality.yaml").write_text(
        "compensation: {largest_condition_number: {value: -1, unit: x, why: y}}"
    )
    with pytest.raises(KnowledgeError) as caught:
        load_quality_limits(tmp_path)
    assert str(caught.value).startswith(
        "quality.yaml, compensation.largest_condition_number.value, detection, checks, acquisition, "
        "controls, assay, between_tubes: 7 fields cannot be used."
    )


def test_a_real_tube(real_data: Path) -> None:
    tube = read_fcs(real_data / "diva" / "124500.fcs")
    assert [(issue.code, issue.subject) for issue in check_quality(tube)] == [
        ("quality.saturated", "FSC-A"),
        ("quality.saturated", "SSC-A"),
    ]
