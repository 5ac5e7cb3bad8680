"""Made patients: log counts about a rising curve, and tables as the trajectories give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cytorecon.patient.gaussian import Truth
from cytorecon.patient.kernel import Array, Kernel, patient_covariance
from cytorecon.study.model import ClinicalEvent, Patient, Study

KERNEL = Kernel(1.5, 1.0, 0.6, 0.4, 0.5, 0.2)
KNOTS = np.linspace(np.log(8.0), np.log(800.0), 12)
LEVEL_SD = 10.0
DAYS = (14, 30, 60, 100, 180, 365)

Row = tuple[Array, Array, Array, Truth]


def curve(times: Array) -> Array:
    """Return a log count that rises with log time."""
    return np.asarray(2.0 + 1.1 * (times - 3.0) - 0.1 * (times - 3.0) ** 2)


def rows(patients: int, *, seed: int, limit: float = -np.inf) -> list[Row]:
    """Return patients with 3 to 6 visits; log counts under `limit` are known to lie below it."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(patients):
        days = np.sort(rng.choice(DAYS, rng.integers(3, 7), replace=False)) + rng.integers(-2, 3)
        times = np.log(days + 7.0)
        covariance = patient_covariance(KERNEL, times, times) + KERNEL.visit_sd**2 * np.eye(len(times))
        sds = rng.uniform(0.03, 0.2, len(times))
        values = curve(times) + rng.multivariate_normal(np.zeros(len(times)), covariance)
        values = values + sds * rng.normal(size=len(times))
        below = values < limit
        made.append((times, np.where(below, limit, values), np.where(below, 1.0, sds**2), below))
    return made


def table(courses: Mapping[str, Mapping[int, float | str]], population: str = "CD4_T") -> pd.DataFrame:
    """Return a trajectory table of one population; ``"<12"`` is a value below an LLOQ of 12."""
    made = []
    for patient, course in courses.items():
        for day, value in course.items():
            below = isinstance(value, str)
            count = float(str(value).removeprefix("<"))
            made.append(
                {
                    "patient": patient,
                    "days_after_transplant": day,
                    "visit": "",
                    "tube": f"{patient}/d{day}/1",
                    "population": population,
                    "measure": "cells_per_ul",
                    "unit": "cells/µL",
                    "value": np.nan if below else count,
                    "low": 0.0 if below else count * 0.9,
                    "high": count if below else count * 1.1,
                    "lloq": count if below else 5.0,
                    "censored": "left" if below else "",
                    "reported": str(value),
                    "review": "",
                    "reference_position": "",
                    "reference_low": np.nan,
                    "reference_set": "",
                }
            )
    return pd.DataFrame(made)


def cohort(
    patients: int, *, seed: int, days: Sequence[int] = DAYS, population: str = "CD4_T"
) -> tuple[pd.DataFrame, Study]:
    """Return adults after allogeneic transplantation whose counts rise about one curve."""
    rng = np.random.default_rng(seed)
    courses: dict[str, dict[int, float | str]] = {}
    for number in range(patients):
        times = np.log(np.array(days) + 7.0)
        covariance = patient_covariance(KERNEL, times, times) + KERNEL.visit_sd**2 * np.eye(len(times))
        counts = np.exp(curve(times) + rng.multivariate_normal(np.zeros(len(times)), covariance))
        courses[f"P{number:02d}"] = {
            day: "<5" if count < 5 else float(count) for day, count in zip(days, counts, strict=True)
        }
    return table(courses, population), study(courses)


def study(patients: Mapping[str, object], *, events: Sequence[ClinicalEvent] = ()) -> Study:
    """Return a study of adults after allogeneic transplantation."""
    people = tuple(Patient(patient=name, age_years=40.0, programme="allo_hsct") for name in patients)
    return Study(name="made", patients=people, tubes=(), events=tuple(events))
