"""From events per population to percentages with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from cytorecon.counts.combined import share_interval
from cytorecon.counts.gate_error import total_gate_spread
from cytorecon.counts.intervals import CONFIDENCE
from cytorecon.counts.marked import marked
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.results import GateSpread, PopulationCount, PopulationTally

#: The population of counting beads: neither a percentage nor a concentration of cells.
BEADS: Final = "beads"


def count_populations(
    tallies: Sequence[PopulationTally], *, confidence: float = CONFIDENCE, rules: CountingRules | None = None
) -> tuple[PopulationCount, ...]:
    """Return events and percentages of each population.

    Parameters
    ----------
    tallies : sequence of PopulationTally
        Events as gating hands them over, of one tube.
    confidence : float
        Coverage of the intervals, a fraction; 0.95 in every product.
    rules : CountingRules, optional
        With the error of gates; the packaged ones by default.

    Returns
    -------
    tuple of PopulationCount
        In the order given. Percentages (of parent, of lymphocytes, of leukocytes) have
        Clopper-Pearson intervals, widened by what gates may do to the share; a percentage of nothing
        (0 of 0 events) is None, not zero.
        Of a population that is not detected only the interval stands, from 0 on. Counting beads have
        events only. Concentrations are added by :func:`absolute_counts`.

    Raises
    ------
    CytoreconError
        If a tally is impossible: more events than its parent or denominator.

    Examples
    --------
    >>> tally = PopulationTally(population="B", parent="lymphocytes", status="counted",
    ...                         events=25, parent_events=1000, lymphocytes=1000)
    >>> (count,) = count_populations([tally])
    >>> count.percent_of_lymphocytes
    2.5
    """
    limits = rules or load_counting_rules()
    return tuple(_count(tally, total_gate_spread(tally, limits), confidence) for tally in tallies)


def _count(tally: PopulationTally, spread: GateSpread | None, confidence: float) -> PopulationCount:
    plain = PopulationCount(
        population=tally.population,
        parent=tally.parent,
        status=tally.status,
        reason=tally.reason,
        gate_definition=tally.gate_definition,
        detected=tally.detected,
        background_events=tally.background_events,
        gate_spread=spread,
        overrides=tally.overrides,
    )
    plain = marked(plain, tally.review)
    if tally.status == "not_evaluable":
        return plain
    if tally.events is None:
        raise CytoreconError(
            "A counted population has no events; 0 and not known are different.",
            subject=tally.population,
            field="events",
        )
    counted = replace(plain, events=tally.events, parent_events=tally.parent_events)
    if tally.population == BEADS:
        return counted
    percentages: dict[str, Any] = {}
    gates = spread or GateSpread()
    for column, of, of_share in (
        ("percent_of_parent", tally.parent_events, gates.of_parent),
        ("percent_of_lymphocytes", tally.lymphocytes, gates.of_lymphocytes),
        ("percent_of_leukocytes", tally.leukocytes, gates.of_leukocytes),
    ):
        interval = partial(share_interval, spread=of_share, confidence=confidence)
        percentages |= _percent(tally.population, column, tally.events, of, interval)
    if tally.detected is False:
        percentages |= _none_seen(percentages)
    return replace(counted, **percentages)


def _none_seen(percentages: dict[str, float | None]) -> dict[str, float | None]:
    """Return no percentage, and an interval that begins at 0."""
    values = [column for column in percentages if not column.endswith(("_low", "_high"))]
    return dict.fromkeys(values) | dict.fromkeys([f"{column}_low" for column in values], 0.0)


def _percent(
    population: str,
    column: str,
    events: int,
    of: int | None,
    interval: Callable[[int, int], tuple[float, float]],
) -> dict[str, float | None]:
    if of is None or (of == 0 and events == 0):
        return {}
    if not 0 <= events <= of:
        raise CytoreconError(
            "A population cannot have more events than what it is a part of.",
            subject=population,
            field=column,
            found=f"{events} of {of} events",
        )
    low, high = interval(events, of)
    return {column: 100.0 * events / of, f"{column}_low": 100.0 * low, f"{column}_high": 100.0 * high}
