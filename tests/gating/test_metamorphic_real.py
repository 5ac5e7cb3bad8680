"""What must not change a result, on real tubes: six after a transplant, and a mouse spleen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cytorecon as cr
from cytorecon.counts import count_populations
from cytorecon.counts.intervals import poisson_interval
from cytorecon.gating.gated import GatedSample
from cytorecon.results import PopulationCount
from cytorecon.sample import Sample

GVHD = ("CD3_T", "CD4_T", "CD8_T")
MOUSE = ("B", "CD4_T", "CD8_T", "gdT", "NK", "NKT_like")


def transplant(real_data: Path) -> list[Sample]:
    return [cr.read_fcs(file) for file in sorted((real_data / "flowcap1_gvhd").glob("*.fcs"))]


def mouse(real_data: Path) -> Sample:
    return cr.read_fcs(real_data / "flowsom_mouse_tbnk" / "68983.fcs")


def counted(gated: GatedSample) -> dict[str, PopulationCount]:
    return {count.population: count for count in count_populations(gated.tallies())}


def part_of(sample: Sample, share: float, seed: int) -> Sample:
    kept = np.random.default_rng(seed).permutation(sample.n_events)[: int(share * sample.n_events)]
    return replace(sample, events=sample.events[np.sort(kept)].copy())


def shuffled(sample: Sample) -> Sample:
    order = np.random.default_rng(1).permutation(sample.n_events)
    return replace(sample, events=sample.events[order].copy())


def changed(before: GatedSample, after: GatedSample, names: tuple[str, ...], scale: float = 1.0) -> list[str]:
    """Return what differs in verdict, or in count beyond the exact interval."""
    found = []
    for name in names:
        old, new = counted(before)[name], counted(after)[name]
        assert old.events is not None
        assert new.events is not None
        low, high = poisson_interval(new.events)
        if old.verdict != new.verdict or not scale * low <= old.events <= scale * high:
            found.append(f"{name}: {old.verdict} {old.events} -> {new.verdict} {new.events}")
    return found


def test_the_order_of_events_changes_nothing(real_data: Path) -> None:
    before, after = (cr.gate(one, "mouse_tbnk") for one in (mouse(real_data), shuffled(mouse(real_data))))
    assert [counted(before)[name].events for name in MOUSE] == [counted(after)[name].events for name in MOUSE]


@pytest.mark.parametrize("seed", [1, 2])
def test_half_of_the_events_of_a_spleen_is_half_of_its_cells(real_data: Path, seed: int) -> None:
    whole = mouse(real_data)
    after = cr.gate(part_of(whole, 0.5, seed), "mouse_tbnk")
    assert changed(cr.gate(whole, "mouse_tbnk"), after, MOUSE, scale=2) == []


def test_the_order_of_files_does_not_matter(real_data: Path) -> None:
    batch = transplant(real_data)
    assert cr.learn_priors(batch, "t_cd4_cd8") == cr.learn_priors(batch[::-1], "t_cd4_cd8")


@pytest.mark.parametrize("left_out", range(6))
def test_a_tube_less_in_the_batch_changes_no_count_beyond_its_interval(
    real_data: Path, left_out: int
) -> None:
    batch = transplant(real_data)
    rest = [sample for place, sample in enumerate(batch) if place != left_out]
    before = [one for place, one in enumerate(cr.gate_batch(batch, "t_cd4_cd8")) if place != left_out]
    after = cr.gate_batch(rest, "t_cd4_cd8")
    assert [changed(*pair, GVHD) for pair in zip(before, after, strict=True)] == [[]] * 5


#: Of 429 CD8 T cells of the sixth tube 161 are left in half of its events: more than half of its CD8bright
#: cells lack CD3 (docs/decisions/0022), so that the mode of the others moves. It is marked in both.
UNSTABLE = pytest.mark.xfail(reason="the bright mode of tube 6 moves when events are halved", strict=True)


@pytest.mark.parametrize("place", [*range(5), pytest.param(5, marks=UNSTABLE)])
def test_half_of_the_events_after_a_transplant_is_half_of_the_cells(real_data: Path, place: int) -> None:
    batch = transplant(real_data)
    priors = cr.learn_priors(batch, "t_cd4_cd8")
    (before,) = cr.gate_batch(batch[place : place + 1], "t_cd4_cd8", priors)
    (after,) = cr.gate_batch([part_of(batch[place], 0.5, 3)], "t_cd4_cd8", priors)
    assert changed(before, after, GVHD, 2) == []
