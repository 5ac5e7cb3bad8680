"""What a gated tube says of a population, in the words of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Column, Mask, Threshold
from cytorecon.knowledge.template import names_in


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
    if status == "counted":
        status = "review" if review else "ok"
    return Answer(status, gated.mask(population), review, instability_of(gated, population))


def instability_of(gated: GatedSample, population: str) -> float:
    """Return how much log10 of the count changes when thresholds move by their standard error.

    Summed over the thresholds named in the population's words and those of its parents, each
    within the events it was looked for in.
    """
    return sum(
        _change(gated.sample.column(shape.channels[0])[looked_in], shape.value, error)
        for looked_in, shape, error in _thresholds(gated, population)
    )


def _thresholds(gated: GatedSample, population: str) -> Iterator[tuple[Mask, Threshold, float]]:
    """Yield every threshold a population is counted by: where it was looked for, and its error."""
    found = {gate.gate: gate for gate in gated.gates}
    while population != "root":
        entry = gated.template.population_by_name[population]
        for gate in (found[name] for name in names_in(entry.where) if name in found):
            looked_in = gated.events_of(gate.find_in)
            for part in gate.parts:
                error = part.standard_error
                if looked_in is not None and error is not None and isinstance(part.shape, Threshold):
                    yield looked_in, part.shape, error
        population = entry.parent


def _change(values: Column, position: float, error: float) -> float:
    more, fewer = (int(np.count_nonzero(values >= position + shift)) for shift in (-error, error))
    # half a cell more on both sides: of no cells nothing moves
    return float(np.log10((more + 0.5) / (fewer + 0.5)))
