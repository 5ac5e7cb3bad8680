from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.calibration_forecast import forecasts, simulated
from cytorecon.knowledge.milestones import MilestoneRules, load_milestone_rules
from cytorecon.patient import Recovery, fit_recovery, forecast_milestones, forecast_visits
from cytorecon.patient.milestone_forecast import crossed
from cytorecon.study.model import ClinicalEvent, Study
from cytorecon.tables import FORECAST_COLUMNS, MILESTONE_FORECAST_COLUMNS
from tests.patient.made import cohort, study, table


@cache
def known_to_day_60() -> tuple[pd.DataFrame, Study]:
    """Return a cohort in which P00 has been seen on days 14, 30 and 60 only."""
    frame, own = cohort(30, seed=11)
    return frame[(frame["patient"] != "P00") | (frame["days_after_transplant"] <= 60)], own


@cache
def recovery_of_p00() -> Recovery:
    frame, own = known_to_day_60()
    return fit_recovery(frame, own, ["CD4_T"], patients=["P00"])


def rules(*thresholds: float, confirmation: int = 1) -> MilestoneRules:
    rule = next(each for each in load_milestone_rules().milestones if each.milestone == "cd4_200")
    own = tuple(
        rule.model_copy(
            update={"milestone": f"above_{threshold:g}", "threshold": threshold, "confirmation": confirmation}
        )
        for threshold in thresholds
    )
    return MilestoneRules(first_day=1, milestones=own)


def milestone_forecast(own: MilestoneRules, recovery: Recovery | None = None) -> pd.DataFrame:
    frame, made = known_to_day_60()
    return forecast_milestones(recovery or recovery_of_p00(), frame, made, seed=1, rules=own)


def test_planned_visits_to_come_have_a_band() -> None:
    found = forecast_visits(recovery_of_p00())
    assert tuple(found.columns) == FORECAST_COLUMNS
    assert found["window"].tolist() == ["day 100", "6 months", "1 year"]
    assert found["n"].tolist() == [29, 29, 29]
    assert (found["low"] < found["median"]).all()
    assert (found["median"] < found["high"]).all()
    assert (found["high"] / found["low"]).is_monotonic_increasing
    assert set(found["rests_on"]) == {
        (
            "3 visits of this patient up to day 60, and 30 patients (allogeneic stem-cell transplantation, "
            "18 years and over)"
        )
    }


def test_the_window_of_the_last_visit_is_not_to_come() -> None:
    frame, own = known_to_day_60()
    early = frame[(frame["patient"] != "P00") | (frame["days_after_transplant"] < 60)]
    early = pd.concat([early, table({"P00": {52: 60.0}})], ignore_index=True)
    found = forecast_visits(fit_recovery(early, own, ["CD4_T"], patients=["P00"]))
    assert found["window"].iloc[0] == "day 100"


@pytest.mark.parametrize(
    ("kind", "day", "words"),
    [
        ("relapse", 75, "relapse or progression on day 75 ended the clock"),
        ("death", 61, "death on day 61 ended the clock"),
        ("transplant", 45, "stem-cell transplantation on day 45 ended the clock"),
    ],
)
def test_nothing_is_forecast_when_the_clock_has_ended(kind: str, day: int, words: str) -> None:
    frame, own = known_to_day_60()
    event = ClinicalEvent(patient="P00", kind=kind, start_day=day)
    ended = own.model_copy(update={"events": (event,)})
    recovery = fit_recovery(frame, ended, ["CD4_T"], patients=["P00"])
    visits = forecast_visits(recovery)
    reached = forecast_milestones(recovery, frame, ended, seed=1, rules=rules(1e6))
    assert visits["reason"].tolist() == [words]
    assert visits[["median", "low", "high"]].isna().all(axis=None)
    # what a clock that has ended did not reach is no open question any more
    assert reached.empty


def test_an_event_that_does_not_end_the_clock_changes_nothing() -> None:
    frame, own = known_to_day_60()
    event = ClinicalEvent(patient="P00", kind="cmv", start_day=75)
    recovery = fit_recovery(frame, own.model_copy(update={"events": (event,)}), ["CD4_T"], patients=["P00"])
    pd.testing.assert_frame_equal(forecast_visits(recovery), forecast_visits(recovery_of_p00()))


