"""Whether counts that were given as a table can be what they say, or are most likely in another unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from cytorecon.knowledge.counting import CountingRules
from cytorecon.knowledge.given_counts import GivenCountLimits
from cytorecon.knowledge.populations import Populations
from cytorecon.results import PopulationCount
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit
from cytorecon.study.given import is_given

_UNIT: Final = "cells/µL"
_CHECK_UNIT: Final = "Check the unit of the row: 1 x 10^9/L are 1000 cells/µL."
_MEASURES: Final = {
    "cells_per_ul": "cells/µL",
    "percent_of_lymphocytes": "% of lymphocytes",
    "percent_of_leukocytes": "% of leukocytes",
}


def given_units(
    visits: Sequence[Visit], limits: GivenCountLimits, rules: CountingRules, names: Populations
) -> Iterator[Finding]:
    """Yield what is implausible about the given counts of one patient; gated tubes are left alone.

    Parameters
    ----------
    visits : sequence of Visit
        Of one patient, in order.
    limits : GivenCountLimits
        From ``given_counts.yaml``.
    rules : CountingRules
        For what blood can hold.
    names : Populations
        Which population is part of which.
    """
    given = [visit for visit in visits if is_given(visit.result)]
    for visit in given:
        for count in visit.counts:
            yield from _beyond_blood(visit, count, rules, names)
            yield from _too_small(visit, count, limits)
        yield from _above_parents(visit, limits, names)
    for population in dict.fromkeys(count.population for visit in given for count in visit.counts):
        yield from _jumps(population, given, limits)


def _finding(
    check: str,
    visit: Visit,
    populations: tuple[str, ...],
    numbers: tuple[float, float],
    message: str,
    source: str,
) -> Finding:
    """Return a finding about a value and its limit; the subject names patient, day and population."""
    tube = visit.tube
    causes = (
        _CHECK_UNIT if check != "above_parent" else f"{_CHECK_UNIT} Or values of two samples were joined."
    )
    return Finding(
        check=check,
        tube=tube.tube,
        populations=populations,
        value=numbers[0],
        limit=numbers[1],
        unit=_UNIT,
        subject=f"patient {tube.patient}, day {tube.day}, {populations[0]}",
        message=message,
        causes=causes,
        source=source,
    )


def ancestors(population: str, names: Populations) -> Iterator[str]:
    """Yield what a population is part of, the closest first."""
    row = names.find(population)
    while row is not None and row.parent != "root":
        yield row.parent
        row = names.find(row.parent)


def _beyond_blood(
    visit: Visit, count: PopulationCount, rules: CountingRules, names: Populations
) -> Iterator[Finding]:
    lineage = (count.population, *ancestors(count.population, names))
    if "leukocytes" not in lineage:
        return
    limits = rules.blood_counts.of("lymphocytes" if "lymphocytes" in lineage else "wbc")
    value = count.cells_per_ul
    if value is not None and value > limits.usual_high:
        message = (
            f"{value:,.10g} cells/µL were given; blood hardly holds more than {limits.usual_high:,.10g}."
        )
        numbers = (value, limits.usual_high)
        yield _finding("given_beyond_blood", visit, (count.population,), numbers, message, limits.source)


def _too_small(visit: Visit, count: PopulationCount, limits: GivenCountLimits) -> Iterator[Finding]:
    value, least = count.cells_per_ul, limits.smallest
    if count.population in limits.populations and value and value < least.value:
        message = (
            f"{value:.10g} cells/µL were given, fewer than the {least.value:g} that a tube can measure; "
            f"{value:.10g} x 10^9/L would be {value * 1000:,.10g} cells/µL."
        )
        numbers = (value, least.value)
        yield _finding("given_small", visit, (count.population,), numbers, message, least.source)


def _above_parents(visit: Visit, limits: GivenCountLimits, names: Populations) -> Iterator[Finding]:
    counts = {count.population: count for count in visit.counts}
    for count in visit.counts:
        for measure, unit in _MEASURES.items():
            part = _end(count, measure, "low")
            above = (name for name in ancestors(count.population, names) if name in counts)
            whole = next(
                ((name, end) for name in above if (end := _end(counts[name], measure, "high"))), None
            )
            if part is None or whole is None or not limits.above_parent.is_beyond(part, whole[1]):
                continue
            values = (getattr(count, measure), getattr(counts[whole[0]], measure))
            message = (
                f"{_given(values[0])} {unit} were given, but only {_given(values[1])} {unit} "
                f"of {names.display_name(whole[0])}, which they are part of."
            )
            numbers, both = (part, whole[1]), (count.population, whole[0])
            yield _finding("above_parent", visit, both, numbers, message, limits.above_parent.source)


def _end(count: PopulationCount, measure: str, end: str) -> float | None:
    """Return the low or high end of a value, or the value where there is no interval."""
    value: float | None = getattr(count, measure)
    limit: float | None = getattr(count, f"{measure}_{end}")
    return limit if value is not None and limit is not None else value


def _given(value: float | None) -> str:
    return "–" if value is None else f"{value:,.10g}"


def _jumps(population: str, visits: Sequence[Visit], limits: GivenCountLimits) -> Iterator[Finding]:
    """Yield, of visits in a row that lie a unit apart, the value that stands alone, or both."""
    values = [
        (visit, value)
        for visit in visits
        if (count := visit.count(population)) is not None and (value := count.cells_per_ul)
    ]
    apart = [
        (one, other)
        for one, other in pairwise(range(len(values)))
        if limits.jump.holds(values[one][1], values[other][1])
    ]
    partners: dict[int, list[int]] = {}
    for one, other in apart:
        partners.setdefault(one, []).append(other)
        partners.setdefault(other, []).append(one)
    for place, others in partners.items():
        rival = min(others, key=lambda other: (len(partners[other]), abs(other - place)))
        if len(others) < len(partners[rival]):
            continue
        (visit, value), (then, before) = values[place], values[rival]
        factor = max(value / before, before / value)
        message = (
            f"{_given(value)} cells/µL were given here and {_given(before)} on day {then.tube.day}: "
            f"{factor:,.0f} times apart, as one count is in two units."
        )
        yield _finding(
            "given_jump", visit, (population,), (factor, limits.jump.least), message, limits.jump.source
        )
