from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from cytorecon.patient import Recovery, RecoveryModel, fit_recovery, recovery_curves
from cytorecon.patient.gaussian import solve
from cytorecon.patient.kernel import Array, patient_covariance
from cytorecon.study.model import ClinicalEvent, Patient, Study
from cytorecon.tables import RECOVERY_CURVE_COLUMNS
from tests.patient.made import DAYS, KERNEL, cohort, curve, study, table


@cache
def fitted(patients: int = 30, seed: int = 1) -> tuple[pd.DataFrame, Study, Recovery]:
    frame, own = cohort(patients, seed=seed)
    return frame, own, fit_recovery(frame, own, ["CD4_T"])


def model_of(recovery: Recovery, patient: str) -> RecoveryModel:
    found = recovery.models[patient, "CD4_T"]
    assert isinstance(found, RecoveryModel)
    return found


def test_hyperparameters_of_a_large_cohort_are_found() -> None:
    frame, own = cohort(200, seed=2)
    kernel = model_of(fit_recovery(frame, own, ["CD4_T"], patients=["P00"]), "P00").fit.kernel
    total = np.hypot(kernel.patient_sd, kernel.change_sd)
    assert total == pytest.approx(np.hypot(0.6, 0.4), rel=0.2)
    assert kernel.visit_sd == pytest.approx(0.2, rel=0.35)


def test_too_few_patients_have_no_curve_and_it_says_so() -> None:
    frame, own = cohort(19, seed=3)
    curves = recovery_curves(fit_recovery(frame, own, ["CD4_T"], patients=["P03"]))
    assert curves["reason"].tolist() == [
        "not enough patients to pool: 19 of allogeneic stem-cell transplantation, any age, 20 are needed"
    ]
    assert curves[["median", "low", "high"]].isna().all(axis=None)


def test_a_patient_without_a_value_has_no_curve() -> None:
    frame, own, _ = fitted()
    more = own.model_copy(update={"patients": (*own.patients, Patient(patient="P99", programme="allo_hsct"))})
    assert fit_recovery(frame, more, ["CD4_T"], patients=["P99"]).models == {
        ("P99", "CD4_T"): "no visit could be judged"
    }


def test_children_are_compared_with_children_where_they_are_enough() -> None:
    frame, own = cohort(45, seed=4)
    people = tuple(
        each.model_copy(update={"age_years": 8.0 if place < 22 else 40.0})
        for place, each in enumerate(own.patients)
    )
    recovery = fit_recovery(frame, own.model_copy(update={"patients": people}), ["CD4_T"], patients=["P00"])
    pool = model_of(recovery, "P00").pool
    assert pool.name == "allogeneic stem-cell transplantation, under 18 years"
    assert (len(pool.patients), pool.enough) == (22, 22)
    few = tuple(
        each.model_copy(update={"age_years": 8.0 if place < 5 else 40.0})
        for place, each in enumerate(own.patients)
    )
    mixed = fit_recovery(frame, own.model_copy(update={"patients": few}), ["CD4_T"], patients=["P00"])
    assert model_of(mixed, "P00").pool.name == "allogeneic stem-cell transplantation, any age"


def test_programmes_are_never_mixed() -> None:
    frame, own = cohort(30, seed=5)
    people = tuple(
        each.model_copy(update={"programme": "auto_hsct" if place < 11 else "allo_hsct"})
        for place, each in enumerate(own.patients)
    )
    recovery = fit_recovery(frame, own.model_copy(update={"patients": people}), ["CD4_T"], patients=["P00"])
    assert recovery.models["P00", "CD4_T"] == (
        "not enough patients to pool: 11 of autologous stem-cell transplantation, any age, 20 are needed"
    )


def test_the_band_is_narrow_at_visits_and_wider_between() -> None:
    _, _, recovery = fitted()
    model = model_of(recovery, "P00")
    at, between = model.of_patient("P00", [180, 260]).sd
    assert at < between
    with_visits = model.with_visits(model.of_patient("P00", [180]))
    assert with_visits.sd[0] > at


def test_the_curve_follows_the_patient_more_than_the_cohort() -> None:
    frame, _, recovery = fitted()
    last = frame[frame["days_after_transplant"] == 365].set_index("patient")["value"]
    highest, lowest = str(last.idxmax()), str(last.idxmin())
    for patient in (highest, lowest):
        model = model_of(recovery, patient)
        own = model.of_patient(patient, [365]).mean[0]
        others = model.of_others(patient, [365]).mean[0]
        assert abs(own - np.log(last[patient])) < abs(others - np.log(last[patient])) / 2


