"""Which tests a published schedule asks for next, given the last values of a patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.knowledge.due_tests import DueTest, DueTests, load_due_tests
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.readouts import load_readouts, series_of
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Patient, Study
from cytorecon.study.readout_table import days_with, is_within
from cytorecon.tables import DUE_TEST_COLUMNS


@dataclass(frozen=True, slots=True)
class _Seen:
    """A value on a day of the clock: None below a limit; `good` when normal, or the patient's own."""

    day: int
    value: float | None
    good: bool


@dataclass(frozen=True, slots=True)
class _Due:
    from_day: int
    because: str
    to_day: int | None = None


_Values = Mapping[str, Sequence[_Seen]]


def due_tests(table: pd.DataFrame, study: Study, schedule: DueTests | None = None) -> pd.DataFrame:
    """Return which tests are due from which day.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``, on the patients' own clocks.
    study : Study
        For programmes, anchors, events and readouts.
    schedule : DueTests, optional
        The packaged one by default.

    Returns
    -------
    DataFrame
        Columns ``tables.DUE_TEST_COLUMNS``; patients in study order, tests in file order. Days are those of
        the patient's clock. Nothing knows today's date here: a day may lie ahead. A patient of another
        programme has no rows, nor one whose clock was ended by death, relapse or graft failure; after a
        second transplant days count from it.

    Examples
    --------
    >>> patient = Patient(patient="P01", age_years=40.0, programme="allo_hsct")
    >>> study = Study(name="s", patients=(patient,), tubes=())
    >>> table = pd.DataFrame({"patient": "P01", "days_after_transplant": [95], "population": "CD4_T",
    ...     "measure": "cells_per_ul", "value": [120.0], "censored": "", "reference_position": "below"})
    >>> due_tests(table, study).loc[0, "because"]
    'month 6 of the schedule; last measured on day 95'
    """
    own, kinds = schedule or load_due_tests(), load_event_kinds()
    rows: list[dict[str, Cell]] = []
    for patient in study.patients:
        day0 = _running_clock(patient, study, kinds)
        if patient.programme not in own.programmes or day0 is None:
            continue
        values = _values(table, study, patient.patient, day0)
        for test in own.tests:
            found = _due(test, values, own)
            if found is not None:
                rows.append(
                    {
                        "patient": patient.patient,
                        "test": test.test,
                        "due_from_day": found.from_day + day0,
                        "due_to_day": None if found.to_day is None else found.to_day + day0,
                        "because": found.because,
                        "source": own.source,
                    }
                )
    return typed_frame(rows, DUE_TEST_COLUMNS)


def _running_clock(patient: Patient, study: Study, kinds: EventKinds) -> int | None:
    """Return day 0 of the clock that runs: of the last infusion that starts one; None when it was ended."""
    starting = [one.day for one in patient.anchors if one.kind in kinds.ending_kinds]
    day0 = max(starting, default=patient.anchors[0].day)
    ending = (
        event.start_day
        for event in study.events
        if event.patient == patient.patient and event.kind in kinds.ending_kinds
    )
    return None if any(day > day0 for day in ending) else day0


def _values(table: pd.DataFrame, study: Study, patient: str, day0: int) -> _Values:
    own = table[(table["patient"] == patient) & (table["measure"] == "cells_per_ul")]
    found: dict[str, list[_Seen]] = {}
    columns = ["population", "days_after_transplant", "value", "censored", "reference_position"]
    for population, day, value, censored, position in own[columns].itertuples(index=False):
        if day - day0 > 0 and (censored == "left" or not pd.isna(value)):
            number = None if pd.isna(value) else float(value)
            found.setdefault(population, []).append(_Seen(int(day) - day0, number, position == "within"))
    known = load_readouts()
    for item in study.readouts:
        if item.patient == patient and item.day > day0:
            rule = known.find(item.readout).replaced_by
            native = rule is not None and not is_within(
                item.day, days_with(study.events, patient, rule.event), rule.days
            )
            name = series_of(item.readout, item.lineage)
            found.setdefault(name, []).append(_Seen(item.day - day0, item.value, native))
    return {name: sorted(seen, key=lambda one: one.day) for name, seen in found.items()}


def _due(test: DueTest, values: _Values, schedule: DueTests) -> _Due | None:
    if test.months:
        return _by_month(test, values, schedule)
    if test.every is not None:
        return _again(test, test.every.from_days, test.every.to_days, values)
    return _triggered(test, values, schedule)


def _by_month(test: DueTest, values: _Values, schedule: DueTests) -> _Due | None:
    last = [values[name][-1].day if name in values else None for name in test.measured_by]
    known = [day for day in last if day is not None]
    measured = min(known) if len(known) == len(last) else None
    day = schedule.next_day(measured)
    if day is None:
        return None
    month = schedule.months_after_infusion[schedule.days.index(day)]
    latest = "never measured" if measured is None else f"last measured on day {measured}"
    return _Due(day, f"month {month} of the schedule; {latest}")


def _again(test: DueTest, from_days: int, to_days: int, values: _Values) -> _Due | None:
    last = _latest(test, values)
    if last is None:
        return _Due(from_days, f"every {from_days} to {to_days} days; never measured", to_days)
    if last.good:
        return None
    because = f"every {from_days} to {to_days} days; that of day {last.day} is not the patient's own"
    return _Due(last.day + from_days, because, last.day + to_days)


def _triggered(test: DueTest, values: _Values, schedule: DueTests) -> _Due | None:
    trigger = test.trigger
    assert trigger is not None
    seen = values.get(trigger.population, ())
    since: int | None = None
    for one in seen:
        above = one.value is not None and one.value > trigger.above
        since = (one.day if since is None else since) if above else None
    if since is None:
        return None
    name = load_populations().display_name(trigger.population)
    because = f"{name} above {trigger.above:g}/µL since day {since}"
    last = _latest(test, values)
    if last is None or last.day < since:
        return _Due(since, f"{because}; not measured since")
    if last.good:
        return None
    following = schedule.next_day(last.day)
    why = f"{because}; that of day {last.day} is not known to be normal"
    return _Due(last.day + 1 if following is None else following, why)


def _latest(test: DueTest, values: _Values) -> _Seen | None:
    """Return the latest value of any that answers the test; it is good when all of that day are."""
    seen = [one for name in test.measured_by for one in values.get(name, ())]
    if not seen:
        return None
    day = max(one.day for one in seen)
    of_day = [one for one in seen if one.day == day]
    return _Seen(day, None, all(one.good for one in of_day))
