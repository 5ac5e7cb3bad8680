from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cytorecon.knowledge.patient_model import load_patient_model
from cytorecon.milestone.clock import EndOfClock
from cytorecon.patient.observations import Observations, observations
from tests.patient.made import table

SETTINGS = load_patient_model()


def of(frame: pd.DataFrame, end: EndOfClock | None = None) -> Observations:
    return observations(frame, "CD4_T", {"P01": end} if end else {}, SETTINGS)["P01"]


def test_a_count_is_a_log_with_the_noise_of_its_interval() -> None:
    found = of(table({"P01": {30: 100.0}}))
    assert found.values == pytest.approx([np.log(100.5)])
    sd = (np.log(110.5) - np.log(90.5)) / (2 * 1.959964)
    assert found.variances == pytest.approx([sd**2])


def test_below_the_limit_is_known_to_lie_below_it() -> None:
    found = of(table({"P01": {30: "<12", 60: 40.0}}))
    assert found.censored.tolist() == [True, False]
    assert found.values[0] == pytest.approx(np.log(12.5))
    assert found.measured == 1


def test_the_lower_of_lloq_and_interval_is_the_limit() -> None:
    frame = table({"P01": {30: "<12"}}).assign(high=3.7)
    assert of(frame).values == pytest.approx([np.log(4.2)])


def test_a_count_without_interval_has_no_noise_of_counting() -> None:
    frame = table({"P01": {30: 100.0}}).assign(low=np.nan, high=np.nan)
    assert of(frame).variances.tolist() == [0.0]


def test_nothing_known_is_no_visit() -> None:
    frame = table({"P01": {30: 100.0, 60: 50.0}})
    frame.loc[1, "value"] = np.nan
    assert of(frame).days.tolist() == [30]


def test_tubes_of_one_day_are_one_sample() -> None:
    frame = pd.concat([table({"P01": {30: 100.0}}), table({"P01": {30: 400.0}}), table({"P01": {30: "<50"}})])
    found = of(frame)
    assert found.days.tolist() == [30]
    assert np.log(100.5) < found.values[0] < np.log(400.5)
    assert found.variances[0] < of(table({"P01": {30: 100.0}})).variances[0]
    both_below = pd.concat([table({"P01": {30: "<50"}}), table({"P01": {30: "<12"}})])
    assert of(both_below).values == pytest.approx([np.log(12.5)])


def test_day_0_and_days_after_the_end_of_the_clock_do_not_count() -> None:
    frame = table({"P01": {-7: 900.0, 0: 50.0, 30: 100.0, 80: 200.0, 100: 2.0}})
    assert of(frame, EndOfClock(80, "relapse")).days.tolist() == [30, 80]


def test_counts_of_two_methods_are_not_joined() -> None:
    frame = table({"P01": {30: 100.0, 60: 90.0, 100: 300.0}}).assign(
        count_method=["blood_count_alc", "beads", "beads"]
    )
    found = of(frame)
    assert found.days.tolist() == [60, 100]
    assert found.left_out == 1
