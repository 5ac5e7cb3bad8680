"""Do intervals hold what they say: ``python -m benchmarks.calibration``, on simulated patients.

Patients are those of the simulator (scenario, intercept, slope, GVHD, drugs ...). Their course is the
expected one, with what GVHD and drugs do to it, so that the day on which CD4 T truly first passes a threshold
is known; a dip between two visits that nobody saw is a miss. Counts are Poisson in the blood that a tube
counts.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

from cytorecon.counts.intervals import poisson_interval
from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.milestone.evidence import Span, evidence
from cytorecon.milestone.judged import Judged, Value
from cytorecon.simulate.cohort import simulate_cohort
from cytorecon.simulate.priors import load_priors
from cytorecon.simulate.recovery import expected_blood
from cytorecon.statistics.turnbull import turnbull_intervals, turnbull_median_interval

#: Blood counted per tube, µL (50 µL of blood, a fifth of the beads seen).
BLOOD_UL = 10.0
LAST_DAY = 730


def main() -> None:
    """Print the share of intervals that hold the truth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration")
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--cohorts", type=int, default=200, help="cohorts of 60 for the Turnbull estimate")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for noise, (inside, known, days) in simulated_crossings(chosen.patients, chosen.seed).items():
        held = f"{inside} of {known} hold the crossing ({inside / known:.1%})"
        print(f"milestone intervals, {noise}: {held}, median length {days:.0f} days")
    for what, share in turnbull_coverage(chosen.cohorts, chosen.seed).items():
        print(f"Turnbull, cohorts of 60, {what}: {share:.1%} of 95 % intervals hold the truth")


def simulated_crossings(patients: int, seed: int) -> dict[str, tuple[int, int, float]]:
    """Return how many (after, by] hold the first true crossing, of how many, and their median days."""
    cohort = simulate_cohort(patients=patients, visits=8, events=1000, seed=seed)
    priors, random = load_priors(), np.random.default_rng(seed)
    rule = next(rule for rule in load_milestone_rules().milestones if rule.milestone == "cd4_200")
    once = rule.model_copy(update={"confirmation": 1})
    visits: dict[str, list[int]] = {}
    for visit in cohort.visits:
        visits.setdefault(visit.patient, []).append(visit.day)
    found: dict[str, list[tuple[bool, float]]] = {}
    for plan in cohort.patients:
        blood = (expected_blood(plan, day, cohort.settings.cohort, priors) for day in range(1, LAST_DAY + 1))
        course = np.array([level["CD4_T"] for level in blood])
        passed = np.flatnonzero(course > once.threshold)
        if not len(passed):
            continue
        levels = {day: float(course[day - 1]) for day in visits[plan.patient] if 1 <= day <= LAST_DAY}
        exact = [Value(day, level, level, level) for day, level in levels.items()]
        counted = [counted_value(day, level, random) for day, level in levels.items()]
        judged = {"exact counts": Judged.of(once, exact), "counted cells": Judged.of(once, counted)}
        spans = {name: Span(own.crossing.after_day, own.crossing.by_day) for name, own in judged.items()}
        certain = evidence(judged["counted cells"]).certain
        if certain == spans["counted cells"]:
            spans["counted cells, not borderline"] = certain
        spans["counted cells, certain days"] = certain
        for name, (after, by) in spans.items():
            if spans["counted cells"].by_day is not None:
                end = LAST_DAY if by is None else by
                start = after or 0
                found.setdefault(name, []).append((start < int(passed[0]) + 1 <= end, end - start))
    return {
        name: (sum(held for held, _ in own), len(own), float(np.median([length for _, length in own])))
        for name, own in found.items()
    }


def counted_value(day: int, level: float, random: np.random.Generator) -> Value:
    """Return what a tube says of a level: Poisson events and their exact interval."""
    events = int(random.poisson(level * BLOOD_UL))
    low, high = poisson_interval(events)
    return Value(day, events / BLOOD_UL, low / BLOOD_UL, high / BLOOD_UL)


def turnbull_coverage(cohorts: int, seed: int) -> dict[str, float]:
    """Return how often the intervals of a probability and of the median hold the truth (Weibull times)."""
    schedule = np.array([14, 30, 60, 100, 180, 270, 365, 450, 545, 730], dtype=np.float64)
    inside = {"probability on day 60": 0, "probability on day 100": 0, "median": 0}
    median = 150 * np.log(2) ** (1 / 1.2)
    for turn in range(cohorts):
        random = np.random.default_rng([seed, turn])
        after, by = _seen(random.weibull(1.2, 60) * 150, schedule, random)
        limits = turnbull_intervals(after, by, [60, 100])
        truth = [1 - np.exp(-((day / 150) ** 1.2)) for day in (60, 100)]
        inside["probability on day 60"] += limits[0].low <= truth[0] <= limits[0].high
        inside["probability on day 100"] += limits[1].low <= truth[1] <= limits[1].high
        span = turnbull_median_interval(after, by)
        inside["median"] += span.low <= median <= span.high
    return {name: count / cohorts for name, count in inside.items()}


def _seen(
    times: npt.NDArray[np.float64], schedule: npt.NDArray[np.float64], random: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    after, by = np.zeros(len(times)), np.full(len(times), np.inf)
    for place, time in enumerate(times):
        visits = np.unique(np.round(schedule + random.normal(0, schedule * 0.06)))[: random.integers(4, 11)]
        after[place] = visits[visits < time].max(initial=0.0)
        by[place] = visits[visits >= time].min(initial=np.inf)
    return after, by


if __name__ == "__main__":
    main()
