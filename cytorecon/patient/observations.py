"""What the trajectory table says about one population, patient by patient, in logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.knowledge.patient_model import PatientModelSettings
from cytorecon.milestone.clock import EndOfClock
from cytorecon.patient.kernel import Array

#: Half the width of a 95 % interval in standard deviations.
_HALF_95: Final = 1.959964
_OPTIONAL: Final = ("count_method", "gate_definition")
_COLUMNS: Final = ("patient", "days_after_transplant", "value", "low", "high", "lloq", "censored")


@dataclass(frozen=True, slots=True)
class Observations:
    """The values of one patient and population, one per day, in order.

    Parameters
    ----------
    patient : str
        Pseudonym.
    days : ndarray of int
        Days after the first anchor.
    values : ndarray
        log(count + added); of a censored value the log of what it is known to lie below.
    variances : ndarray
        Of counting, from the 95 % interval; 0 where there is none, so that it counts as noise between visits.
    censored : ndarray of bool
        Whether only a limit is known.
    left_out : int
        Visits that were counted or gated by another method than the last one: methods are never joined.
    """

    patient: str
    days: npt.NDArray[np.int64]
    values: Array
    variances: Array
    censored: npt.NDArray[np.bool_]
    left_out: int = 0

    @property
    def measured(self) -> int:
        """Number of days with a value."""
        return int((~self.censored).sum())


@dataclass(frozen=True, slots=True)
class _Row:
    day: int
    value: float
    variance: float
    censored: bool
    method: tuple[str, ...]


def observations(
    table: pd.DataFrame, population: str, ends: Mapping[str, EndOfClock], settings: PatientModelSettings
) -> dict[str, Observations]:
    """Return what is known of one population, by patient.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``, on the patients' own clocks; concentrations are read.
    population : str
        As in the table.
    ends : mapping of str to EndOfClock
        Visits after that day are left out.
    settings : PatientModelSettings
        For `added`.

    Notes
    -----
    Visits of day 0 and before are left out: they show what was there before the graft. Several
    tubes of one day are one sample: their measured values are averaged by weight, and where none is
    measured the lowest limit stands. A censored value lies below its LLOQ, or below the upper end of its
    interval where that is lower.
    """
    own = table[(table["population"] == population) & (table["measure"] == "cells_per_ul")]
    methods = [column for column in _OPTIONAL if column in own.columns]
    rows: dict[str, list[_Row]] = {}
    for patient, day, value, low, high, lloq, censored, *method in own[[*_COLUMNS, *methods]].itertuples(
        index=False
    ):
        end = ends.get(patient)
        if day < 1 or (end is not None and day > end.day):
            continue
        row = _row(int(day), (value, low, high, lloq), censored == "left", tuple(map(str, method)), settings)
        if row is not None:
            rows.setdefault(patient, []).append(row)
    return {patient: _of_patient(patient, found) for patient, found in rows.items()}


def _row(
    day: int,
    numbers: tuple[float, ...],
    censored: bool,
    method: tuple[str, ...],
    settings: PatientModelSettings,
) -> _Row | None:
    """Return one row in logs; None where nothing is known."""
    value, low, high, lloq = numbers
    added = settings.added.value
    if censored:
        limits = [limit for limit in (lloq, high) if not np.isnan(limit)]
        return _Row(day, float(np.log(min(limits) + added)), 1.0, True, method) if limits else None
    if np.isnan(value):
        return None
    known = not (np.isnan(low) or np.isnan(high))
    sd = (np.log(high + added) - np.log(low + added)) / (2 * _HALF_95) if known else 0.0
    return _Row(day, float(np.log(value + added)), float(sd) ** 2, False, method)


def _of_patient(patient: str, rows: list[_Row]) -> Observations:
    last = max(rows, key=lambda row: row.day).method
    same = [row for row in rows if row.method == last]
    left_out = len({row.day for row in rows} - {row.day for row in same})
    days = sorted({row.day for row in same})
    joined = [_of_day([row for row in same if row.day == day]) for day in days]
    return Observations(
        patient=patient,
        days=np.array(days, dtype=np.int64),
        values=np.array([row.value for row in joined]),
        variances=np.array([row.variance for row in joined]),
        censored=np.array([row.censored for row in joined], dtype=bool),
        left_out=left_out,
    )


def _of_day(rows: Iterable[_Row]) -> _Row:
    of_day = list(rows)
    measured = [row for row in of_day if not row.censored]
    if not measured:
        return min(of_day, key=lambda row: row.value)
    if any(row.variance <= 0 for row in measured):
        weights = np.ones(len(measured))
        variance = 0.0
    else:
        weights = np.array([1 / row.variance for row in measured])
        variance = float(1 / weights.sum())
    value = float(np.average([row.value for row in measured], weights=weights))
    return _Row(of_day[0].day, value, variance, False, of_day[0].method)
