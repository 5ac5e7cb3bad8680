"""What is drawn: one point per tube and population, made from the tidy tables.

The trajectory table says how much, the count table says of how many events and what could not be
evaluated. A tube without a value stays a point, with its reason; it never becomes a zero.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from cytorecon.counts.reported import is_not_detected, not_detected_text
from cytorecon.figures.format import (
    NOT_ASSESSED,
    bare_reason,
    format_count,
    format_day,
    format_interval,
    format_method,
    format_result,
    format_value,
    is_not_assessed,
    known,
    population_label,
    reference_title,
    with_unit,
)
from cytorecon.knowledge.review_flags import flag_in_short
from cytorecon.trajectory import AFTER_FINAL_EVENT, METHOD_SWITCH

PointState = Literal["measured", "below_lloq", "not_evaluable", "no_count"]

#: Stands where an interval would, of a value that was given without one.
NO_INTERVAL: Final = "no interval given"
#: A result is known in these states.
RESULT_STATES: Final = ("measured", "below_lloq")


# pandas hands out cells of any type; they are narrowed one by one below
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference interval at the age of one visit.

    Parameters
    ----------
    low, high : float
        Bounds, in the unit of the point.
    percentiles, name, position : str
        Which percentiles, of which set, and where the value lies (``below``, ``within`` …).
    basis, source : str
        Age bands they come from, and citation.
    percentile : float or None
        Where the value lies among healthy people, where the set has a median.
    """

    low: float
    high: float
    percentiles: str
    name: str
    position: str
    basis: str = ""
    source: str = ""
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One population in one tube, expressed in one measure.

    Parameters
    ----------
    tube, population, measure, visit : str
        Identity.
    day : int
        Day on the patient's clock.
    state : {"measured", "below_lloq", "not_evaluable", "no_count"}
        ``no_count``: the events are known but nothing relates them to a volume of blood.
    value, low, high, lloq : float or None
        In the unit of the measure; `low` and `high` are the 95 % interval.
    events : int or None
        Events counted in the population.
    method : str
        Count method of the tube.
    review : tuple of str
        Codes that ask for a look.
    method_switch : bool
        Whether the visit before was counted by another method.
    reason : str
        Why there is no value.
    reference : Reference or None
        At the age of this visit.
    reference_note : str
        Why there is none although ranges of this population exist.
    not_detected : bool
        Whether no cells were seen above the background; `lloq` is then the most there may be.
    """

    tube: str
    population: str
    measure: str
    visit: str
    day: int
    state: PointState
    value: float | None = None
    low: float | None = None
    high: float | None = None
    lloq: float | None = None
    events: int | None = None
    method: str = "none"
    review: tuple[str, ...] = ()
    method_switch: bool = False
    reason: str = ""
    reference: Reference | None = None
    reference_note: str = ""
    not_detected: bool = False

    @property
    def is_result(self) -> bool:
        """Whether there is a result, be it below the LLOQ."""
        return self.state in RESULT_STATES

    @property
    def is_after_death(self) -> bool:
        """Whether the sample bears a day after the death of the patient."""
        return AFTER_FINAL_EVENT in self.review

    @property
    def number(self) -> str:
        """The result without its unit, e.g. ``58``, ``<12`` or ``not evaluable``."""
        if self.state == "not_evaluable":
            return NOT_ASSESSED if is_not_assessed(self.reason) else "not evaluable"
        if self.state == "no_count":
            return "no count method"
        found = self._result
        return not_detected_text(found) if self.not_detected else found

    @property
    def _result(self) -> str:
        return format_result(self.value, self.measure, lloq=self.lloq, below_lloq=self.state == "below_lloq")

    @property
    def interval(self) -> str:
        """The 95 % interval without its unit; ``no interval given`` for a value given without one."""
        if self.state == "measured" and self.events is None and not (known(self.low) and known(self.high)):
            return NO_INTERVAL
        return format_interval(self.low, self.high, self.measure)

    @property
    def text(self) -> str:
        """The result with its unit, e.g. ``58 cells/µL`` or ``<12 cells/µL``."""
        if self.not_detected:
            return not_detected_text(with_unit(self._result, self.measure))
        return with_unit(self.number, self.measure) if self.is_result else self.number

    @property
    def hover(self) -> str:
        """Everything known about the point, as hover text (plotly's small HTML)."""
        visit = f" · visit {self.visit}" if self.visit else ""
        lines = [
            f"<b>{population_label(self.population)}: {self.text}</b>",
            f"day {format_day(self.day)}{visit}",
        ]
        if known(self.low) and known(self.high):
            lines.append(f"95 % interval {with_unit(self.interval, self.measure)}")
        elif self.interval == NO_INTERVAL:
            lines.append(NO_INTERVAL)
        if self.events is not None:
            lines.append(f"{format_count(self.events)} events")
        if known(self.lloq) and not self.not_detected:
            lines.append(f"LLOQ {format_value(self.lloq, self.measure)}")
        if self.measure == "cells_per_ul":
            lines.append(f"counted by {format_method(self.method)}")
        if self.method_switch:
            lines.append("the visit before was counted by another method")
        if self.reference is not None:
            lines += _reference_lines(self.reference, self.measure)
        elif self.reference_note:
            lines.append(f"reference: {self.reference_note}")
        if self.reason:
            lines.append(f"reason: {bare_reason(self.reason)}")
        if self.review:
            lines.append(f"needs a look: {', '.join(map(flag_in_short, self.review))}")
        return "<br>".join([*lines, f"tube {self.tube}"])


def is_joined(before: Point, after: Point) -> bool:
    """Return whether a line joins two results: of one count method, and neither after death."""
    return not is_switch(before, after) and not (before.is_after_death or after.is_after_death)


def is_switch(before: Point, after: Point) -> bool:
    """Return whether two results of one population were counted by different methods.

    Such results are never joined by a line: the two methods differ by more than their intervals say.
    """
    return after.method_switch or (
        before.measure == after.measure == "cells_per_ul" and before.method != after.method
    )


def _reference_lines(reference: Reference, measure: str) -> list[str]:
    interval = with_unit(format_interval(reference.low, reference.high, measure), measure)
    where = f", {reference.position}" if reference.position else ""
    if reference.percentile is not None:
        where += f", percentile {percentile_text(reference.percentile)}"
    lines = [f"reference at this age {interval} ({reference_name(reference)}){where}"]
    about = "; ".join(part for part in (reference.basis, reference.source) if part)
    return [*lines, *([f"reference: {about}"] if about else [])]


def percentile_text(percentile: float) -> str:
    """Return a percentile; the ends are beyond what limits of 2.5 and 97.5 can tell.

    Examples
    --------
    >>> percentile_text(45.2), percentile_text(0.3)
    ('45', 'below 1')
    """
    if percentile < 1:
        return "below 1"
    return "above 99" if percentile > 99 else f"{percentile:.0f}"


def reference_name(reference: Reference) -> str:
    """Return the set and percentiles of a reference, e.g. ``Shearer 2003, 10th–90th percentile``."""
    name = reference_title(reference.name)
    return f"{name}, {percentile_words(reference.percentiles)}" if reference.percentiles else name


def percentile_words(percentiles: str) -> str:
    """Return what the limits of a reference are, in words.

    Examples
    --------
    >>> percentile_words("10-90"), percentile_words("central 95")
    ('10th–90th percentile', 'central 95 %')
    """
    low, dash, high = percentiles.partition("-")
    return f"{low}th–{high}th percentile" if dash else f"{percentiles} %"


def patient_points(
    trajectory: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    patient: str,
    measure: str,
    populations: Collection[str] | None = None,
) -> Mapping[str, tuple[Point, ...]]:
    """Return the points of one patient, by population, each in order of the days.

    Parameters
    ----------
    trajectory : DataFrame
        ``TRAJECTORY_COLUMNS``, of the whole study: a population that has this measure in any
        patient is kept for this one, so that a population that was never evaluable is seen.
    counts : DataFrame
        ``COUNT_COLUMNS`` of the same study.
    patient : str
        Pseudonym.
    measure : str
        One of the measures of ``cytorecon.figures.format``.
    populations : collection of str, optional
        Those that have this measure in any patient, where the tables hold the rows of this one only.

    Returns
    -------
    dict
        Population -> points; empty when this measure does not exist for the patient.
    """
    rows = trajectory[trajectory["measure"] == measure]
    own = rows[rows["patient"] == patient]
    if own.empty:
        return {}
    every = dict.fromkeys(rows["population"]) if populations is None else populations
    return _by_population(measure, every, _records(own), _records(counts[counts["patient"] == patient]))


def study_points(
    trajectory: pd.DataFrame, counts: pd.DataFrame, *, measure: str
) -> Mapping[str, Mapping[str, tuple[Point, ...]]]:
    """Return patient -> population -> points of a whole study, as :func:`patient_points` for each.

    Parameters
    ----------
    trajectory, counts : DataFrame
        ``TRAJECTORY_COLUMNS`` and ``COUNT_COLUMNS`` of the same study.
    measure : str
        One of the measures of ``cytorecon.figures.format``.
    """
    rows = trajectory[trajectory["measure"] == measure]
    populations = dict.fromkeys(rows["population"])
    values, evidence = _by_patient(_records(rows)), _by_patient(_records(counts))
    return {
        patient: _by_population(measure, populations, own, evidence.get(patient, []))
        for patient, own in values.items()
    }


def _by_patient(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["patient"], []).append(row)
    return found


def _by_population(
    measure: str, populations: Collection[str], rows: list[Row], counts: list[Row]
) -> dict[str, tuple[Point, ...]]:
    """Return the points of one patient from the records of both tables."""
    values = {(row["population"], row["tube"]): row for row in rows}
    evidence = {(row["population"], row["tube"]): row for row in counts}
    found: dict[str, list[Point]] = {}
    for key in dict.fromkeys((*evidence, *values)):
        if key[0] in populations:
            found.setdefault(key[0], []).append(_point(measure, values.get(key), evidence.get(key)))
    return {
        population: tuple(sorted(found[population], key=lambda point: (point.day, point.tube)))
        for population in populations
        if population in found
    }


_WITHOUT_VALUE: Final = {
    False: "its denominator is not known in this tube",
    True: "one of the two populations is not counted, or below its LLOQ",
}


#: Columns of the two tables that points are made of.
_USED: Final = (
    "patient", "population", "tube", "days_after_transplant", "visit", "review", "reported", "count_method",
    "value", "low", "high", "lloq", "censored", "status", "reason", "events",
    "reference_low", "reference_high", "reference_percentiles", "reference_set", "reference_position",
    "reference_basis", "reference_source", "reference_percentile", "reference_note",
)  # fmt: skip


def _records(table: pd.DataFrame) -> list[Row]:
    names = [name for name in _USED if name in table.columns]
    columns = [table[name].tolist() for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _point(measure: str, row: Row | None, count: Row | None) -> Point:
    source = row if row is not None else count
    assert source is not None, "a key comes from one of the two tables"
    state, reason = _state(measure, row, count)
    codes = _codes(source["review"])
    return Point(
        tube=str(source["tube"]),
        population=str(source["population"]),
        measure=measure,
        visit=_text(source["visit"]),
        day=int(source["days_after_transplant"]),
        state=state,
        value=_number(row, "value") if state == "measured" else None,
        low=_number(row, "low"),
        high=_number(row, "high"),
        lloq=_number(row, "lloq"),
        events=_events(count),
        method=_text(source["count_method"]) or "none",
        review=tuple(code for code in codes if code != METHOD_SWITCH),
        method_switch=METHOD_SWITCH in codes,
        reason=reason,
        reference=_reference(row),
        reference_note="" if row is None else _text(row["reference_note"]),
        not_detected=state == "below_lloq" and row is not None and is_not_detected(_text(row["reported"])),
    )


def _state(measure: str, row: Row | None, count: Row | None) -> tuple[PointState, str]:
    if count is not None and count["status"] == "not_evaluable":
        return "not_evaluable", _text(count["reason"])
    if row is not None and row["censored"] == "left":
        return "below_lloq", ""
    if row is not None and known(_number(row, "value")):
        return "measured", ""
    if measure == "cells_per_ul" and count is not None and _text(count["count_method"]) in ("", "none"):
        return "no_count", "neither beads, nor a blood count, nor a volume was given"
    return "not_evaluable", _WITHOUT_VALUE[measure == "ratio"]


def _reference(row: Row | None) -> Reference | None:
    low, high = _number(row, "reference_low"), _number(row, "reference_high")
    if row is None or low is None or high is None:
        return None
    return Reference(
        low,
        high,
        _text(row["reference_percentiles"]),
        _text(row["reference_set"]),
        _text(row["reference_position"]),
        _text(row["reference_basis"]),
        _text(row["reference_source"]),
        _number(row, "reference_percentile"),
    )


def _number(row: Row | None, column: str) -> float | None:
    if row is None:
        return None
    cell: object = row[column]
    # NaN differs from itself; <NA> is no number
    return float(cell) if isinstance(cell, (int, float)) and cell == cell else None


def _events(count: Row | None) -> int | None:
    events = _number(count, "events")
    return None if events is None else int(events)


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _codes(cell: object) -> tuple[str, ...]:
    return tuple(code for code in _text(cell).split(";") if code)