def test_what_others_say_does_not_hang_on_the_patient() -> None:
    model = model_of(fitted()[2], "P00")
    before = model.of_others("P00", [100])
    values = model.fit.sites.values.copy()
    values[0] += 1.0
    found = solve(model.fit.kernel, model.batch, values, model.fit.sites.variances)
    fit = replace(model.fit, found=found, sites=replace(model.fit.sites, values=values))
    moved = replace(model, fit=fit)
    assert moved.of_others("P00", [100]).mean == pytest.approx(before.mean, abs=1e-9)
    assert moved.of_patient("P00", [100]).mean[0] > model.of_patient("P00", [100]).mean[0] + 0.5


def test_a_lower_limit_never_raises_the_curve() -> None:
    frame, own = cohort(25, seed=7)
    medians = []
    for limit in (20, 5):
        rest = frame[~((frame["patient"] == "P00") & (frame["days_after_transplant"] == 60))]
        both = pd.concat([rest, table({"P00": {60: f"<{limit}"}})], ignore_index=True)
        curve = recovery_curves(fit_recovery(both, own, ["CD4_T"], patients=["P00"]), days=[60])
        medians.append(curve["median"].item())
    assert medians[1] < medians[0] < 20


def test_curve_table_says_what_it_rests_on() -> None:
    _, _, recovery = fitted()
    curves = recovery_curves(recovery)
    assert tuple(curves.columns) == RECOVERY_CURVE_COLUMNS
    own = curves[curves["patient"] == "P01"]
    assert own["days_after_transplant"].agg(["min", "max"]).tolist() == [14, 365]
    assert ((own["low"] <= own["median"]) & (own["median"] <= own["high"])).all()
    assert (own["visit_high"] >= own["high"]).all()
    assert own["rests_on"].iloc[0].startswith("6 visits of this patient up to day 365")
    assert (
        own["rests_on"]
        .iloc[0]
        .endswith("and 30 patients (allogeneic stem-cell transplantation, 18 years and over)")
    )
    assert not own["reported"].str.startswith("0 ").any()


def test_visits_after_a_relapse_are_no_part_of_the_curve() -> None:
    frame, own = cohort(25, seed=8)
    relapse = ClinicalEvent(patient="P00", kind="relapse", start_day=120)
    ended = own.model_copy(update={"events": (relapse,)})
    curve = recovery_curves(fit_recovery(frame, ended, ["CD4_T"], patients=["P00"]))
    assert curve["last_day"].unique().tolist() == [100]


def test_a_study_without_values_has_no_models() -> None:
    recovery = fit_recovery(table({"P00": {30: 5.0}}).iloc[:0], study({"P00": 1}), ["CD4_T"])
    assert recovery.models == {("P00", "CD4_T"): "no visit could be judged"}


def test_the_band_holds_the_recovery_behind_the_samples() -> None:
    rng = np.random.default_rng(31)
    courses: dict[str, dict[int, float | str]] = {}
    truth: dict[str, Array] = {}
    times = np.log(np.array(DAYS) + 7.0)
    for number in range(60):
        name = f"P{number:02d}"
        latent = rng.multivariate_normal(curve(times), patient_covariance(KERNEL, times, times))
        truth[name] = np.exp(latent) - 0.5
        seen = np.exp(latent + KERNEL.visit_sd * rng.normal(size=len(DAYS))) - 0.5
        counts = np.maximum(seen * (1 + 0.05 * rng.normal(size=len(DAYS))), 0.1)
        courses[name] = {
            day: "<15" if count < 15 else float(count) for day, count in zip(DAYS, counts, strict=True)
        }
    frame = table(courses)
    assert 0.1 < (frame["censored"] == "left").mean() < 0.4
    curves = recovery_curves(fit_recovery(frame, study(courses), ["CD4_T"]), days=DAYS)
    behind = np.concatenate([truth[name] for name in courses])
    inside = (curves["low"].to_numpy() <= behind) & (behind <= curves["high"].to_numpy())
    # 360 values, those of one patient together: 90 % within 5 %
    assert 0.85 <= inside.mean() <= 0.95
    below = (frame["censored"] == "left").to_numpy()
    assert inside[below].mean() >= 0.8
