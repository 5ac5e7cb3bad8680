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
from cytorecon.study.model import ClinicalEvent, Patient, Study
from cytorecon.study.readout_frame import days_with, events_by_patient, is_within
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
    events = events_by_patient(study)
    counted, given = _counted(table, own), _given(study, events)
    for patient in study.patients:
        name = patient.patient
        day0 = _running_clock(patient, events.get(name, ()), kinds)
        if patient.programme not in own.programmes or day0 is None:
            continue
        values = _on_clock({**counted.get(name, {}), **given.get(name, {})}, day0)
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


def _running_clock(patient: Patient, events: Sequence[ClinicalEvent], kinds: EventKinds) -> int | None:
    """Return day 0 of the clock that runs: of the last infusion that starts one; None when it was ended."""
    starting = [one.day for one in patient.anchors if one.kind in kinds.ending_kinds]
    day0 = max(starting, default=patient.anchors[0].day)
    ended = any(event.kind in kinds.ending_kinds and event.start_day > day0 for event in events)
    return None if ended else day0


def _counted(table: pd.DataFrame, schedule: DueTests) -> dict[str, dict[str, list[_Seen]]]:
    """Return the concentrations that the schedule asks for, by patient and population."""
    asked = {name for test in schedule.tests for name in test.measured_by}
    asked |= {test.trigger.population for test in schedule.tests if test.trigger is not None}
    own = table[(table["measure"] == "cells_per_ul") & table["population"].isin(asked)]
    columns = ["patient", "population", "days_after_transplant", "value", "censored", "reference_position"]
    found: dict[str, dict[str, list[_Seen]]] = {}
    for patient, population, day, value, censored, position in own[columns].itertuples(index=False):
        if censored == "left" or not pd.isna(value):
            number = None if pd.isna(value) else float(value)
            seen = found.setdefault(patient, {}).setdefault(population, [])
            seen.append(_Seen(int(day), number, position == "within"))
    return found


def _given(study: Study, events: Mapping[str, Sequence[ClinicalEvent]]) -> dict[str, dict[str, list[_Seen]]]:
    """Return the readouts, by patient and series; those that are the patient's own are good."""
    known = load_readouts()
    found: dict[str, dict[str, list[_Seen]]] = {}
    for item in study.readouts:
        rule = known.find(item.readout).replaced_by
        spans = () if rule is None else days_with(events.get(item.patient, ()), item.patient, rule.event)
        native = rule is not None and not is_within(item.day, spans, rule.days)
        seen = found.setdefault(item.patient, {}).setdefault(series_of(item.readout, item.lineage), [])
        seen.append(_Seen(item.day, item.value, native))
    return found


def _on_clock(values: _Values, day0: int) -> _Values:
    """Return the values after `day0` in order of the days that count from it."""
    shifted = {
        name: sorted(
            (_Seen(one.day - day0, one.value, one.good) for one in seen if one.day > day0),
            key=lambda one: one.day,
        )
        for name, seen in values.items()
    }
    return {name: seen for name, seen in shifted.items() if seen}


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
