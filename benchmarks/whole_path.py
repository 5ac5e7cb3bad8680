"""The whole path of one TBNK tube against FlowKit's Session with twelve fixed gates, on the same file.

Ours reads, checks, compensates, transforms, finds its gates with given priors, says how certain they are and
counts. FlowKit reads, compensates, transforms and applies twelve rectangles that are given to it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import flowkit
import numpy as np

from cytorecon.compensation import compensate
from cytorecon.fcs import read_fcs
from cytorecon.fcs.write import write_fcs
from cytorecon.gating.axes import Axes
from cytorecon.gating.doubts import with_doubts
from cytorecon.gating.engine import search_all
from cytorecon.gating.overrides import Decisions
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import gate_batch, learn_priors
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.panel import panel_of
from cytorecon.quality import check_quality
from cytorecon.sample import ChannelRole, Spillover
from cytorecon.simulate import simulate_tube, tube_spec
from cytorecon.transforms import transform

BLOOD = {"CD4_T": 530, "CD8_T": 370, "B": 160, "NK": 190, "monocytes": 370, "granulocytes": 3700}
#: A panel of 14 parameters: the simulator's ten, and four detectors with nothing but noise.
UNUSED, NOISE, SPILLED = ("V450-A", "V500-A", "BV605-A", "BV785-A"), 60.0, 0.02
LEARNED_FROM, EVENTS_TO_LEARN_FROM = 8, 20_000


def write_tube(path: Path, *, events: int, seed: int) -> None:
    """Write a simulated tube of 14 parameters."""
    sample = simulate_tube(tube_spec(concentrations=BLOOD, events=events), seed=seed).sample()
    first = next(channel for channel in sample.channels if channel.role is ChannelRole.FLUORESCENCE)
    more = [replace(first, name=name, marker_text="", markers=frozenset()) for name in UNUSED]
    noise = np.random.default_rng(seed).normal(0, NOISE, (sample.n_events, len(UNUSED)))
    *before, clock = sample.channels
    channels = [replace(channel, index=at) for at, channel in enumerate((*before, *more, clock))]
    values = np.hstack([sample.events[:, :-1], noise.astype(np.float32), sample.events[:, -1:]])
    write_fcs(path, values, channels, spillover=_with_unused(sample.spillover))


def _with_unused(spillover: Spillover | None) -> Spillover:
    assert spillover is not None
    used, size = len(spillover.channels), len(spillover.channels) + len(UNUSED)
    matrix = np.full((size, size), SPILLED)
    np.fill_diagonal(matrix, 1.0)
    matrix[:used, :used] = spillover.matrix
    return replace(spillover, matrix=matrix, channels=(*spillover.channels, *UNUSED))


def learned(folder: Path) -> tuple[BatchContext, ...]:
    """Return priors from a batch of small tubes."""
    paths = [folder / f"batch{number}.fcs" for number in range(LEARNED_FROM)]
    for number, path in enumerate(paths):
        write_tube(path, events=EVENTS_TO_LEARN_FROM, seed=5 + number)
    return learn_priors([read_fcs(path) for path in paths], "tbnk")


def whole_path(path: Path, priors: tuple[BatchContext, ...]) -> object:
    """From the file to counts and evidence."""
    (gated,) = gate_batch([read_fcs(path)], "tbnk", priors)
    return gated.counts(), gated.evidence()


def twelve_fixed_gates(path: Path, stored: Spillover) -> object:
    """FlowKit: one scatter gate and eleven rectangles, three of them parents of the next, and the report."""
    sample = flowkit.Sample(str(path))
    strategy = flowkit.GatingStrategy()
    strategy.add_transform("logicle", flowkit.transforms.LogicleTransform(262144, 0.7, 4.5, 0))
    strategy.add_comp_matrix("spill", flowkit.Matrix(stored.matrix, list(stored.channels)))
    scatter = [
        flowkit.Dimension("FSC-A", range_min=20_000, range_max=200_000),
        flowkit.Dimension("SSC-A", range_min=1_000, range_max=60_000),
    ]
    strategy.add_gate(flowkit.gates.RectangleGate("gate0", scatter), ("root",))
    place: tuple[str, ...] = ("root", "gate0")
    for number in range(11):
        pair = [stored.channels[(number + step) % 6] for step in range(2)]
        sides = [
            flowkit.Dimension(
                name, compensation_ref="spill", transformation_ref="logicle", range_min=-1, range_max=0.9
            )
            for name in pair
        ]
        strategy.add_gate(flowkit.gates.RectangleGate(f"gate{number + 1}", sides), place)
        if number % 3 == 2:
            place = (*place, f"gate{number + 1}")
    session = flowkit.Session(gating_strategy=strategy, fcs_samples=[sample])
    session.analyze_samples(use_mp=False)
    return session.get_analysis_report()


class Laps:
    """CPU seconds from one call to the next, by name, over many rounds."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}
        self._last = time.process_time()

    def start(self) -> None:
        """Begin a round."""
        self._last = time.process_time()

    def end(self, step: str) -> None:
        """Say which step has just ended."""
        now = time.process_time()
        self.spent.setdefault(step, []).append(now - self._last)
        self._last = now


def seconds_of_steps(path: Path, context: BatchContext, *, rounds: int = 7) -> dict[str, float]:
    """Return the median CPU seconds of each step of :func:`whole_path`."""
    laps = Laps()
    for _ in range(rounds):
        _in_steps(path, context, laps)
    return {step: median(times) for step, times in laps.spent.items()}


def _in_steps(path: Path, context: BatchContext, laps: Laps) -> None:
    laps.start()
    sample = read_fcs(path).by_channel()
    laps.end("read")
    template = load_template("tbnk")
    panel = panel_of(sample, template, {})
    laps.end("template and panel")
    remarks = check_quality(sample)
    laps.end("quality checks")
    compensated = compensate(sample.with_issues(remarks), sample.spillover)
    laps.end("compensate")
    transformed = transform(compensated, context.transforms)
    laps.end("transform")
    axes = Axes(transformed, panel.channels)
    gated = search_all(transformed, template, axes, context.prior, Decisions())
    laps.end("find gates")
    gated = with_doubts(gated, context.prior)
    laps.end("certainty")
    gated.counts(), gated.evidence()
    laps.end("counts and evidence")
