"""A made cohort whose true crossings are known: log counts rise along a line of each patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.milestone import milestones
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import ClinicalEvent, Patient, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.trajectory import trajectories

SCHEDULE = np.array([14, 30, 60, 100, 180, 270, 365, 545])
LLOQ = 10.0


@dataclass(frozen=True)
class Made:
    study: Study
    table: pd.DataFrame
    reached: pd.DataFrame
    truth: npt.NDArray[np.float64]
    result: StudyResult


def made_cohort(patients: int, seed: int, *, dies: bool = True) -> Made:
    """Return CD4 T, CD8 T and B of patients, in whom CD4 T truly passes 200/µL on the day `truth`."""
    random = np.random.default_rng(seed)
    people, tubes, results, events = [], [], [], []
    truth = np.zeros(patients)
    for place in range(patients):
        name, female = f"P{place:03d}", place % 2 == 0
        level = random.normal(2.2, 0.3) + (0.2 if female else 0.0)
        truth[place] = 100 * 10 ** ((np.log10(200) - level) / 0.8)
        death = random.exponential(900) if dies else np.inf
        if death < 700:
            events.append(ClinicalEvent(patient=name, kind="death", start_day=max(int(death), 1)))
        people.append(
            Patient(
                patient=name,
                age_years=8.0 if place % 3 else 40.0,
                sex="female" if female else "male",
                programme="allo_hsct",
            )
        )
        for day in np.unique(np.round(SCHEDULE + random.normal(0, SCHEDULE * 0.05)).astype(int)).tolist():
            if day > death:
                break
            tube = f"{name}/d{day}/1"
            tubes.append(Tube(tube=tube, patient=name, day=day))
            value = 10 ** (level + 0.8 * np.log10(day / 100))
            counts = {"CD4_T": value, "CD8_T": 0.5 * value, "B": 0.25 * value * 10 ** random.normal(0, 0.1)}
            results.append(
                TubeResult(
                    tube=tube,
                    status="done",
                    counts=tuple(count(population, level) for population, level in counts.items()),
                )
            )
    study = Study(name="made", patients=tuple(people), tubes=tuple(tubes), events=tuple(events))
    result = StudyResult(study=study, tubes=tuple(results))
    table = trajectories(result)
    return Made(study, table, milestones(table, study), truth, result)


def count(population: str, value: float) -> PopulationCount:
    below = value < LLOQ
    return PopulationCount(
        population=population,
        parent="lymphocytes",
        status="counted",
        events=int(value * 2),
        cells_per_ul=None if below else float(value),
        cells_per_ul_low=float(value) * 0.9,
        cells_per_ul_high=float(value) * 1.1,
        lloq_cells_per_ul=LLOQ,
        below_lloq=below,
        count_method="beads",
        blood_ul_counted=2.0,
    )
