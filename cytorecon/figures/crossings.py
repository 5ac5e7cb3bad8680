"""Milestones as they are drawn: an interval between two visits, and the visit that reached it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cytorecon.figures.format import format_day, measure_named


@dataclass(frozen=True, slots=True)
class Crossing:
    """One milestone of one patient.

    Parameters
    ----------
    patient, milestone, population, unit, status, reading : str
        Columns of the milestone table.
    threshold : float
        Value to reach.
    after_day, by_day : int or None
        The crossing happened after the first and not later than the second; None when unknown.
    confirmed : bool or None
        Whether a later visit confirmed it.
    """

    patient: str
    milestone: str
    population: str
    unit: str
    status: str
    reading: str
    threshold: float
    after_day: int | None
    by_day: int | None
    confirmed: bool | None

    @property
    def reached(self) -> bool:
        """Whether a visit at or above the threshold is known."""
        return self.by_day is not None

    @property
    def span(self) -> str:
        """When it was reached, e.g. ``between +60 and +100``; empty when it was not."""
        if self.by_day is None:
            return ""
        if self.after_day is None:
            return f"by {format_day(self.by_day)}"
        return f"between {format_day(self.after_day)} and {format_day(self.by_day)}"


def crossings(milestones: pd.DataFrame, *, patient: str) -> tuple[Crossing, ...]:
    """Return the milestones of one patient, in the order of the table.

    Parameters
    ----------
    milestones : DataFrame
        ``MILESTONE_COLUMNS``.
    patient : str
        Pseudonym.
    """
    own = milestones[milestones["patient"] == patient]
    return tuple(_crossing(row) for row in own.to_dict("records"))


def primary_crossings(found: tuple[Crossing, ...], measure: str) -> Mapping[str, Crossing]:
    """Return, by population, the first milestone that is defined in the unit of `measure`."""
    unit = measure_named(measure).unit
    chosen: dict[str, Crossing] = {}
    for crossing in found:
        if crossing.unit == unit:
            chosen.setdefault(crossing.population, crossing)
    return chosen


def _crossing(row: Mapping[object, object]) -> Crossing:
    cells = pd.Series(row)
    return Crossing(
        patient=str(cells["patient"]),
        milestone=str(cells["milestone"]),
        population=str(cells["population"]),
        unit=str(cells["unit"]),
        status=str(cells["status"]),
        reading=str(cells["reading"]) if not pd.isna(cells["reading"]) else "",
        threshold=float(cells["threshold"]),
        after_day=None if pd.isna(cells["after_day"]) else int(cells["after_day"]),
        by_day=None if pd.isna(cells["by_day"]) else int(cells["by_day"]),
        confirmed=None if pd.isna(cells["confirmed"]) else bool(cells["confirmed"]),
    )
