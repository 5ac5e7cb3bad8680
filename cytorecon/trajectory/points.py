"""One value of one population in one tube, with what is needed to draw it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cytorecon.counts.combined import widened
from cytorecon.counts.intervals import poisson_ratio_interval
from cytorecon.counts.reported import measure_text, not_detected_text
from cytorecon.knowledge.counting import CountingRules
from cytorecon.results import CountMethod, GateSpread, PopulationCount


class Point(NamedTuple):
    """A value with its interval; `value` is None when there is none or it is `censored`.

    Parameters
    ----------
    value, low, high : float or None
        In `unit`, with the 95 % interval.
    unit : str
        For people.
    lloq : float or None
        Lower limit of quantification, in `unit`.
    censored : bool
        True when the value is only known to lie below `lloq`.
    reported : str
        As text, ``""`` when there is no value.
    count_method : str
        How a concentration was counted; ``none`` for other measures.
    review : tuple of str
        Codes that say the value needs a look.
    """

    value: float | None
    unit: str
    low: float | None
    high: float | None
    lloq: float | None = None
    censored: bool = False
    reported: str = ""
    count_method: CountMethod = "none"
    review: tuple[str, ...] = ()


def percent_point(
    count: PopulationCount, unit: str, values: tuple[float | None, float | None, float | None]
) -> Point:
    """Return a percentage (value, low, high) as a point.

    Examples
    --------
    >>> count = PopulationCount(population="B", parent="lymphocytes", status="counted", events=25)
    >>> percent_point(count, "% of lymphocytes", (2.5, 1.6, 3.7)).reported
    '2.5'
    """
    value, low, high = values
    if count.detected is False and high is not None:
        text = not_detected_text(f"<{measure_text(high, 'percent')}")
        return Point(None, unit, low, high, lloq=high, censored=True, reported=text, review=count.review)
    reported = "" if value is None else measure_text(value, "percent")
    return Point(value=value, unit=unit, low=low, high=high, reported=reported, review=count.review)


def ratio_point(counts: Sequence[PopulationCount], rules: CountingRules) -> Point | None:
    """Return the CD4/CD8 ratio of one tube; None when the tube has neither population.

    The ratio is empty unless both are counted and neither is below its LLOQ. The interval is that of
    the ratio of two Poisson counts (:func:`cytorecon.counts.intervals.poisson_ratio_interval`), with the gate
    error of both (:mod:`cytorecon.counts.combined`).
    """
    cd4 = next((count for count in counts if count.population == "CD4_T"), None)
    cd8 = next((count for count in counts if count.population == "CD8_T"), None)
    if cd4 is None or cd8 is None:
        return None
    review = tuple(dict.fromkeys((*cd4.review, *cd8.review)))
    events = _quantified(cd4, rules), _quantified(cd8, rules)
    if events[0] is None or events[1] is None:
        return Point(value=None, unit="ratio", low=None, high=None, review=review)
    ratio = events[0] / events[1]
    spread = math.hypot(*((count.gate_spread or GateSpread()).events for count in (cd4, cd8)))
    low, high = widened(ratio, *poisson_ratio_interval(events[0], events[1]), spread)
    return Point(
        value=ratio, unit="ratio", low=low, high=high, reported=measure_text(ratio, "ratio"), review=review
    )


def _quantified(count: PopulationCount, rules: CountingRules) -> int | None:
    """Return the events of a population that is not below its LLOQ, else None."""
    if count.status != "counted" or count.events is None or count.below_lloq:
        return None
    return count.events if count.events >= rules.lloq_events(count.population) else None
