"""Speed against named peers: CPU time of the same work, in turns, in one run. Ratios, not seconds.

A ratio above 1 means cytorecon needs less CPU time than the peer. Seconds depend on the machine and
on who else uses it; the ratio of medians of interleaved turns does so much less.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import flowkit
import numpy as np

from benchmarks.turns import cpu_seconds
from benchmarks.whole_path import learned, seconds_of_steps, twelve_fixed_gates, whole_path, write_tube
from cytorecon.compensation import compensate
from cytorecon.fcs import read_fcs
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import gate
from cytorecon.simulate import simulate_tube, tube_spec, write_fcs
from cytorecon.transforms import Logicle

EVENTS = 300_000
BLOOD = {"CD4_T": 500, "CD8_T": 350, "B": 150, "NK": 180, "monocytes": 350, "granulocytes": 3500}


def main() -> None:
    """Print a table of CPU times and ratios."""
    tube = simulate_tube(tube_spec(concentrations=BLOOD, events=EVENTS), seed=1)
    template = load_template("tbnk")
    sample = tube.sample()
    values = np.ascontiguousarray(sample.events[:, 3])
    peer = flowkit.transforms.LogicleTransform(262144, 0.7, 4.5, 0)
    ours = Logicle(t=262144, w=0.7, m=4.5, a=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tube.fcs"
        write_fcs(tube, path)
        rows = [
            (
                "logicle, one channel",
                "flowkit LogicleTransform",
                {"ours": lambda: ours.apply(values), "peer": lambda: peer.apply(values.astype(np.float64))},
            ),
            ("compensate six channels", "flowkit.Matrix", _compensation(path)),
        ]
        print(f"{EVENTS:,} events, {len(sample.channels)} channels, medians of interleaved turns\n")
        print(f"{'work':28s} {'peer':28s} {'ours, s':>9s} {'peer, s':>9s} {'peer / ours':>12s}")
        for what, name, work in rows:
            spent = cpu_seconds(work)
            ratio = spent["peer"] / spent["ours"]
            print(f"{what:28s} {name:28s} {spent['ours']:9.3f} {spent['peer']:9.3f} {ratio:12.1f}")
    whole = cpu_seconds({"ours": lambda: gate(sample, template)})["ours"]
    print(f"\nfind and apply all gates of tbnk, one tube alone (three rounds): {whole:.2f} s CPU")
    with tempfile.TemporaryDirectory() as folder:
        _whole_path(Path(folder))


def _whole_path(folder: Path) -> None:
    """Print what a tube costs from file to counts, beside FlowKit's Session with twelve fixed gates."""
    path = folder / "tube.fcs"
    write_tube(path, events=EVENTS, seed=1)
    sample = read_fcs(path)
    assert sample.spillover is not None
    stored, priors = sample.spillover, learned(folder)
    spent = cpu_seconds(
        {"ours": lambda: whole_path(path, priors), "peer": lambda: twelve_fixed_gates(path, stored)}
    )
    print(f"\n{sample.n_events:,} events x {len(sample.channels)} parameters, priors given")
    print(f"read, check, compensate, transform, find gates, certainty, counts: {spent['ours']:.3f} s CPU")
    times = spent["peer"] / spent["ours"]
    print(f"FlowKit Session, twelve fixed gates: {spent['peer']:.3f} s CPU, {times:.1f} times ours")
    steps = seconds_of_steps(path, priors[0])
    for step, seconds in steps.items():
        print(f"  {step:24s} {1000 * seconds:7.1f} ms {seconds / sum(steps.values()):6.0%}")


def _compensation(path: Path) -> Mapping[str, Callable[[], object]]:
    sample = read_fcs(path)
    peer = flowkit.Sample(str(path))
    assert sample.spillover is not None
    names = list(sample.spillover.channels)
    matrix = flowkit.Matrix(sample.spillover.matrix, names)
    return {
        "ours": lambda: compensate(sample, sample.spillover),
        "peer": lambda: peer.apply_compensation(matrix),
    }


if __name__ == "__main__":
    main()
