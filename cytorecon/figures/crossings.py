"""Milestones as they are drawn: an interval between two visits, and the visit that reached it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pandas as pd

from cytorecon.figures.format import format_day, measure_named
from cytorecon.knowledge.milestones import load_milestone_rules

STATUS_WORDS: Final = {
    "reached": "reached",
    "reached_before_first_visit": "reached before the first visit",
    "not_reached_by_last_visit": "not yet",
    "missed": "missed",
    "danger": "danger",
    "no_danger": "no danger seen",
    "censored_by_event": "competing event",
    "not_evaluable": "could not be judged",
    "not_assessable": "not assessable",
    "not_applicable": "does not apply",
}
#: Statuses of the milestone table, and states of a deadline, as shape and word: nothing is told by
#: colour alone, and a star means "in time" and nothing else.
_MARKS: Final = {
    "not_reached_by_last_visit": "○ not yet",
    "missed": "✕ missed",
    "danger": "▼ danger",
    "no_danger": "○ no danger seen",
    "censored_by_event": "◇ competing event",
    "not_evaluable": "? could not be judged",
    "not_assessable": "? not assessable",
    "not_applicable": "– does not apply",
}
_REACHED_MARKS: Final = {
    "in_time": "★ in time",
    "late": "● reached late",
    "unknown": "● reached, in time unknown",
    "": "● reached",
}
_PENDING_MARK: Final = "◐ not confirmed yet"


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
        ``yes``, ``pending``, ``no`` (then it is not reached), or empty where one visit is enough.
    deadline_day : int or None
        Day by which the source asks for it; None when it names none.
    deadline : str
        ``in_time``, ``late``, ``unknown``, ``not_reached``, ``competing_event``; empty without a deadline.
    caution : str
        Why it should be taken with caution (borderline, flagged), in words; empty otherwise.
    kind : str
        ``milestone``, or ``danger`` where the rule warns of a low value.
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
    deadline_day: int | None = None
    deadline: str = ""
    caution: str = ""
    kind: str = "milestone"

    @property
    def applies(self) -> bool:
        """Whether the milestone is defined for this patient, as far as is known."""
        return self.status not in ("not_applicable", "not_assessable")

    @property
    def in_time(self) -> bool:
        """Whether it was certainly reached, and confirmed where that is asked for, by its deadline."""
        return self.deadline == "in_time"

    @property
    def mark(self) -> str:
        """How it stands, as shape and word, e.g. ``★ in time``."""
        if not self.reached or self.is_danger:
            return _MARKS.get(self.status, self.status.replace("_", " "))
        return _PENDING_MARK if self.is_pending else _REACHED_MARKS[self.deadline]

    @property
    def is_danger(self) -> bool:
        """Whether the rule warns of a low value, so that meeting it is no milestone."""
        return self.kind == "danger"

    @property
    def judged(self) -> bool:
        """Whether any visit could be judged against the threshold."""
        return self.applies and self.status != "not_evaluable"

    @property
    def words(self) -> str:
        """What came of it: the interval, or why there is none."""
        return self.span or STATUS_WORDS.get(self.status, self.status.replace("_", " "))

    @property
    def reached(self) -> bool:
        """Whether a visit at or above the threshold is known."""
        return self.by_day is not None

    @property
    def met(self) -> bool:
        """Whether the rule is met: reached, and confirmed where it asks for that."""
        return self.reached and not self.is_pending

    @property
    def is_pending(self) -> bool:
        """Whether the last visits are above, and too few yet to confirm it."""
        return self.reached and self.confirmed == "pending"

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
    return study_crossings(milestones[milestones["patient"] == patient])


def study_crossings(milestones: pd.DataFrame) -> tuple[Crossing, ...]:
    """Return the milestones of all patients, in the order of the table.

    Parameters
    ----------
    milestones : DataFrame
        ``MILESTONE_COLUMNS``.
    """
    names = [str(name) for name in milestones.columns]
    rows = zip(*(milestones[name].tolist() for name in names), strict=True)
    return tuple(_crossing(dict(zip(names, cells, strict=True))) for cells in rows)


def primary_crossings(found: tuple[Crossing, ...], measure: str) -> Mapping[str, Crossing]:
    """Return, by population, the milestone that a figure draws, in the unit of `measure`.

    That is the first one that could be judged, in the order of ``drawn_first`` and then of the file
    (``milestones.yaml``).

    Parameters
    ----------
    found : tuple of Crossing
        Of one patient, in any order.
    measure : str
        Measure of the figure.
    """
    unit = measure_named(measure).unit
    chosen: dict[str, Crossing] = {}
    for crossing in sorted(found, key=lambda one: drawing_order(one.milestone)):
        if crossing.judged and crossing.unit == unit and not crossing.is_danger:
            chosen.setdefault(crossing.population, crossing)
    return chosen


def drawing_order(milestone: str) -> int:
    """Return a sort key: the milestones that a figure prefers come first, unknown ones last."""
    order = _drawing_order()
    return order.get(milestone, len(order))


@cache
def _drawing_order() -> Mapping[str, int]:
    return {name: place for place, name in enumerate(load_milestone_rules().in_order_of_drawing)}


def _crossing(cells: Mapping[str, Any]) -> Crossing:
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
        deadline_day=None if pd.isna(cells["deadline_day"]) else int(cells["deadline_day"]),
        deadline=str(cells["deadline"]),
        caution=str(cells["caution"]),
        kind=str(cells["kind"]),
    )
