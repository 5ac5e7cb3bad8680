"""How often forecasts hold what comes: bands of counts 60 days ahead, and probabilities of milestones.

``python -m benchmarks.calibration_forecast [SEED ...]`` simulates 200 patients per seed. Their true curves,
events and visit noise are those of ``cytorecon.simulate.recovery``; cells are counted with Poisson noise in
10 µL of blood, and fewer than 50 are below the LLOQ. In four rounds a quarter of the patients is known up
to one of their visits only, and what their band says of the sample 60 days later is compared with that
sample.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from cytorecon.patient import fit_recovery
from cytorecon.simulate.patients import draw_patient
from cytorecon.simulate.plan import PatientPlan
from cytorecon.simulate.priors import load_priors
from cytorecon.simulate.recovery import expected_blood, visit_noise
from cytorecon.simulate.settings import load_settings
from cytorecon.simulate.spec import BLOOD_POPULATIONS
from cytorecon.simulate.visits import visit_days
from cytorecon.study.model import Patient, Study

POPULATIONS = ("CD4_T", "CD8_T", "B", "NK")
AHEAD_DAYS = 60
BLOOD_UL = 10.0
LLOQ_EVENTS = 50
ROUNDS = 4


@dataclass(frozen=True)
class Cohort:
    """A study, the table of all samples, and the last known day of each patient."""

    study: Study
    table: pd.DataFrame
    last_days: Mapping[str, int]


def simulated(patients: int, seed: int, *, blood_ul: float = BLOOD_UL) -> Cohort:
    """Return a cohort in which each patient has one more sample, 60 days after a visit chosen by lot.

    Parameters
    ----------
    patients, seed : int
        How many, and which.
    blood_ul : float
        Blood that is counted: less of it, more values below the LLOQ.
    """
    settings, priors = load_settings().cohort, load_priors()
    rows: list[dict[str, object]] = []
    people, last_days = [], {}
    for number in range(patients):
        rng = np.random.default_rng([seed, number])
        plan = draw_patient(f"P{number:04d}", settings, rng)
        days = [day for day, _ in visit_days(len(settings.visits.rows), settings, rng)]
        last = int(rng.choice(days[1:-1]))
        days = sorted({*days, last + AHEAD_DAYS})
        noise = visit_noise(len(days), settings, rng)
        for day, factors in zip(days, noise, strict=True):
            blood = expected_blood(plan, day, settings, priors)
            for population in POPULATIONS:
                truth = blood[population] * float(factors[BLOOD_POPULATIONS.index(population)])
                rows.append(_counted(plan, day, population, int(rng.poisson(truth * blood_ul)), blood_ul))
        programme = settings.scenarios.rows[plan.scenario].programme
        people.append(Patient(patient=plan.patient, age_years=plan.age_years, programme=programme))
        last_days[plan.patient] = last
    return Cohort(Study(name="simulated", patients=tuple(people), tubes=()), pd.DataFrame(rows), last_days)


def _counted(plan: PatientPlan, day: int, population: str, events: int, blood_ul: float) -> dict[str, object]:
    below = events < LLOQ_EVENTS
    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return {
        "patient": plan.patient,
        "days_after_transplant": day,
        "population": population,
        "measure": "cells_per_ul",
        "value": np.nan if below else events / blood_ul,
        "low": low / blood_ul,
        "high": chi2.ppf(0.975, 2 * events + 2) / 2 / blood_ul,
        "lloq": LLOQ_EVENTS / blood_ul,
        "censored": "left" if below else "",
        "events": events,
    }


@dataclass(frozen=True)
class Forecast:
    """What the band said of one sample, and what came."""

    population: str
    low: float
    high: float
    median: float
    came: float
    below: bool
    lloq: float

    @property
    def covered(self) -> bool:
        """Whether the band holds the sample; of one below the LLOQ, whether it reaches below the LLOQ."""
        return self.low < self.lloq if self.below else self.low <= self.came <= self.high


def forecasts(cohort: Cohort, populations: Sequence[str] = POPULATIONS) -> Iterator[Forecast]:
    """Yield the forecast of each patient and population that could be made."""
    names = list(cohort.last_days)
    for part in range(ROUNDS):
        held = set(names[part::ROUNDS])
        day = cohort.table["days_after_transplant"]
        known = cohort.table[
            ~cohort.table["patient"].isin(list(held)) | (day <= cohort.table["patient"].map(cohort.last_days))
        ]
        recovery = fit_recovery(known, cohort.study, populations, patients=held)
        for (patient, population), model in recovery.models.items():
            if isinstance(model, str):
                continue
            target = cohort.last_days[patient] + AHEAD_DAYS
            found = model.with_visits(model.of_patient(patient, [target]))
            low, median, high = model.counts(found.mean + np.array([-1.645, 0.0, 1.645]) * found.sd)
            came = cohort.table[
                (cohort.table["patient"] == patient)
                & (day == target)
                & (cohort.table["population"] == population)
            ].iloc[0]
            yield Forecast(
                population,
                low,
                high,
                median,
                float(came["events"]) / BLOOD_UL,
                came["censored"] == "left",
                float(came["lloq"]),
            )


def main(seeds: list[int]) -> None:
    """Print the coverage by population."""
    began = time.perf_counter()
    found = [forecast for seed in seeds for forecast in forecasts(simulated(200, seed))]
    print(f"{'population':12}{'n':>6}{'below LLOQ':>12}{'covered %':>11}{'above %':>9}{'width (fold)':>14}")
    for population in (*POPULATIONS, "all"):
        own = [item for item in found if population in (item.population, "all")]
        above = np.mean([not item.covered and item.came > item.high for item in own])
        width = np.median([item.high / max(item.low, item.lloq) for item in own])
        print(
            f"{population:12}{len(own):6}{sum(item.below for item in own):12}"
            f"{100 * np.mean([item.covered for item in own]):11.1f}{100 * above:9.1f}{width:14.1f}"
        )
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [1])