def test_nothing_is_forecast_beyond_what_the_pool_was_followed_to() -> None:
    frame, own = cohort(25, seed=12, days=(14, 30, 60))
    found = forecast_visits(fit_recovery(frame, own, ["CD4_T"], patients=["P00"]))
    assert found["reason"].tolist() == ["0 patients of the pool have a sample at day 100, 10 are needed"]


def test_a_patient_at_the_end_of_the_plan_has_none_to_come() -> None:
    frame, own = cohort(25, seed=12, days=(14, 30, 60, 730))
    found = forecast_visits(fit_recovery(frame, own, ["CD4_T"], patients=["P00"]))
    assert found["reason"].tolist() == ["no visit is planned after day 730"]


def test_probabilities_fall_with_the_threshold_and_rise_with_time() -> None:
    found = milestone_forecast(rules(80, 150, 300))
    assert tuple(found.columns) == MILESTONE_FORECAST_COLUMNS
    by_threshold = found.pivot_table(index="days_after_transplant", columns="milestone", values="probability")
    assert (by_threshold["above_80"] >= by_threshold["above_150"]).all()
    assert (by_threshold["above_150"] >= by_threshold["above_300"]).all()
    for _, course in found.groupby("milestone"):
        assert course["probability"].is_monotonic_increasing
        assert course["probability"].between(course["low"], course["high"]).all()


def test_one_visit_is_the_area_of_the_band_beyond_the_threshold() -> None:
    visits = forecast_visits(recovery_of_p00())
    median = float(visits.loc[visits["window"] == "day 100", "median"].item())
    found = milestone_forecast(rules(median))
    first = found[found["window"] == "day 100"]
    assert first["probability"].item() == pytest.approx(0.5, abs=0.05)


def test_two_visits_in_a_row_need_two_visits() -> None:
    once, twice = (milestone_forecast(rules(100, confirmation=visits)) for visits in (1, 2))
    assert twice["probability"].iloc[0] == 0.0
    assert (twice["probability"] <= once["probability"]).all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second = (milestone_forecast(rules(100)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_what_is_reached_is_not_forecast() -> None:
    frame, _ = known_to_day_60()
    highest = float(frame[frame["patient"] == "P00"]["value"].max())
    assert milestone_forecast(rules(highest / 2)).empty
    # reached by the last visit, and one more has to confirm it
    pending = frame[frame["patient"] == "P00"]["value"].iloc[-1] * 0.99
    found = milestone_forecast(rules(pending, confirmation=2))
    assert found["probability"].iloc[0] > 0.3


def test_a_rule_for_others_is_not_forecast() -> None:
    children = [rule for rule in load_milestone_rules().milestones if rule.milestone == "cd4_500"]
    assert milestone_forecast(MilestoneRules(first_day=1, milestones=tuple(children))).empty


def test_too_few_patients_are_named_in_the_row_of_the_milestone() -> None:
    courses: dict[str, dict[int, float | str]] = {"P00": {30: 20.0, 60: 40.0}}
    frame, own = table(courses), study(courses)
    recovery = fit_recovery(frame, own, ["CD4_T"])
    found = forecast_milestones(recovery, frame, own, seed=1, rules=rules(200))
    assert found["reason"].tolist() == [
        "not enough patients to pool: 1 of allogeneic stem-cell transplantation, any age, 20 are needed"
    ]
    assert found["probability"].isna().all()


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 3), st.integers(0, 3))
def test_crossed_is_what_counting_by_hand_gives(above: list[bool], confirmation: int, before: int) -> None:
    history = [True] * before
    expected, done = [], False
    for state in above:
        history.append(state)
        done = done or (len(history) >= confirmation and all(history[-confirmation:]))
        expected.append(done)
    assert crossed(np.array(above), confirmation, before).tolist() == expected


def test_bands_hold_what_comes() -> None:
    found = list(forecasts(simulated(60, 7), populations=("CD4_T", "B")))
    assert len(found) > 80
    assert {item.below for item in found} == {True, False}
    # 90 % band: of 100 forecasts fewer than 82 once in 200 cohorts
    assert 0.82 <= np.mean([item.covered for item in found]) <= 0.99
