"""The values of one population in many tubes, by column, with what is needed to draw them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from cytorecon.counts.combined import widened
from cytorecon.counts.intervals import poisson_ratio_interval
from cytorecon.counts.reported import below_text, measure_text, not_detected_text, value_text
from cytorecon.knowledge.counting import CountingRules
from cytorecon.results import GateSpread, PopulationCount
from cytorecon.study.frame import objects
from cytorecon.trajectory.count_columns import CountColumns

Numbers = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Truths = npt.NDArray[np.bool_]

_NO_SPREAD: Final = GateSpread()


@dataclass(frozen=True, slots=True)
class Points:
    """Values with their intervals; `value` is NaN where there is none or it is `censored`.

    Parameters
    ----------
    value, low, high : ndarray of float
        In `unit`, with the 95 % interval.
    unit : ndarray of str
        For people.
    lloq : ndarray of float
        Lower limit of quantification, in `unit`.
    censored : ndarray of bool
        True where the value is only known to lie below `lloq`.
    reported : ndarray of str
        As text, ``""`` where there is no value.
    count_method : ndarray of str
        How a concentration was counted; ``none`` for other measures.
    review : sequence of tuple of str
        Codes that say the value needs a look.
    """

    value: Numbers
    unit: Texts
    low: Numbers
    high: Numbers
    lloq: Numbers
    censored: Truths
    reported: Texts
    count_method: Texts
    review: Sequence[tuple[str, ...]]

    @property
    def has_result(self) -> Truths:
        """Whether there is a value, or one that is known to lie below a limit."""
        return np.asarray(~np.isnan(self.value) | self.censored)


def concentration_points(counts: CountColumns) -> Points:
    """Return concentrations, cells/µL.

    Examples
    --------
    >>> count = PopulationCount(population="B", parent="lymphocytes", status="counted", events=3,
    ...                         below_lloq=True, lloq_cells_per_ul=11.2)
    >>> points = concentration_points(CountColumns.of([count]))
    >>> points.value, points.censored, points.reported
    (array([nan]), array([ True]), array(['<12'], dtype=object))
    """
    value, low, high = (counts.numbers[f"cells_per_ul{end}"] for end in ("", "_low", "_high"))
    lloq, below = counts.numbers["lloq_cells_per_ul"], counts.below_lloq
    absent = counts.not_detected & ~np.isnan(high)
    # from 10 on as whole numbers, of which many are the same
    reported = _texts(np.where(value >= 10, np.rint(value), value), value_text)
    reported[below & ~np.isnan(lloq)] = _texts(lloq[below & ~np.isnan(lloq)], below_text)
    reported[absent] = [not_detected_text(below_text(limit)) for limit in high[absent].tolist()]
    return Points(
        value=np.where(below, np.nan, value),
        unit=_same("cells/µL", len(value)),
        low=low,
        high=high,
        # as in censoring_limit
        lloq=np.where(absent, np.maximum(lloq, high), lloq),
        censored=below,
        reported=reported,
        count_method=counts.texts["count_method"],
        review=counts.review.tolist(),
    )


def percent_points(counts: CountColumns, measure: str) -> Points:
    """Return percentages: `measure` is ``percent_of_parent``, ``_lymphocytes`` or ``_leukocytes``.

    Examples
    --------
    >>> count = PopulationCount(population="B", parent="lymphocytes", status="counted", events=25,
    ...                         percent_of_parent=2.5)
    >>> points = percent_points(CountColumns.of([count]), "percent_of_parent")
    >>> points.reported[0], points.unit[0]
    ('2.5', '% of lymphocytes')
    """
    value, low, high = (counts.numbers[f"{measure}{end}"] for end in ("", "_low", "_high"))
    absent = counts.not_detected & ~np.isnan(high)
    value = np.where(absent, np.nan, value)
    reported = _texts(value, partial(measure_text, measure="percent"))
    limits = [f"<{measure_text(limit, 'percent')}" for limit in high[absent].tolist()]
    reported[absent] = [not_detected_text(limit) for limit in limits]
    whole = measure.removeprefix("percent_of_")
    units = _units(counts.texts["parent"]) if whole == "parent" else _same(f"% of {whole}", len(value))
    return Points(
        value=value,
        unit=units,
        low=low,
        high=high,
        lloq=np.where(absent, high, np.nan),
        censored=absent,
        reported=reported,
        count_method=_same("none", len(value)),
        review=counts.review.tolist(),
    )


class Ratio(NamedTuple):
    """The CD4/CD8 ratio of one tube with its 95 % interval; None where there is none."""

    value: float | None
    low: float | None
    high: float | None
    review: tuple[str, ...]


def ratio_points(ratios: Sequence[Ratio]) -> Points:
    """Return CD4/CD8 ratios."""
    value = _numbers([ratio.value for ratio in ratios])
    return Points(
        value=value,
        unit=_same("ratio", len(ratios)),
        low=_numbers([ratio.low for ratio in ratios]),
        high=_numbers([ratio.high for ratio in ratios]),
        lloq=np.full(len(ratios), np.nan),
        censored=np.zeros(len(ratios), dtype=np.bool_),
        reported=_texts(value, partial(measure_text, measure="ratio")),
        count_method=_same("none", len(ratios)),
        review=[ratio.review for ratio in ratios],
    )


def ratio_of(cd4: PopulationCount, cd8: PopulationCount, rules: CountingRules) -> Ratio:
    """Return the CD4/CD8 ratio of one tube.

    The ratio is empty unless both are counted and neither is below its LLOQ. The interval is that of
    the ratio of two Poisson counts (:func:`cytorecon.counts.intervals.poisson_ratio_interval`), with the gate
    error of both (:mod:`cytorecon.counts.combined`).
    """
    review = tuple(dict.fromkeys((*cd4.review, *cd8.review)))
    events = _quantified(cd4, rules), _quantified(cd8, rules)
    if events[0] is None or events[1] is None:
        return Ratio(None, None, None, review)
    ratio = events[0] / events[1]
    spread = math.hypot(*((count.gate_spread or _NO_SPREAD).events for count in (cd4, cd8)))
    low, high = widened(ratio, *poisson_ratio_interval(events[0], events[1]), spread)
    return Ratio(ratio, low, high, review)


def _quantified(count: PopulationCount, rules: CountingRules) -> int | None:
    """Return the events of a population that is not below its LLOQ, else None."""
    if count.status != "counted" or count.events is None or count.below_lloq:
        return None
    return count.events if count.events >= rules.lloq_events(count.population) else None


def _numbers(values: Sequence[float | None]) -> Numbers:
    # numpy makes NaN of None
    return np.array(values, dtype=np.float64)


def _units(parents: Texts) -> Texts:
    units = {parent: f"% of {parent}" for parent in set(parents.tolist())}
    return objects([units[parent] for parent in parents.tolist()])


def _same(text: str, times: int) -> Texts:
    return np.full(times, text, dtype=np.object_)


def _texts(values: Numbers, text: Callable[[float], str]) -> Texts:
    """Return values as text, each different one written once; ``""`` where there is none."""
    texts = _same("", len(values))
    known = np.flatnonzero(~np.isnan(values))
    distinct, place = np.unique(values[known], return_inverse=True)
    texts[known] = objects([text(value) for value in distinct.tolist()])[place]
    return texts
