"""Acquisition against time: drift, bursts, slow flow, events at the lower end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from cytorecon.errors import Severity
from cytorecon.pipeline import gate
from cytorecon.quality import check_quality
from cytorecon.sample import Sample
from cytorecon.simulate import simulate_tube, tube_spec
from tests.transforms.samples import sample_of

N = 20_000
BLOOD = {"CD4_T": 300, "CD8_T": 200, "B": 80, "NK": 90, "monocytes": 300, "granulocytes": 2500}


def run(seed: int = 1) -> dict[str, npt.NDArray[np.float64]]:
    """Return a run at constant rate: half of the cells positive in FITC, none in PE."""
    rng = np.random.default_rng(seed)
    positive = rng.random(N) < 0.5
    return {
        "FSC-A": rng.normal(90_000, 15_000, N),
        "FITC-A": np.where(positive, rng.lognormal(9.5, 0.4, N), rng.normal(100, 150, N)),
        "PE-A": np.where(rng.random(N) < 0.2, rng.lognormal(9.5, 0.4, N), rng.normal(100, 150, N)),
        "Time": np.cumsum(rng.exponential(0.01, N)),
    }


def remarks(columns: dict[str, npt.NDArray[np.float64]]) -> list[str]:
    return [str(issue) for issue in check_quality(sample_of(columns))]


def codes(sample: Sample) -> set[str]:
    return {issue.code for issue in check_quality(sample)}


@pytest.mark.parametrize("seed", range(5))
def test_a_steady_run_is_not_remarkable(seed: int) -> None:
    assert remarks(run(seed)) == []


def test_gain_that_changes_half_way() -> None:
    columns = run()
    columns["FITC-A"][N // 2 :] *= 1.3
    (remark,) = remarks(columns)
    assert remark == (
        "warning: signal: The signal moves in FITC-A (x 1.28): 50% of the events, between 50% and 100% "
        "of the run. Gates fit one part of the run only. Look for a clog, an air bubble, or a laser "
        "that warms up."
    )


def test_a_signal_that_dips_and_comes_back() -> None:
    columns = run()
    columns["FITC-A"][8000:12_000] *= 0.6
    (remark,) = remarks(columns)
    assert remark.startswith(
        "warning: signal: The signal moves in FITC-A (x 0.60): 20% of the events, between 40% and 60% "
        "of the run."
    )


def test_other_cells_are_no_drift() -> None:
    """In the second half of the run four times as many cells are positive: no cloud moves."""
    rng = np.random.default_rng(3)
    columns = run()
    share = np.where(np.arange(N) < N // 2, 0.2, 0.8)
    positive = rng.random(N) < share
    columns["FITC-A"] = np.where(positive, rng.lognormal(9.5, 0.4, N), rng.normal(100, 150, N))
    assert remarks(columns) == []


def test_negative_cells_that_move_alone() -> None:
    columns = run()
    late = np.arange(N) >= N // 2
    negative = columns["PE-A"] < 1000
    columns["PE-A"][late & negative] += 300
    (remark,) = remarks(columns)
    assert remark == (
        "warning: signal: The negative cells move in PE-A, the bright ones do not: 50% of the events, "
        "between 50% and 100% of the run. Look for free dye, carry-over or a baseline that moves; dim "
        "cells may be counted as positive."
    )


def test_order_tells_nothing_without_a_clock() -> None:
    columns = run()
    columns["FITC-A"][N // 2 :] *= 1.3
    del columns["Time"]
    assert remarks(columns) == []


def test_a_burst() -> None:
    columns = run()
    gaps = np.diff(columns["Time"], prepend=0)
    gaps[10_000:11_000] /= 10
    columns["Time"] = np.cumsum(gaps)
    (remark,) = remarks(columns)
    assert remark == (
        "warning: time: Events come in a burst, up to 3.4 times the usual rate: 6% of the events, "
        "between 52% and 54% of the run. Air bubbles, carry-over and coincidences come in bursts; look "
        "at the populations over time."
    )


def test_a_clog() -> None:
    columns = run()
    gaps = np.diff(columns["Time"], prepend=0)
    gaps[10_000:12_000] *= 5
    columns["Time"] = np.cumsum(gaps)
    (remark,) = remarks(columns)
    assert remark == (
        "warning: time: The flow slows down to less than 50% of its usual rate for 34% of the run (10% "
        "of the events, between 36% and 70% of the run). Look for a clog, or a sample that ran empty; "
        "volumes counted by time are wrong."
    )


def test_a_clock_too_coarse_for_a_rate() -> None:
    columns = run()
    columns["Time"] = np.floor(columns["Time"] / 50)
    assert remarks(columns) == []


def test_events_at_the_lower_end() -> None:
    columns = run()
    columns["PE-A"] = np.maximum(columns["PE-A"], 100)
    (issue,) = check_quality(sample_of(columns))
    assert issue.severity is Severity.INFO
    assert str(issue) == (
        "info: signal: Events stand at the lowest value of PE-A (40%). The baseline is too low, or the "
        "export cut values off; negative cells are not whole."
    )


def test_values_that_are_not_finite_do_not_disturb() -> None:
    columns = run()
    columns["PE-A"][:100] = np.nan
    columns["FSC-A"][:] = np.nan
    assert remarks(columns) == []


@pytest.mark.parametrize("seed", range(4))
def test_simulated_tubes(seed: int) -> None:
    tube = simulate_tube(tube_spec(concentrations=BLOOD, events=(5000, 40_000)[seed % 2]), seed=seed).sample()
    assert not codes(tube)
    events = np.array(tube.events)
    events[len(events) // 2 :, :-1] *= 1.3
    assert codes(replace(tube, events=events)) == {"quality.drift"}


def test_a_drift_and_too_few_events_reach_every_number_of_a_tube() -> None:
    tube = simulate_tube(tube_spec(concentrations=BLOOD, events=20_000), seed=7).sample()
    events = np.array(tube.events)
    events[len(events) // 2 :, :-1] *= 1.3
    moved, few = gate([replace(tube, events=events), replace(tube, events=tube.events[:200])], "tbnk")
    for gated, code in ((moved, "quality.drift"), (few, "quality.few_events")):
        counts = gated.counts()
        assert all(code in review for review in counts["review"])
        assert not (counts["status"] == "ok").any()
