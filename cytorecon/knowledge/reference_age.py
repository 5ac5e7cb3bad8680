"""Limits at one age, between the bands of a source, and where a value stands among healthy people."""

from __future__ import annotations

import math
import re
from typing import Final

from scipy.special import ndtr, ndtri

from cytorecon.knowledge.references import ReferenceRange, References
from cytorecon.values import Frozen

_PERCENTILES: Final = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_CENTRAL: Final = re.compile(r"central (\d+(?:\.\d+)?)")
_STRATA: Final = {"": "", "cmv_negative": ", CMV negative", "cmv_positive": ", CMV positive"}


class AgeLimits(Frozen):
    """Limits of one population and measure at one age.

    Parameters
    ----------
    low, high, median : float or None
        In the unit of the measure; the median is None where the source gives none.
    percentiles, set, source : str
        As the rows state them.
    basis : str
        Band or bands they come from, for people.
    """

    low: float
    high: float
    median: float | None
    percentiles: str
    set: str
    source: str
    basis: str


def limits_at(references: References, row: ReferenceRange, age_years: float) -> AgeLimits:
    """Return the limits at an age, between the middle of its band and that of the next one.

    Parameters
    ----------
    references : References
        All rows.
    row : ReferenceRange
        Whose band holds the age (:meth:`References.find`).
    age_years : float
        Age at the visit.

    Returns
    -------
    AgeLimits
        Linear in the logarithm of age where the neighbouring band of the same set adjoins, and has an end and
        the same percentiles; else as the row has them.

    Examples
    --------
    >>> from cytorecon.knowledge.references import load_references
    >>> references = load_references()
    >>> row = references.find("CD4_T", "cells_per_ul", 5.0, "unknown")
    >>> limits = limits_at(references, row, 5.0)
    >>> row.low, round(limits.low), limits.basis
    (700.0, 686, 'interpolated between bands 2-6 and 6-12 years')
    """
    neighbour = _neighbour(references, row, age_years)
    people = (f", {row.sex}" if row.sex != "all" else "") + _STRATA[row.stratum]
    if neighbour is None:
        basis = f"band {_band(row)} years{people}"
        return _limits(row, row.low, row.high, row.median, basis)
    first, second = sorted((row, neighbour), key=lambda each: each.age_from)
    start, end = (math.log(_middle(each)) for each in (first, second))
    part = (math.log(age_years) - start) / (end - start)
    medians = (first.median, second.median)
    median = None if medians[0] is None or medians[1] is None else _between(medians[0], medians[1], part)
    basis = f"interpolated between bands {_band(first)} and {_band(second)} years{people}"
    return _limits(
        row, _between(first.low, second.low, part), _between(first.high, second.high, part), median, basis
    )


def z_score(value: float, limits: AgeLimits) -> float | None:
    """Return how many standard deviations a value lies from the median of healthy people.

    Parameters
    ----------
    value : float
        In the unit of the limits.
    limits : AgeLimits
        At the person's age.

    Returns
    -------
    float or None
        None where the source gives no median or does not say which percentiles its limits are, and where a
        logarithm does not exist.

    Notes
    -----
    Two-piece log-normal: the logarithm is normal on either side of the median, with the standard deviation
    that puts the limit of that side at its percentile.

    Examples
    --------
    >>> limits = AgeLimits(low=50, high=200, median=100, percentiles="2.5-97.5", set="s", source="s",
    ...                    basis="b")
    >>> round(z_score(200, limits), 2), round(z_score(50, limits), 2), z_score(100, limits)
    (1.96, -1.96, 0.0)
    """
    fractions = percentile_fractions(limits.percentiles)
    if limits.median is None or fractions is None or value <= 0 or limits.median <= 0:
        return None
    above = value >= limits.median
    limit, fraction = (limits.high, fractions[1]) if above else (limits.low, fractions[0])
    if limit <= 0 or limit == limits.median:
        return None
    return float(ndtri(fraction)) * math.log(value / limits.median) / math.log(limit / limits.median)


def percentile_of(z: float) -> float:
    """Return the percentile of a z-score, 0 to 100.

    Examples
    --------
    >>> round(percentile_of(0.0)), round(percentile_of(-1.96), 1)
    (50, 2.5)
    """
    return 100.0 * float(ndtr(z))


def percentile_fractions(percentiles: str) -> tuple[float, float] | None:
    """Return which fractions of healthy people lie below the two limits; None when the source does not say.

    Examples
    --------
    >>> percentile_fractions("10-90"), percentile_fractions("central 95"), percentile_fractions("")
    ((0.1, 0.9), (0.025, 0.975), None)
    """
    if found := _PERCENTILES.fullmatch(percentiles):
        low, high = (float(part) / 100.0 for part in found.groups())
        return (low, high) if 0 < low < 0.5 < high < 1 else None
    if found := _CENTRAL.fullmatch(percentiles):
        tail = round((1.0 - float(found.group(1)) / 100.0) / 2.0, 6)
        return tail, 1.0 - tail
    return None


def _neighbour(references: References, row: ReferenceRange, age_years: float) -> ReferenceRange | None:
    """Return the band on the age's side of the middle of `row`, where the two may be interpolated."""
    if row.age_below is None or age_years <= 0:
        return None
    earlier = age_years < _middle(row)
    for other in references.ranges:
        same = (other.set, other.population, other.measure, other.gate_definition) == (
            row.set, row.population, row.measure, row.gate_definition,
        )  # fmt: skip
        alike = (other.sex, other.stratum, other.percentiles) == (row.sex, row.stratum, row.percentiles)
        adjoins = other.age_below == row.age_from if earlier else other.age_from == row.age_below
        if same and alike and adjoins and other.age_below is not None:
            return other
    return None


def _middle(row: ReferenceRange) -> float:
    assert row.age_below is not None
    return (row.age_from + row.age_below) / 2.0


def _between(first: float, second: float, part: float) -> float:
    return first + part * (second - first)


def _band(row: ReferenceRange) -> str:
    return f"from {row.age_from:g}" if row.age_below is None else f"{row.age_from:g}-{row.age_below:g}"


def _limits(row: ReferenceRange, low: float, high: float, median: float | None, basis: str) -> AgeLimits:
    return AgeLimits(
        low=low,
        high=high,
        median=median,
        percentiles=row.percentiles,
        set=row.set,
        source=row.source,
        basis=basis,
    )
