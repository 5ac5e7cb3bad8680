"""The tubes of a study that have a result, by column, and which of them each population was looked for in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cytorecon.results import PopulationCount
from cytorecon.study.frame import objects
from cytorecon.study.model import Patient
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tubes_in_order
from cytorecon.trajectory.count_columns import CountColumns

Texts = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

_DAYS_PER_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class TubeColumns:
    """Tubes of blood that have a result, by patient in study order, day, then order of the sheet.

    Parameters
    ----------
    patient, visit, tube : ndarray of str
        As in the table.
    day : ndarray of int
        Days after transplant.
    place : ndarray of int
        Of the patient in the study.
    panel : ndarray of int
        The same number for tubes of one patient, day and panel.
    people : ndarray of int
        The same number for tubes of patients of one sex and CMV serology.
    age : ndarray of float
        On that day, years; NaN when unknown or before birth.
    sex, cmv : sequence of str
        Of the patient.
    """

    patient: Texts
    visit: Texts
    tube: Texts
    day: Places
    place: Places
    panel: Places
    people: Places
    age: Numbers
    sex: Sequence[str]
    cmv: Sequence[str]


@dataclass(frozen=True, slots=True)
class Looked:
    """The tubes in which a population was looked for.

    Parameters
    ----------
    tubes : list of int
        Places in :class:`TubeColumns`.
    rows : list of int
        Places in the :class:`CountColumns` of all of them.
    counts : list of PopulationCount
        What was found there.
    """

    tubes: list[int]
    rows: list[int]
    counts: list[PopulationCount]


def tube_columns(
    result: StudyResult, measures: Iterable[str]
) -> tuple[TubeColumns, Mapping[str, Looked], CountColumns]:
    """Return the tubes with a result, by population where it was looked for, and all of the counts.

    Of the counts there is what `measures` need. Tubes of a cell product are left out.
    """
    patients = {patient.patient: (place, patient) for place, patient in enumerate(result.study.patients)}
    pairs = [(tube, outcome) for tube, outcome in tubes_in_order(result) if not tube.is_product]
    tubes = [tube for tube, _ in pairs]
    own = [patients[tube.patient][1] for tube in tubes]
    populations: dict[str, Looked] = {}
    row = itertools.count()
    for place, (_, outcome) in enumerate(pairs):
        for count in outcome.counts:
            if (looked := populations.get(count.population)) is None:
                looked = populations[count.population] = Looked([], [], [])
            looked.tubes.append(place)
            looked.rows.append(next(row))
            looked.counts.append(count)
    columns = TubeColumns(
        patient=objects([tube.patient for tube in tubes]),
        visit=objects([tube.visit for tube in tubes]),
        tube=objects([tube.tube for tube in tubes]),
        day=np.array([tube.day for tube in tubes], dtype=np.intp),
        place=np.array([patients[tube.patient][0] for tube in tubes], dtype=np.intp),
        panel=numbered([(tube.patient, tube.day, tube.template) for tube in tubes]),
        people=numbered([(patient.sex, patient.cmv) for patient in own]),
        age=np.array([_age(patient, tube.day) for patient, tube in zip(own, tubes, strict=True)]),
        sex=[patient.sex for patient in own],
        cmv=[patient.cmv for patient in own],
    )
    return columns, populations, CountColumns.of(*(outcome.counts for _, outcome in pairs), measures=measures)


def numbered(keys: Sequence[object]) -> Places:
    """Return a number for each key, the same for equal ones, from 0 in the order of their first.

    Examples
    --------
    >>> numbered(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def _age(patient: Patient, day: int) -> float:
    """Return the age on `day` in years; NaN when unknown or before birth."""
    if patient.age_years is None:
        return float("nan")
    age = patient.age_years + day / _DAYS_PER_YEAR
    return age if age >= 0 else float("nan")
