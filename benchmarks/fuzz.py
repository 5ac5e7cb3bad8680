"""Damaged files by the ten thousand: ``python -m benchmarks.fuzz`` (also ``make fuzz``).

Each is read in memory. A crash, a reading that takes long, and other values without a sign end the
run with the seed that makes the file again.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter

from tests.fcs.fuzzing import Good, Outcome, damaged, good_files, judge

#: CPU seconds for one file of a few kilobytes; more is a hang.
LONGEST = 2.0


def main() -> int:
    """Print what came of the files of each kind."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--files", type=int, default=20_000, help="in all")
    parser.add_argument("--first-seed", type=int, default=0)
    chosen = parser.parse_args()
    goods = good_files()
    totals: Counter[Outcome] = Counter()
    findings: list[str] = []
    slowest = 0.0
    start = time.process_time()
    for good in goods:
        outcomes: Counter[Outcome] = Counter()
        for seed in range(chosen.first_seed, chosen.first_seed + -(-chosen.files // len(goods))):
            outcome, seconds = _one(good, seed, findings)
            slowest = max(slowest, seconds)
            if outcome is not None:
                outcomes[outcome] += 1
        print(f"{good.name:22}" + " ".join(f"{outcomes[outcome]:7d}" for outcome in Outcome), flush=True)
        totals += outcomes
    print("\n".join(f"{totals[outcome]:8d} {outcome}" for outcome in Outcome))
    spent = time.process_time() - start
    files = sum(totals.values())
    print(f"{files} files in {spent:.0f} s CPU, the slowest {slowest:.3f} s; {len(findings)} findings")
    print("\n".join(findings[:20]))
    return 1 if findings else 0


def _one(good: Good, seed: int, findings: list[str]) -> tuple[Outcome | None, float]:
    content, inside = damaged(good, seed)
    start = time.process_time()
    try:
        outcome = judge(good, content, inside)
    except Exception:  # noqa: BLE001  # what is looked for
        findings.append(f"{good.name}, seed {seed}: crash\n{traceback.format_exc(limit=-3)}")
        return None, time.process_time() - start
    seconds = time.process_time() - start
    if outcome is Outcome.SILENT:
        findings.append(f"{good.name}, seed {seed}: {outcome}")
    if seconds > LONGEST:
        findings.append(f"{good.name}, seed {seed}: {seconds:.1f} s")
    return outcome, seconds


if __name__ == "__main__":
    sys.exit(main())
