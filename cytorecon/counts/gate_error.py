"""What gates do to a count: by where they might as well lie, and by what they cut off wherever they lie."""

from __future__ import annotations

import math

from cytorecon.knowledge.counting import CountingRules
from cytorecon.results import GateSpread, PopulationTally


def total_gate_spread(tally: PopulationTally, rules: CountingRules) -> GateSpread | None:
    """Return the gate error of one population, both parts together.

    Parameters
    ----------
    tally : PopulationTally
        With what moving the gates of this tube showed.
    rules : CountingRules
        With the error that stays (``gate_error`` of ``counting.yaml``).

    Returns
    -------
    GateSpread or None
        None for a tally of which nobody looked at the gates.

    Examples
    --------
    >>> from cytorecon.knowledge.counting import load_counting_rules
    >>> tally = PopulationTally(population="NK", parent="lymphocytes", status="counted",
    ...                         gate_spread=GateSpread())
    >>> total_gate_spread(tally, load_counting_rules()).of_parent
    0.031
    """
    moved = tally.gate_spread
    if moved is None:
        return None
    stays = rules.gate_error.of(tally.population)
    of_parent = {
        "lymphocytes": stays.of_lymphocytes,
        "leukocytes": stays.of_leukocytes,
    }.get(tally.parent, stays.events)
    return GateSpread(
        events=_together(moved.events, stays.events),
        of_parent=_together(moved.of_parent, of_parent),
        of_lymphocytes=_together(moved.of_lymphocytes, stays.of_lymphocytes),
        of_leukocytes=_together(moved.of_leukocytes, stays.of_leukocytes),
    )


def _together(spread: float, percent: float) -> float:
    """Return the standard deviation of ln of both; a few percent are as many hundredths of ln."""
    return math.hypot(spread, percent / 100.0)
