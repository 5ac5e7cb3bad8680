"""Limits at one age, between the bands of a source, and where a value stands among healthy people."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from cytorecon.knowledge.references import ReferenceRange, References
from cytorecon.values import Frozen

Numbers = npt.NDArray[np.float64]

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


@dataclass(frozen=True, slots=True)
class Bands:
    """The row that holds an age, and the band on that side of its middle between which is interpolated.

    Parameters
    ----------
    row : ReferenceRange
        Whose band holds the age (:meth:`References.find`).
    neighbour : ReferenceRange or None
        The neighbouring band of the same set, where it adjoins, and has an end and the same percentiles.
    """

    row: ReferenceRange
    neighbour: ReferenceRange | None

    @property
    def basis(self) -> str:
        """Band or bands, for people."""
        people = (f", {self.row.sex}" if self.row.sex != "all" else "") + _STRATA[self.row.stratum]
        if self.neighbour is None:
            return f"band {_band(self.row)} years{people}"
        first, second = self._in_order(self.neighbour)
        return f"interpolated between bands {_band(first)} and {_band(second)} years{people}"

    def at(self, ages: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Return lower limits, upper limits and medians (NaN where there is none) at ages in years.

        Linear in the logarithm of age between the middles of the two bands; else as the row has them.
        """
        if self.neighbour is None:
            row = self.row
            return _filled(ages, row.low), _filled(ages, row.high), _filled(ages, row.median)
        first, second = self._in_order(self.neighbour)
        start, end = (math.log(_middle(each)) for each in (first, second))
        part = (np.log(ages) - start) / (end - start)
        known = first.median is not None and second.median is not None
        medians = (first.median, second.median) if known else (None, None)
        return (
            _between(_filled(ages, first.low), _filled(ages, second.low), part),
            _between(_filled(ages, first.high), _filled(ages, second.high), part),
            _between(_filled(ages, medians[0]), _filled(ages, medians[1]), part),
        )

    def _in_order(self, neighbour: ReferenceRange) -> tuple[ReferenceRange, ReferenceRange]:
        first, second = sorted((self.row, neighbour), key=lambda each: each.age_from)
        return first, second


def bands_at(references: References, row: ReferenceRange, age_years: float) -> Bands:
    """Return between which bands the limits at an age lie.

    Parameters
    ----------
    references : References
        All rows.
    row : ReferenceRange
        Whose band holds the age (:meth:`References.find`).
    age_years : float
        Age at the visit.
    """
    return Bands(row, _neighbour(references, row, age_years))


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
        As :class:`Bands` gives them.

    Examples
    --------
    >>> from cytorecon.knowledge.references import load_references
    >>> references = load_references()
    >>> row = references.find("CD4_T", "cells_per_ul", 5.0, "unknown")
    >>> limits = limits_at(references, row, 5.0)
    >>> row.low, round(limits.low), limits.basis
    (700.0, 686, 'interpolated between bands 2-6 and 6-12 years')
    """
    bands = bands_at(references, row, age_years)
    low, high, median = (float(found[0]) for found in bands.at(np.array([age_years])))
    return AgeLimits(
        low=low,
        high=high,
        median=None if math.isnan(median) else median,
        percentiles=row.percentiles,
        set=row.set,
        source=row.source,
        basis=bands.basis,
    )


def age_edges(references: References, population: str, measure: str) -> Numbers:
    """Return the ages in years between which :meth:`References.find` and :func:`bands_at` do not change.

    From one edge up to, not including, the next, a person of one sex and CMV serology has the same bands.

    Examples
    --------
    >>> from cytorecon.knowledge.references import load_references
    >>> edges = age_edges(load_references(), "CD4_T", "cells_per_ul")
    >>> 2.0 in edges, 4.0 in edges, 6.0 in edges  # a band from 2 to 6 years, and its middle
    (True, True, True)
    """
    own = references.of(population, measure)
    ends: set[float | None] = {0.0, math.nextafter(0.0, 1.0)}
    for row in own.ranges:
        ends |= {row.age_from, row.age_below, None if row.age_below is None else _middle(row)}
    for default in own.defaults:
        for band in default.bands:
            ends |= {band.age_from, band.age_below}
    return np.array(sorted(end for end in ends if end is not None))


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
        None where :func:`z_scores` has NaN.

    Examples
    --------
    >>> limits = AgeLimits(low=50, high=200, median=100, percentiles="2.5-97.5", set="s", source="s",
    ...                    basis="b")
    >>> round(z_score(200, limits), 2), round(z_score(50, limits), 2), z_score(100, limits)
    (1.96, -1.96, 0.0)
    """
    median = math.nan if limits.median is None else limits.median
    numbers = np.array([[value], [limits.low], [limits.high], [median]])
    found = z_scores(numbers[0], numbers[1], numbers[2], numbers[3], limits.percentiles)
    return None if math.isnan(found[0]) else float(found[0])


def z_scores(values: Numbers, low: Numbers, high: Numbers, median: Numbers, percentiles: str) -> Numbers:
    """Return how many standard deviations values lie from the median of healthy people.

    Parameters
    ----------
    values, low, high, median : ndarray, shape (n,)
        In one unit, each value with the limits at its age; NaN where there is none.
    percentiles : str
        What the limits are (:func:`percentile_fractions`).

    Returns
    -------
    ndarray, shape (n,)
        NaN where there is no value or no median, the source does not say which percentiles its limits are, or
        a logarithm does not exist.

    Notes
    -----
    Two-piece log-normal: the logarithm is normal on either side of the median, with the standard deviation
    that puts the limit of that side at its percentile.
    """
    scores = np.full(len(values), np.nan)
    fractions = percentile_fractions(percentiles)
    if fractions is None:
        return scores
    above = values >= median
    limit = np.where(above, high, low)
    # a comparison with NaN is false
    some = (values > 0) & (median > 0) & (limit > 0) & (limit != median)
    at_limit = np.where(above, ndtri(fractions[1]), ndtri(fractions[0]))[some]
    of_value, of_limit = (np.log(each[some] / median[some]) for each in (values, limit))
    scores[some] = at_limit * of_value / of_limit
    return scores


def percentile_of(z: float) -> float:
    """Return the percentile of a z-score, 0 to 100.

    Examples
    --------
    >>> round(percentile_of(0.0)), round(percentile_of(-1.96), 1)
    (50, 2.5)
    """
    return float(percentiles_of(np.array(z)))


def percentiles_of(z: Numbers) -> Numbers:
    """Return the percentiles of z-scores, 0 to 100; NaN of NaN."""
    return np.asarray(100.0 * ndtr(z))


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


def _between(first: Numbers, second: Numbers, part: Numbers) -> Numbers:
    return first + part * (second - first)


def _filled(ages: Numbers, number: float | None) -> Numbers:
    return np.full(len(ages), math.nan if number is None else number)


def _band(row: ReferenceRange) -> str:
    return f"from {row.age_from:g}" if row.age_below is None else f"{row.age_from:g}-{row.age_below:g}"
