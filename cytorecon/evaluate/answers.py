"""What a gated tube says of a population, in the words of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cytorecon.gating.gated import FoundGate, FoundPart, GatedSample
from cytorecon.gating.shapes import Mask, Threshold
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
    return sum(_change(gated, gate, part) for gate, part in _thresholds(gated, population))


def _thresholds(gated: GatedSample, population: str) -> Iterator[tuple[FoundGate, FoundPart]]:
    found = {gate.gate: gate for gate in gated.gates}
    while population != "root":
        entry = gated.template.population_by_name[population]
        for name in names_in(entry.where):
            if name in found:
                yield from ((found[name], part) for part in found[name].parts)
        population = entry.parent


def _change(gated: GatedSample, gate: FoundGate, part: FoundPart) -> float:
    looked_in = gated.events_of(gate.find_in)
    if looked_in is None or not isinstance(part.shape, Threshold) or part.standard_error is None:
        return 0.0
    values = gated.sample.column(part.shape.channels[0])[looked_in]
    low, high = part.shape.value - part.standard_error, part.shape.value + part.standard_error
    more, fewer = np.count_nonzero(values >= low), np.count_nonzero(values >= high)
    # half a cell more on both sides: of no cells nothing moves
    return float(np.log10((more + 0.5) / (fewer + 0.5)))
