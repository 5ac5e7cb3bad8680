"""What must not change a result: on whole tubes, through the public door.

The interval of a count is its exact 95 % Poisson interval. Eight tubes teach one prior, frozen as it is for
results that are given out. In these tubes every population is clearly there or clearly not: at the limit of
detection a verdict has to turn somewhere (docs/decisions/0028).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

import cytorecon as cr
from cytorecon.counts import count_populations
from cytorecon.counts.intervals import poisson_interval
from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline.context import BatchContext
from cytorecon.results import PopulationCount
from cytorecon.sample import Sample
from cytorecon.simulate import SimulatedTube
from tests.pipeline.tubes import DETECTORS, samples, swapped, tube

Change = Callable[[Sample], Sample]
Counts = Mapping[str, PopulationCount]
FIRST_SEED, TUBES, LOOKED_AT = 2000, 8, 2
#: Cells/µL: many lymphocytes, so that small tubes hold enough of each kind; no double positive T cells.
BLOOD = {
    "CD4_T": 700,
    "CD8_T": 500,
    "DN_T": 200,
    "B": 250,
    "NK": 250,
    "monocytes": 300,
    "granulocytes": 1500,
}
CHANNELS = ("FSC-A", "SSC-A", *DETECTORS.values())
#: Beads are told by all channels together; they are no cells, and debris and singlets are meant to change.
CELLS = ("lymphocytes", "CD3_T", "CD4_T", "CD8_T", "DP_T", "DN_T", "NKT_like", "B", "NK")


def made(number: int) -> SimulatedTube:
    return tube(BLOOD, seed=FIRST_SEED + number, events=5000, beads_per_tube=15_000)


@pytest.fixture(scope="module")
def tubes() -> tuple[SimulatedTube, ...]:
    return tuple(made(n) for n in range(TUBES))


@pytest.fixture(scope="module")
def batch(tubes: tuple[SimulatedTube, ...]) -> list[Sample]:
    return samples(tubes)


@pytest.fixture(scope="module")
def priors(batch: list[Sample]) -> tuple[BatchContext, ...]:
    return cr.learn_priors(batch, "tbnk")


@pytest.fixture(scope="module")
def before(batch: list[Sample], priors: tuple[BatchContext, ...]) -> list[Counts]:
    return [counted(gated) for gated in cr.gate_batch(batch[:LOOKED_AT], "tbnk", priors)]


def counted(gated: GatedSample) -> dict[str, PopulationCount]:
    return {count.population: count for count in count_populations(gated.tallies())}


def within(count: int, other: int, scale: float = 1.0) -> bool:
    """Whether `count` lies in the interval of `other`, both scaled to the same volume of blood."""
    low, high = poisson_interval(other)
    return scale * low <= count <= scale * high


def unlike(
    before: Sequence[Counts],
    after: Sequence[Counts],
    same: Callable[[int, int], bool],
    populations: Sequence[str] = CELLS,
) -> list[str]:
    """Return what differs in status, or in count beyond what `same` allows."""
    found = []
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        for name in populations:
            was, now = old[name], new[name]
            if was.verdict != now.verdict or (was.events is None) != (now.events is None):
                found.append(f"tube {place} {name}: {was.verdict} {was.events} -> {now.verdict} {now.events}")
            elif was.events is not None and now.events is not None and not same(was.events, now.events):
                found.append(f"tube {place} {name}: {was.events} -> {now.events}")
    return found


def with_gain(gains: Mapping[str, float]) -> Change:
    """Return what scales detectors as a higher voltage does: their light, and what spills into them."""

    def change(sample: Sample) -> Sample:
        events = sample.events.copy()
        for channel in sample.channels:
            detector = "FSC-A" if channel.name == "FSC-H" else channel.name
            events[:, channel.index] *= np.float32(gains.get(detector, 1.0))
        matrix = sample.spillover
        assert matrix is not None
        factors = np.array([gains.get(name, 1.0) for name in matrix.channels])
        scaled = replace(matrix, matrix=matrix.matrix * factors[None, :] / factors[:, None])
        return replace(sample, events=np.minimum(events, np.float32(262_143)), spillover=scaled)

    return change


def with_debris(share: float) -> Change:
    """Return what mixes debris of another tube among the events, `share` of their number."""
    lysate = tube({"granulocytes": 1}, seed=3, events=7000, beads_per_tube=0, debris=100.0)
    pieces = lysate.sample().events[lysate.labels == "debris"]

    def change(sample: Sample) -> Sample:
        added = pieces[: int(share * sample.n_events)].copy()
        assert len(added) == int(share * sample.n_events)
        clock = sample.events[:, -1]
        added[:, -1] = np.random.default_rng(1).uniform(clock.min(), clock.max(), len(added))
        together = np.concatenate([sample.events, added])
        return replace(sample, events=together[np.argsort(together[:, -1], kind="stable")])

    return change


def shuffled(sample: Sample) -> Sample:
    order = np.random.default_rng(1).permutation(sample.n_events)
    return replace(sample, events=sample.events[order].copy())


def halved(sample: Sample) -> Sample:
    kept = np.random.default_rng(2).permutation(sample.n_events)[: sample.n_events // 2]
    return replace(sample, events=sample.events[np.sort(kept)].copy())


def with_priors(change: Change, batch: Sequence[Sample], priors: Sequence[BatchContext]) -> list[Counts]:
    gated = cr.gate_batch([change(sample) for sample in batch[:LOOKED_AT]], "tbnk", priors)
    return [counted(one) for one in gated]


def test_the_order_of_events_changes_nothing(
    batch: list[Sample], priors: tuple[BatchContext, ...], before: list[Counts]
) -> None:
    after = with_priors(shuffled, batch, priors)
    assert unlike(before, after, lambda old, new: old == new) == []


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_debris_changes_no_count_beyond_its_interval(
    share: float, batch: list[Sample], priors: tuple[BatchContext, ...], before: list[Counts]
) -> None:
    after = with_priors(with_debris(share), batch, priors)
    assert unlike(before, after, lambda old, new: within(new, old)) == []


@pytest.mark.parametrize("channels", [*((name,) for name in CHANNELS), CHANNELS], ids="+".join)
def test_the_gain_of_one_tube_changes_no_count_beyond_its_interval(
    channels: tuple[str, ...],
    batch: list[Sample],
    priors: tuple[BatchContext, ...],
    before: list[Counts],
) -> None:
    after = with_priors(with_gain(dict.fromkeys(channels, 1.3)), batch, priors)
    assert unlike(before, after, lambda old, new: within(new, old)) == []


def test_the_gain_of_all_tubes_changes_no_count_beyond_its_interval(
    batch: list[Sample], before: list[Counts]
) -> None:
    brighter = [with_gain(dict.fromkeys(CHANNELS, 1.3))(sample) for sample in batch]
    after = cr.gate_batch(brighter[:LOOKED_AT], "tbnk", cr.learn_priors(brighter, "tbnk"))
    assert unlike(before, list(map(counted, after)), lambda old, new: within(new, old)) == []


def test_half_of_the_events_is_half_of_the_cells(
    batch: list[Sample], priors: tuple[BatchContext, ...], before: list[Counts]
) -> None:
    after = with_priors(halved, batch, priors)
    assert unlike(before, after, lambda old, new: within(old, new, scale=2)) == []


def test_the_order_of_files_does_not_matter(batch: list[Sample], priors: tuple[BatchContext, ...]) -> None:
    assert cr.learn_priors(batch[::-1], "tbnk") == priors


def test_a_tube_more_or_less_in_the_batch_changes_no_count_beyond_its_interval(
    batch: list[Sample], before: list[Counts]
) -> None:
    learned = cr.learn_priors([*batch, made(TUBES).sample()], "tbnk")
    after = cr.gate_batch(batch[:LOOKED_AT], "tbnk", learned)
    assert unlike(before, list(map(counted, after)), lambda old, new: within(new, old)) == []


def test_a_result_with_frozen_priors_does_not_know_its_neighbours(
    batch: list[Sample], priors: tuple[BatchContext, ...], before: list[Counts]
) -> None:
    strange = swapped(batch[0], "CD3", "CD19")
    beside = cr.gate_batch([strange, *batch[:LOOKED_AT], strange], "tbnk", priors)[1:-1]
    assert unlike(before, [counted(one) for one in beside], lambda old, new: old == new) == []
    alone = cr.gate_batch(batch[:1], "tbnk", priors)[0]
    assert [gate.version for gate in alone.records()] == [gate.version for gate in beside[0].records()]
