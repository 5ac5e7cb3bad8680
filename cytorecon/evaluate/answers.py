"""What a gated tube says of a population, in the words of the evaluation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Mask


@dataclass(frozen=True)
class Answer:
    """One population of one gated tube; `mask` is None when it could not be evaluated."""

    status: str
    mask: Mask | None
    review: tuple[str, ...] = ()
    instability: float | None = None


def answer_of(gated: GatedSample, population: str) -> Answer:
    """Return what `gated` says of `population`."""
    counts = gated.counts().set_index("population")
    status, review = str(counts.loc[population, "status"]), gated.review.get(population, ())
    if status == "not_evaluable":
        return Answer(status, None, review)
    return Answer(status, gated.mask(population), review, instability_of(gated, population))


def instability_of(gated: GatedSample, population: str) -> float:
    """Return how much log10 of the count changes when thresholds move by their standard error.

    Summed over the thresholds that change it; half a cell more on both sides: of no cells nothing moves.
    """
    spans = [
        move.events[population]
        for move in gated.moves
        if move.to == "uncertainty" and population in move.events
    ]
    return sum(math.log10((most + 0.5) / (fewest + 0.5)) for fewest, most in spans)
