"""Concentrations in a patient's blood on a day: scenario, patient, events, visit noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cytorecon.simulate.cohort_settings import CohortSettings
from cytorecon.simulate.plan import PatientPlan
from cytorecon.simulate.priors import PriorCurve, Priors
from cytorecon.simulate.spec import BLOOD_POPULATIONS
from cytorecon.simulate.truth import REPORTED


def expected_blood(plan: PatientPlan, day: int, settings: CohortSettings, priors: Priors) -> dict[str, float]:
    """Return cells/µL of every blood population on `day`, before visit noise.

    Formula: log10 of the scenario's median, plus intercept z x between-patient SD, plus
    slope x log10(day / pivot); then the factors of ATG exposure and of each event.
    """
    clock = max(plan.clock(day), 1)
    curves = priors[plan.scenario]
    blood = {
        population: _lymphocytes(plan, curves[name], population, clock, settings)
        for name, population in settings.prior_populations.items()
    }
    blood |= _other_t_cells(plan, blood["CD4_T"] + blood["CD8_T"], clock, settings)
    early = _atg(plan, clock, settings)
    blood |= {name: blood[name] * early for name in REPORTED["CD3_T"]}
    blood |= _myeloid(plan, clock, settings)
    for course in plan.courses:
        blood = {name: value * course.factor(name, day) for name, value in blood.items()}
    return {name: blood[name] for name in BLOOD_POPULATIONS}


def visit_noise(visits: int, settings: CohortSettings, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return factors on the concentrations, shape (visits, populations): AR(1) in ln over visits."""
    sizes, myeloid = settings.patients, settings.myeloid
    sd = np.array(
        [
            myeloid.visit_ln_sd.value if name in {"granulocytes", "monocytes"} else sizes.visit_ln_sd.value
            for name in BLOOD_POPULATIONS
        ]
    )
    return np.asarray(np.exp(ar1(visits, len(sd), sizes.visit_correlation.value, rng) * sd))


def ar1(steps: int, width: int, correlation: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return a stationary AR(1) series of SD 1, shape (steps, width)."""
    fresh = rng.normal(size=(steps, width))
    series = fresh.copy()
    for step in range(1, steps):
        series[step] = correlation * series[step - 1] + np.sqrt(1 - correlation**2) * fresh[step]
    return series


def _lymphocytes(
    plan: PatientPlan, curve: PriorCurve, population: str, clock: int, settings: CohortSettings
) -> float:
    z = dict(plan.intercepts).get(population, 0.0)
    turned = plan.slope * np.log10(clock / settings.patients.slope_pivot_day.value)
    return float(curve.median(clock) * 10 ** (z * curve.sd(clock) + turned))


def _other_t_cells(
    plan: PatientPlan, single_positive: float, clock: int, settings: CohortSettings
) -> dict[str, float]:
    shares = settings.t_cells
    row = shares.double_negative[settings.scenarios.rows[plan.scenario].dn]
    negative = float(np.interp(np.log10(clock), np.log10(shares.days), row))
    positive = shares.double_positive.value
    total = single_positive / (1 - negative - positive)
    return {"DN_T": total * negative, "DP_T": total * positive}


def _atg(plan: PatientPlan, clock: int, settings: CohortSettings) -> float:
    left = max(0.0, 1 - clock / settings.patients.atg_until_day.value)
    return float(plan.atg_exposure**left)


def _myeloid(plan: PatientPlan, clock: int, settings: CohortSettings) -> dict[str, float]:
    myeloid = settings.myeloid
    engraftment = settings.scenarios.rows[plan.scenario].engraftment_day
    engrafted = 1 / (1 + np.exp(-(clock - engraftment) / myeloid.engraftment_width.value))
    return {
        "granulocytes": float(myeloid.granulocytes.value * engrafted * plan.granulocytes),
        "monocytes": float(myeloid.monocytes.value * engrafted * plan.monocytes),
    }
