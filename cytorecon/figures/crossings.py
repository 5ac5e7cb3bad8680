"""Milestones as they are drawn: an interval between two visits, and the visit that reached it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon.figures.format import format_day, measure_named

STATUS_WORDS: Final = {
    "reached": "reached",
    "reached_before_first_visit": "reached before the first visit",
    "not_reached_by_last_visit": "not reached yet",
    "censored_by_event": "follow-up ended first",
    "not_evaluable": "could not be judged",
    "not_applicable": "does not apply",
}


@dataclass(frozen=True, slots=True)
class Crossing:
    """One milestone of one patient.

    Parameters
    ----------
    patient, milestone, population, rule, unit, status, reading, source : str
        Columns of the milestone table.
    threshold : float
        Value to reach.
    after_day, by_day : int or None
        The crossing happened after the first and not later than the second; None when unknown.
    confirmed : str
        ``yes``, ``no``, ``pending``, or empty where one visit is enough.
    """

    patient: str
    milestone: str
    population: str
    rule: str
    unit: str
    status: str
    reading: str
    source: str
    threshold: float
    after_day: int | None
    by_day: int | None
    confirmed: str

    @property
    def applies(self) -> bool:
        """Whether the milestone is defined for this patient."""
        return self.status != "not_applicable"

    @property
    def judged(self) -> bool:
        """Whether any visit could be judged against the threshold."""
        return self.status not in ("not_applicable", "not_evaluable")

    @property
    def words(self) -> str:
        """What came of it: the interval, or why there is none."""
        return self.span or STATUS_WORDS.get(self.status, self.status.replace("_", " "))

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
            return f"on or before {format_day(self.by_day)}"
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
    """Return, by population, the first milestone that could be judged, in the unit of `measure`.

    Parameters
    ----------
    found : tuple of Crossing
        Of one patient, the preferred ones first.
    measure : str
        Measure of the figure.
    """
    unit = measure_named(measure).unit
    chosen: dict[str, Crossing] = {}
    for crossing in found:
        if crossing.judged and crossing.unit == unit:
            chosen.setdefault(crossing.population, crossing)
    return chosen


def _crossing(row: Mapping[object, object]) -> Crossing:
    cells = pd.Series(row)
    return Crossing(
        patient=str(cells["patient"]),
        milestone=str(cells["milestone"]),
        population=str(cells["population"]),
        rule=str(cells["rule"]),
        unit=str(cells["unit"]),
        status=str(cells["status"]),
        reading=str(cells["reading"]),
        source=str(cells["source"]),
        threshold=float(cells["threshold"]),
        after_day=None if pd.isna(cells["after_day"]) else int(cells["after_day"]),
        by_day=None if pd.isna(cells["by_day"]) else int(cells["by_day"]),
        confirmed=str(cells["confirmed"]),
    )
