"""Simulated tubes for the pipeline, and what may go wrong with one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cytorecon.gating.gated import GatedSample
from cytorecon.results import PopulationTally
from cytorecon.sample import Sample
from cytorecon.simulate import SimulatedTube, simulate_tube, tube_spec

#: Cells/µL after a transplant: every subset is there, monocytes and granulocytes are many.
BLOOD: Mapping[str, float] = {
    "CD4_T": 300,
    "CD8_T": 200,
    "DN_T": 20,
    "DP_T": 5,
    "B": 80,
    "NK": 90,
    "monocytes": 300,
    "granulocytes": 2500,
}
WITHOUT_T = {**BLOOD, "CD4_T": 0, "CD8_T": 0, "DN_T": 0, "DP_T": 0}
LYMPHOPENIC = {"CD4_T": 6, "CD8_T": 6, "DN_T": 1, "B": 0, "NK": 15, "monocytes": 300, "granulocytes": 2500}
JUDGED = ("CD3_T", "CD4_T", "CD8_T", "B", "NK")
DETECTORS = {
    "CD3": "FITC-A",
    "CD16+CD56": "PE-A",
    "CD45": "PerCP-Cy5-5-A",
    "CD4": "PE-Cy7-A",
    "CD19": "APC-A",
    "CD8": "APC-Cy7-A",
}


def tube(
    blood: Mapping[str, float] = BLOOD, *, seed: int, events: int = 8000, **fields: object
) -> SimulatedTube:
    """Return a tube of `blood`."""
    return simulate_tube(tube_spec(concentrations=blood, events=events, **fields), seed=seed)


def batch_of_usual_tubes(n: int, *, first_seed: int = 500) -> tuple[SimulatedTube, ...]:
    """Return `n` tubes of usual blood."""
    return tuple(tube(seed=first_seed + number) for number in range(n))


def samples(tubes: Sequence[SimulatedTube]) -> list[Sample]:
    """Return what a reader would have read."""
    return [made.sample() for made in tubes]


def tallies(gated: GatedSample) -> dict[str, PopulationTally]:
    """Return tallies by population."""
    return {tally.population: tally for tally in gated.tallies()}


def events(gated: GatedSample, population: str) -> int:
    """Return the events of a population that is evaluable."""
    counted = tallies(gated)[population].events
    assert counted is not None
    return counted


def statuses(gated: GatedSample) -> dict[str, str]:
    """Return what each result is worth, by population."""
    return dict(gated.counts().set_index("population")["status"])


def flags(gated: GatedSample, population: str) -> set[str]:
    """Return the codes of a population without the names of gates."""
    return {code.partition(":")[0] for code in tallies(gated)[population].review}


def is_close(gated: GatedSample, truth: SimulatedTube, population: str) -> bool:
    """Whether the count is within 10 % or 3 standard deviations of the true number of cells."""
    true = truth.true(population).events
    return abs(events(gated, population) - true) <= max(0.1 * true, 3 * math.sqrt(max(true, 1)))


def without_channels(sample: Sample, *names: str) -> Sample:
    """Return the sample without some channels, and without their rows of the matrix."""
    kept = [channel for channel in sample.channels if channel.name not in names]
    matrix = sample.spillover
    assert matrix is not None
    rows = [place for place, name in enumerate(matrix.channels) if name not in names]
    return replace(
        sample,
        events=sample.events[:, [channel.index for channel in kept]].copy(),
        channels=tuple(replace(channel, index=index) for index, channel in enumerate(kept)),
        spillover=replace(
            matrix,
            matrix=matrix.matrix[np.ix_(rows, rows)],
            channels=tuple(matrix.channels[place] for place in rows),
        ),
    )


def unstained(sample: Sample, marker: str) -> Sample:
    """Return the sample as if the antibody of `marker` had been forgotten; beads keep their own light."""
    matrix = sample.spillover
    assert matrix is not None
    columns = [sample.channel(name).index for name in matrix.channels]
    dyes = sample.events[:, columns].astype(np.float64) @ np.linalg.inv(matrix.matrix)
    place = matrix.channels.index(DETECTORS[marker])
    cells = dyes.min(axis=1) < 30_000
    dyes[cells, place] = np.random.default_rng(0).normal(20, 45, size=int(cells.sum()))
    seen = sample.events.copy()
    seen[:, columns] = dyes @ matrix.matrix
    return replace(sample, events=seen)


def swapped(sample: Sample, one: str, other: str) -> Sample:
    """Return the sample with the labels of two markers exchanged."""
    channels = list(sample.channels)
    a, b = sample.channel(DETECTORS[one]), sample.channel(DETECTORS[other])
    channels[a.index] = replace(a, markers=b.markers, marker_text=b.marker_text)
    channels[b.index] = replace(b, markers=a.markers, marker_text=a.marker_text)
    return replace(sample, channels=tuple(channels))
