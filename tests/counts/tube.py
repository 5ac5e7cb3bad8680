"""A tube with round numbers: 1,000 beads, 8,000 leukocytes, 2,000 of them lymphocytes."""

from __future__ import annotations

from collections.abc import Mapping

from cytorecon.counts import count_populations
from cytorecon.results import PopulationCount, PopulationTally

PARENTS = {
    "singlets": "root",
    "leukocytes": "singlets",
    "lymphocytes": "leukocytes",
    "CD3_T": "lymphocytes",
    "B": "lymphocytes",
    "monocytes": "leukocytes",
    "beads": "root",
}
EVENTS = {
    "root": 12_000,
    "singlets": 9_000,
    "leukocytes": 8_000,
    "lymphocytes": 2_000,
    "CD3_T": 1_400,
    "B": 20,
    "monocytes": 800,
    "beads": 1_000,
}


def counts(
    changes: Mapping[str, int] | None = None,
    *,
    not_evaluable: Mapping[str, str] | None = None,
    without: tuple[str, ...] = (),
    review: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[PopulationCount, ...]:
    events = {**EVENTS, **(changes or {})}
    lost = not_evaluable or {}
    codes = review or {}
    tallies = []
    for population, parent in PARENTS.items():
        if population in without:
            continue
        if population in lost:
            tallies.append(
                PopulationTally(
                    population=population, parent=parent, status="not_evaluable", reason=lost[population]
                )
            )
            continue
        inside_lymphocytes = population in ("lymphocytes", "CD3_T", "B")
        inside_leukocytes = inside_lymphocytes or population in ("leukocytes", "monocytes")
        tallies.append(
            PopulationTally(
                population=population,
                parent=parent,
                status="counted",
                events=events[population],
                parent_events=events[parent],
                lymphocytes=events["lymphocytes"] if inside_lymphocytes else None,
                leukocytes=events["leukocytes"] if inside_leukocytes else None,
                review=codes.get(population, ()),
            )
        )
    return count_populations(tallies)


def named(found: tuple[PopulationCount, ...]) -> dict[str, PopulationCount]:
    return {count.population: count for count in found}
