"""The points of a patient, each population in the one measure that a reader wants first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from cytorecon.figures.format import MEASURES
from cytorecon.figures.points import RESULT_STATES, Point, patient_points

#: Population -> points in order of the days.
Series = Mapping[str, tuple[Point, ...]]


def has_value(point: Point) -> bool:
    """Return whether a point says how many: a value, or less than the LLOQ."""
    return point.state in RESULT_STATES


def points_by_measure(trajectory: pd.DataFrame, counts: pd.DataFrame, patient: str) -> Mapping[str, Series]:
    """Return the points of one patient for each measure in which there is a value.

    Parameters
    ----------
    trajectory, counts : DataFrame
        Tidy tables of the whole study.
    patient : str
        Pseudonym.

    Returns
    -------
    dict
        Measure -> population -> points; measures in the order in which a page prefers them,
        populations without any value in a measure left out of it.
    """
    found: dict[str, Series] = {}
    for measure in MEASURES:
        points = patient_points(trajectory, counts, patient=patient, measure=measure.name)
        valued = {population: own for population, own in points.items() if any(map(has_value, own))}
        if valued:
            found[measure.name] = valued
    return found


def preferred(by_measure: Mapping[str, Series], populations: Iterable[str]) -> Series:
    """Return the points of each of `populations` in the first measure that has a value for it.

    A population without any value is left out.
    """
    chosen: dict[str, tuple[Point, ...]] = {}
    for population in populations:
        for series in by_measure.values():
            if population in series:
                chosen[population] = series[population]
                break
    return chosen


def latest(points: Sequence[Point]) -> Point | None:
    """Return the last point with a value up to the patient's death, or None."""
    return next((point for point in reversed(points) if has_value(point) and not point.is_after_death), None)


def before(points: Sequence[Point], point: Point) -> Point | None:
    """Return the last point with a value on an earlier day than `point`, or None."""
    return latest([other for other in points if other.day < point.day])
