"""Accuracy of concentrations on simulated cohorts: ``python -m benchmarks.accuracy``.

Each cohort is written as FCS files and sheets, analysed as a user would, and compared with its
truth. The figures say what the program can do where the simulator is right; no public data carry
T, B and NK cells with expert gates and a known concentration. Gates themselves are judged event by
event by ``cytorecon evaluate``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd

from cytorecon.evaluate import compare_with_truth, summarise_accuracy
from cytorecon.pipeline import analyze_study
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.study import load_study, tidy_counts


def main() -> None:
    """Print one table per seed, then one for all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("--patients", type=int, default=8)
    parser.add_argument("--visits", type=int, default=6)
    parser.add_argument("--events", type=int, default=20_000, help="events per tube")
    parser.add_argument("--show-off", action="store_true", help="list every result that is off")
    parser.add_argument("seeds", type=int, nargs="*", default=[1, 2, 3], metavar="SEED")
    chosen = parser.parse_args()
    compared = []
    for seed in chosen.seeds:
        start = time.process_time()
        comparison = compare_cohort(
            patients=chosen.patients, visits=chosen.visits, events=chosen.events, seed=seed
        )
        print(f"seed {seed}: {time.process_time() - start:.0f} s CPU")
        show(comparison, off=chosen.show_off)
        compared.append(comparison)
    print(f"{len(compared)} cohorts of {chosen.patients} patients x {chosen.visits} visits")
    show(pd.concat(compared), off=False)


def compare_cohort(*, patients: int, visits: int, events: int, seed: int) -> pd.DataFrame:
    """Return a simulated cohort's results beside their truth (:func:`compare_with_truth`)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cohort"
        write_cohort(simulate_cohort(patients=patients, visits=visits, events=events, seed=seed), out)
        study = load_study(out / "manifest.csv", patients=out / "patients.csv", events=out / "events.csv")
        return compare_with_truth(tidy_counts(analyze_study(study)), pd.read_csv(out / "truth.csv"))


def show(comparison: pd.DataFrame, *, off: bool) -> None:
    """Print the summary, and the results that are off if asked for."""
    print(summarise_accuracy(comparison).to_string(index=False))
    if off:
        print(comparison[comparison["outcome"] != "within"].to_string(index=False))
    print(flush=True)


if __name__ == "__main__":
    main()
