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
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import chi2

from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.patient import fit_recovery
from cytorecon.patient.curves import band_of
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
    """What was said of one sample, and what came; cells/µL.

    Parameters
    ----------
    population : str
        Of :data:`POPULATIONS`.
    mean, sd, added : float
        Of log(count + added), as predicted.
    low, high : float
        The 90 % band.
    came, lloq : float
        Count of the sample, and its LLOQ.
    """

    population: str
    mean: float
    sd: float
    added: float
    low: float
    high: float
    came: float
    lloq: float

    @property
    def below(self) -> bool:
        """Whether the sample is below the LLOQ."""
        return self.came < self.lloq

    @property
    def covered(self) -> bool:
        """Whether the band holds the sample; of one below the LLOQ, whether it reaches below the LLOQ."""
        return self.low < self.lloq if self.below else self.low <= self.came <= self.high

    def above(self, threshold: float) -> float:
        """Return the probability of a count above a threshold."""
        return float(ndtr((self.mean - np.log(threshold + self.added)) / self.sd))


def forecasts(cohort: Cohort, populations: Sequence[str] = POPULATIONS) -> Iterator[Forecast]:
    """Yield the forecast of each patient and population that could be made."""
    names = list(cohort.last_days)
    day, last = cohort.table["days_after_transplant"], cohort.table["patient"].map(cohort.last_days)
    came = cohort.table.set_index(["patient", "days_after_transplant", "population"])
    for part in range(ROUNDS):
        held = names[part::ROUNDS]
        known = cohort.table[~cohort.table["patient"].isin(held) | (day <= last)]
        recovery = fit_recovery(known, cohort.study, populations, patients=held)
        for (patient, population), model in recovery.models.items():
            if isinstance(model, str):
                continue
            target = cohort.last_days[patient] + AHEAD_DAYS
            found = model.with_visits(model.of_patient(patient, [target]))
            low, _, high = band_of(model, found)
            sample = came.loc[[(patient, target, population)]].to_dict("records")[0]
            yield Forecast(
                population=population,
                mean=float(found.mean[0]),
                sd=float(found.sd[0]),
                added=model.settings.added.value,
                low=float(low[0]),
                high=float(high[0]),
                came=float(sample["events"]) / BLOOD_UL,
                lloq=float(sample["lloq"]),
            )


def show_coverage(found: Sequence[Forecast]) -> None:
    """Print how often bands held the sample, by population."""
    print(
        f"{'population':12}{'n':>6}{'below LLOQ':>12}{'covered %':>11}{'too low %':>11}{'width (fold)':>14}"
    )
    for population in (*POPULATIONS, "all"):
        own = [item for item in found if population in (item.population, "all")]
        too_low = np.mean([not item.covered and item.came > item.high for item in own])
        width = np.median([item.high / max(item.low, item.lloq) for item in own])
        print(
            f"{population:12}{len(own):6}{sum(item.below for item in own):12}"
            f"{100 * np.mean([item.covered for item in own]):11.1f}{100 * too_low:11.1f}{width:14.1f}"
        )


def show_probabilities(found: Sequence[Forecast]) -> None:
    """Print, by the probability that was said, how often thresholds of milestones were passed."""
    said, came = [], []
    for rule in load_milestone_rules().milestones:
        own = [item for item in found if item.population == rule.population]
        said += [item.above(rule.threshold) for item in own]
        came += [item.came > rule.threshold for item in own]
    probability, passed = np.array(said), np.array(came)
    print(f"{'probability':14}{'n':>6}{'said %':>9}{'came %':>9}")
    for low, high in pairwise((0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)):
        inside = (probability >= low) & (probability < high)
        print(
            f"{100 * low:3.0f} to {100 * high:3.0f} %{inside.sum():9}"
            f"{100 * probability[inside].mean():9.1f}{100 * passed[inside].mean():9.1f}"
        )


def main(seeds: Sequence[int]) -> None:
    """Print coverage of counts and reliability of probabilities."""
    began = time.perf_counter()
    found = [forecast for seed in seeds for forecast in forecasts(simulated(200, seed))]
    show_coverage(found)
    show_probabilities(found)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [1])
