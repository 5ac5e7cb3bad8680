"""Do the intervals of concentrations hold what they promise? ``python -m benchmarks.calibration_counts``.

Simulated tubes are analysed as a user would, with the errors of the simulated laboratory stated on the
sheet as its CVs. Of each result the interval of the given level is held against the true concentration in
the blood, by each count method that the sheet allows.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cytorecon.counts import CountMethodRequest, absolute_counts, count_populations
from cytorecon.pipeline import analyze_study
from cytorecon.results import PopulationCount, PopulationTally
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.study import StudyResult, load_study
from cytorecon.study.quantities import tube_quantities

METHODS: Final[tuple[CountMethodRequest, ...]] = ("beads", "blood_count_alc", "blood_count_wbc")
POPULATIONS: Final = ("leukocytes", "lymphocytes", "CD3_T", "CD4_T", "CD8_T", "B", "NK")
#: True cells in the tube: from, and name.
SIZES: Final = ((0, "0-9"), (10, "10-49"), (50, "50-199"), (200, "200-999"), (1000, "1000 and more"))

#: A tube with fewer true cells of a population shows chance rather than its gates.
LEAST_TRUE_EVENTS: Final = 200


def main() -> None:
    """Print coverage by population, method and size, of all results and of those without a mark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration_counts")
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--events", type=int, default=8_000, help="events per tube")
    parser.add_argument("--gates", action="store_true", help="measure the error of the gates instead")
    parser.add_argument("--level", type=float, default=0.9, help="coverage that the intervals promise")
    parser.add_argument("seeds", type=int, nargs="*", default=[11], metavar="SEED")
    chosen = parser.parse_args()
    found = pd.concat(
        calibration(
            patients=chosen.patients,
            visits=chosen.visits,
            events=chosen.events,
            seed=seed,
            level=chosen.level,
        )
        for seed in chosen.seeds
    )
    if chosen.gates:
        print(gate_errors(found).round(1).to_string())
    else:
        show(found, level=chosen.level)


def calibration(*, patients: int, visits: int, events: int, seed: int, level: float) -> pd.DataFrame:
    """Return one row per tube, population and method: interval, truth, and whether it is covered."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cohort"
        write_cohort(simulate_cohort(patients=patients, visits=visits, events=events, seed=seed), out)
        study = load_study(out / "manifest.csv", patients=out / "patients.csv", events=out / "events.csv")
        result = analyze_study(study)
        truth = pd.read_csv(out / "truth.csv")
    return pd.DataFrame(list(compared(result, truth, level=level)))


def compared(result: StudyResult, truth: pd.DataFrame, *, level: float) -> Iterator[Mapping[str, object]]:
    """Yield the rows of :func:`calibration` of an analysed study."""
    keys = zip(truth["patient"], truth["days_after_transplant"], truth["population"], strict=True)
    values = zip(truth["true_cells_per_ul"], truth["true_events"], strict=True)
    true = dict(zip(keys, values, strict=True))
    results = {tube.tube: tube for tube in result.tubes}
    for tube in result.study.tubes:
        percentages = tuple(without_concentration(count) for count in results[tube.tube].counts)
        for method in METHODS:
            counts = absolute_counts(percentages, tube_quantities(tube), method=method, confidence=level)
            for count in counts:
                key = (tube.patient, tube.day, count.population)
                if count.population in POPULATIONS and count.cells_per_ul_high is not None:
                    yield {"tube": tube.tube, "method": method, **row(count, *true[key])}


def without_concentration(count: PopulationCount) -> PopulationCount:
    """Return the counts of a tube as they were before a count method was chosen."""
    (bare,) = count_populations(
        [
            PopulationTally(
                population=count.population,
                parent=count.parent,
                status=count.status,
                events=count.events,
                parent_events=count.parent_events,
                detected=count.detected,
                review=tuple(code for code in count.review if not code.startswith("count.")),
                gate_spread=count.gate_spread,
            )
        ]
    )
    names = [field.name for field in fields(count) if field.name.startswith("percent_")]
    kept: dict[str, Any] = {name: getattr(count, name) for name in names}
    return replace(bare, **kept)


def row(count: PopulationCount, cells_per_ul: float, events: int) -> Mapping[str, object]:
    """Return one count beside its truth."""
    low, high = count.cells_per_ul_low, count.cells_per_ul_high
    assert low is not None
    assert high is not None
    return {
        "population": count.population,
        "size": next(name for least, name in reversed(SIZES) if events >= least),
        "events": count.events,
        "true_events": events,
        "true": cells_per_ul,
        "low": low,
        "high": high,
        "covered": low <= cells_per_ul <= high,
        "above": cells_per_ul > high,
        "marked": bool(count.review),
    }


def gate_errors(found: pd.DataFrame) -> pd.DataFrame:
    """Return ``gate_error`` of ``counting.yaml``: percent by population, of events and of two shares."""
    by_beads = found[found["method"] == "beads"]
    events, true = (
        by_beads.pivot_table(index="tube", columns="population", values=name)
        for name in ("events", "true_events")
    )
    ratio = (events + 0.5) / (true + 0.5)
    error = ratio.map(math.log).where(true >= LEAST_TRUE_EVENTS)
    wholes = {
        "events": error,
        "of_lymphocytes": error.sub(error["lymphocytes"], axis="index"),
        "of_leukocytes": error.sub(error["leukocytes"], axis="index"),
    }
    return pd.DataFrame({name: 100 * own.abs().quantile(0.9) / 1.645 for name, own in wholes.items()})


def show(found: pd.DataFrame, *, level: float) -> None:
    """Print how often the intervals hold the truth."""
    print(f"{found['tube'].nunique()} tubes, {len(found)} intervals of {100 * level:g} %")
    for title, rows in (("all", found), ("without a mark", found[~found["marked"]])):
        print(f"\n{title}")
        for by in ("method", "population", "size"):
            table = rows.groupby(by, sort=False).agg(
                n=("covered", "size"), covered=("covered", "mean"), truth_above=("above", "mean")
            )
            print((table * [1, 100, 100]).round(1).to_string(), "\n")
    by_both = found.pivot_table(index="population", columns="method", values="covered", sort=False)
    print((100 * by_both).round(1).to_string())


if __name__ == "__main__":
    main()
