"""Eight usual tubes, gated once as a batch."""

from __future__ import annotations

import pytest

from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline import gate
from cytorecon.simulate import SimulatedTube
from tests.pipeline.tubes import batch_of_usual_tubes, samples


@pytest.fixture(scope="session")
def usual_tubes() -> tuple[SimulatedTube, ...]:
    """Return eight tubes of usual blood."""
    return batch_of_usual_tubes(8)


@pytest.fixture(scope="session")
def usual_gated(usual_tubes: tuple[SimulatedTube, ...]) -> tuple[GatedSample, ...]:
    """Return them gated as one batch."""
    return gate(samples(usual_tubes), "tbnk")
