"""The first weeks: lymphocytes are few in every tube, and no tube can teach another where they lie."""

from __future__ import annotations

import pytest

from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline import gate
from cytorecon.simulate import SimulatedTube
from tests.pipeline.tubes import BLOOD, JUDGED, flags, is_close, samples, tallies, tube

Tubes = tuple[SimulatedTube, ...]
MYELOID = ("monocytes", "granulocytes")
#: 700 lymphocytes/µL of usual blood become 35, and 14.
FEW = (0.05, 0.02)


@pytest.fixture(scope="module", params=FEW)
def early(request: pytest.FixtureRequest) -> tuple[Tubes, tuple[GatedSample, ...]]:
    """Return eight early tubes, and what gating them as a batch gave."""
    blood = {kind: rate * (1 if kind in MYELOID else request.param) for kind, rate in BLOOD.items()}
    tubes = tuple(tube(blood, seed=900 + number) for number in range(8))
    return tubes, gate(samples(tubes), "tbnk")


def test_myeloid_cells_do_not_become_lymphocytes(early: tuple[Tubes, tuple[GatedSample, ...]]) -> None:
    """Not even under a flag: 7,600 lymphocytes/µL for 47 is an invented population."""
    for truth, gated in zip(*early, strict=True):
        counted = tallies(gated)["lymphocytes"].events
        assert counted is None or counted <= 1.5 * truth.true("lymphocytes").events + 10


def test_a_number_is_right_or_asks_for_a_look(early: tuple[Tubes, tuple[GatedSample, ...]]) -> None:
    for truth, gated in zip(*early, strict=True):
        for population in ("lymphocytes", *JUDGED):
            if tallies(gated)[population].events is not None and not flags(gated, population):
                assert is_close(gated, truth, population)


@pytest.mark.parametrize("share", FEW)
def test_alone_nothing_is_invented(share: float) -> None:
    blood = {kind: rate * (1 if kind in MYELOID else share) for kind, rate in BLOOD.items()}
    truth = tube(blood, seed=950)
    counted = tallies(gate(truth.sample(), "tbnk"))["lymphocytes"].events
    assert counted is None or counted <= 1.5 * truth.true("lymphocytes").events + 10
