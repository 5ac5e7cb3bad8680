"""``python -m benchmarks``: each step in a process of its own, fastest of several runs."""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from benchmarks.steps import STEPS, measure


def main() -> None:
    """Print one line per step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--events", type=int, default=200_000, help="events of the simulated tube")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each step; the fastest counts")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of: {', '.join(STEPS)}; all by default")
    chosen = parser.parse_args()
    print(f"{chosen.events} events per tube, fastest of {chosen.repeat} runs")
    print(f"{'step':32}{'seconds':>10}{'peak MB':>10}")
    for name in chosen.steps or STEPS:
        runs = [run_alone(name, chosen.events) for _ in range(chosen.repeat)]
        seconds, megabytes = min(runs)
        print(f"{name:32}{seconds:10.2f}{megabytes:10.0f}", flush=True)


def run_alone(name: str, events: int) -> tuple[float, float]:
    """Measure one step in a fresh process, so that steps do not share memory or caches."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, events).result()


if __name__ == "__main__":
    main()
