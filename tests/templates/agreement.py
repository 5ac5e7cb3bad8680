"""What a gated tube must agree with: the kinds of its cells."""

from __future__ import annotations

from cytorecon.gating.gated import GatedSample
from tests.templates.tubes import MadeTube, share_found


def agrees(gated: GatedSample, made: MadeTube, population: str, *kinds: str, at_least: float = 0.95) -> None:
    """Assert that the population holds nearly all cells of the `kinds`, and nearly no other."""
    recall, precision = share_found(gated, population, made.events(*kinds))
    assert recall >= at_least, (population, recall, precision)
    assert precision >= at_least, (population, recall, precision)


def at_most(gated: GatedSample, population: str, events: int) -> None:
    """Assert that a population that is not there is not found, or said to be not evaluable."""
    if population not in gated.reasons:
        assert int(gated.mask(population).sum()) <= events
