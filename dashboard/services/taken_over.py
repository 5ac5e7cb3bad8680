"""Tables of a study after a change: of patients of whom nothing changed they are taken over.

What a table says of a patient must rest on nothing but what the study knows of that patient, and for
trajectories on which series there are in the whole study: a series has a row for every tube it was looked for
in as soon as one tube has a result of it. Where a series comes or goes all rows are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from cytorecon.knowledge.references import References
from cytorecon.milestone import milestones
from cytorecon.study.changed import part_of
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tidy_counts
from cytorecon.trajectory import trajectories
from dashboard.services.by_patient import PatientTable, Series

Value = TypeVar("Value")
#: Says of whom anything is not as it was in an earlier study.
Changed = Callable[[StudyResult], frozenset[str]]
_SERIES: Final = ("measure", "population")


@dataclass(frozen=True, slots=True)
class Made(Generic[Value]):
    """What was made of a study, so that a later one can take it over.

    Parameters
    ----------
    of : StudyResult
        The study.
    value : object
        A table, or one value per patient.
    rests_on : tuple of Series
        Series of the trajectories that it was made of.
    """

    of: StudyResult
    value: Value
    rests_on: tuple[Series, ...] = ()


MadeTable = Made[PatientTable]


def counts_of(result: StudyResult, changed: Changed, earlier: MadeTable | None) -> MadeTable:
    """Return the table of counts.

    Parameters
    ----------
    result : StudyResult
        The study now.
    changed : callable
        Says of whom anything is not as it was.
    earlier : MadeTable or None
        What was made before, if anything.
    """
    joined = None
    if earlier is not None:
        whom = changed(earlier.of)
        anew = PatientTable.of(tidy_counts(part_of(result, whom)), result)
        joined = earlier.value.with_rows(anew, whom)
    if joined is None:
        joined = PatientTable.of(tidy_counts(result), result)
    return Made(result, joined)


def trajectories_of(
    result: StudyResult, references: References | None, changed: Changed, earlier: MadeTable | None
) -> MadeTable:
    """Return the table of trajectories; parameters as of :func:`counts_of`."""
    joined = None
    if earlier is not None:
        whom, always = changed(earlier.of), [(measure, name) for measure, name in earlier.value.series]
        rows = trajectories(part_of(result, whom), always=always, references=references)
        joined = earlier.value.with_rows(PatientTable.of(rows, result, _SERIES), whom)
    if joined is None or not _has_results(joined):
        joined = PatientTable.of(trajectories(result, references=references), result, _SERIES)
    return Made(result, joined, tuple(joined.series))


def _has_results(made: PatientTable) -> bool:
    """Return whether each series has a result: where none is left its rows are shown no more."""
    measured = ~np.isnan(made.table["value"].to_numpy())
    censored = made.table["censored"].to_numpy()
    return all(measured[rows].any() or (censored[rows] == "left").any() for rows in made.series.values())


def milestones_of(
    result: StudyResult, table: MadeTable, changed: Changed, earlier: MadeTable | None
) -> MadeTable:
    """Return the table of milestones.

    Parameters
    ----------
    result : StudyResult
        The study now.
    table : MadeTable
        Its trajectories.
    changed, earlier
        As of :func:`counts_of`.
    """
    joined = None
    if earlier is not None and earlier.rests_on == table.rests_on:
        whom = changed(earlier.of)
        rows = milestones(table.value.rows_of(whom), part_of(result, whom).study)
        joined = earlier.value.with_rows(PatientTable.of(rows, result), whom)
    if joined is None:
        joined = PatientTable.of(milestones(table.value.table, result.study), result)
    return Made(result, joined, table.rests_on)


def values_of(
    result: StudyResult,
    rests_on: tuple[Series, ...],
    make: Callable[[frozenset[str] | None], Mapping[str, Value]],
    changed: Changed,
    earlier: Made[Mapping[str, Value]] | None,
) -> Made[Mapping[str, Value]]:
    """Return one value per patient, in the order of the study.

    Parameters
    ----------
    result : StudyResult
        The study now.
    rests_on : tuple of Series
        Of its trajectories.
    make : callable
        Makes the values of some patients, or of all (None).
    changed, earlier
        As of :func:`counts_of`.
    """
    if earlier is None or earlier.rests_on != rests_on:
        found = make(None)
    else:
        whom = changed(earlier.of)
        before = {patient: value for patient, value in earlier.value.items() if patient not in whom}
        found = {**before, **make(whom)}
    ordered = {one.patient: found[one.patient] for one in result.study.patients if one.patient in found}
    return Made(result, ordered, rests_on)
