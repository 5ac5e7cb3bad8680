"""Speed and memory of a large cohort's tables: ``python -m benchmarks.cohort``, on one core.

1,000 patients x 10 visits x 40 populations of made counts (not tubes: gating is measured elsewhere), from
results in memory to trajectories, milestones and every table of :mod:`cytorecon.cohort`.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.steps import peak_megabytes
from cytorecon import cohort
from cytorecon.event_free import event_free_summary
from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.knowledge.populations import load_populations
from cytorecon.milestone import milestones
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import ClinicalEvent, Patient, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.trajectory import trajectories

SCHEDULE = (14, 30, 60, 100, 180, 270, 365, 450, 545, 730)
LLOQ_EVENTS = 20


def main() -> None:
    """Print CPU seconds of each step, and of all of them with their wall seconds and the peak memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cohort")
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--populations", type=int, default=40)
    chosen = parser.parse_args()
    with threadpool_limits(1):
        result = made_result(chosen.patients, chosen.populations, seed=1)
        # looking through what was made to measure with is no part of the measure
        gc.collect()
        print(f"{chosen.patients} patients x {len(SCHEDULE)} visits x {chosen.populations} populations")
        print(f"{'input in memory':40}{'':>10}{peak_megabytes():10.0f} MB peak")
        start = perf_counter()
        total = sum(seconds for _, seconds in measured(result))
        wall = perf_counter() - start
    print(f"{'all':40}{total:10.2f} s CPU {wall:10.2f} s wall {peak_megabytes():10.0f} MB peak")


def measured(result: StudyResult) -> list[tuple[str, float]]:
    """Run and print each step; return its CPU seconds."""
    study, times = result.study, []

    def step(name: str, work: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        start = process_time()
        table = work()
        times.append((name, process_time() - start))
        print(
            f"{name:40}{times[-1][1]:10.2f}{peak_megabytes():10.0f} MB peak{len(table):10d} rows", flush=True
        )
        return table

    table = step("trajectories (cells/µL)", lambda: trajectories(result, measures=("cells_per_ul", "ratio")))
    reached = step("milestones", lambda: milestones(table, study))
    groups = cohort.groups_by(study, "sex")
    drawn = load_milestone_rules().drawn_first
    core = table[table["population"].isin(["CD3_T", "CD4_T", "CD8_T", "B", "NK"])]
    step("summary by window", lambda: cohort.cohort_summary(table))
    step("summary of event-free patients", lambda: event_free_summary(table, study))
    step("time to milestone", lambda: cohort.time_to_milestone(reached, study, chosen=drawn))
    step("cumulative incidence", lambda: cohort.cumulative_incidence(reached, study, chosen=drawn))
    step("landmark, all milestones", lambda: cohort.landmark_table(reached, study))
    step("groups, core populations", lambda: cohort.compare_groups(core, groups))
    step("areas", lambda: cohort.recovery_areas(table))
    step("ratios", lambda: cohort.ratios(table))
    step("clusters", lambda: cohort.clusters(table))
    step("map", lambda: cohort.cohort_map(table))
    return times


def made_result(patients: int, populations: int, *, seed: int) -> StudyResult:
    """Return a study with made counts: log-normal patients, Poisson events, one µL of blood per tube."""
    random = np.random.default_rng(seed)
    names = [row.population for row in load_populations().rows][:populations]
    people, tubes, results, events = [], [], [], []
    for number in range(patients):
        name = f"P{number:04d}"
        sex = "female" if number % 2 else "male"
        age = float(random.uniform(1, 70))
        people.append(Patient(patient=name, age_years=age, sex=sex, programme="allo_hsct"))
        last = random.exponential(1500)
        if last < SCHEDULE[-1]:
            events.append(ClinicalEvent(patient=name, kind="death", start_day=max(int(last), 1)))
        days = np.array(SCHEDULE) + np.round(random.normal(0, np.array(SCHEDULE) * 0.05)).astype(int)
        level = random.normal(2, 0.5)
        for day in days.tolist():
            tube = f"{name}/d{day}/1"
            tubes.append(Tube(tube=tube, patient=name, day=day))
            expected = np.exp(level + 0.6 * np.log(day) + random.normal(0, 0.4, len(names)))
            counts = tuple(
                made_count(population, int(seen))
                for population, seen in zip(names, random.poisson(expected), strict=True)
            )
            results.append(TubeResult(tube=tube, status="done", counts=counts))
    study = Study(name="made", patients=tuple(people), tubes=tuple(tubes), events=tuple(events))
    return StudyResult(study=study, tubes=tuple(results))


def made_count(population: str, events: int) -> PopulationCount:
    """Return a count of `events` in one µL."""
    below = events < LLOQ_EVENTS
    return PopulationCount(
        population=population,
        parent="lymphocytes",
        status="counted",
        events=events,
        cells_per_ul=None if below else float(events),
        cells_per_ul_low=events * 0.8,
        cells_per_ul_high=events * 1.2 + 3,
        lloq_cells_per_ul=float(LLOQ_EVENTS),
        below_lloq=below,
        count_method="beads",
        blood_ul_counted=1.0,
    )


if __name__ == "__main__":
    main()
