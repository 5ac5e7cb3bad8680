"""A table by patient: rows of patients of whom nothing changed go into the next table as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.study.result import StudyResult

Places = npt.NDArray[np.intp]
#: Values of the columns that tell series of rows apart; empty where a table is one series.
Series = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientTable:
    """A table whose rows stand by series, then by patient in the order of the study.

    Parameters
    ----------
    table : DataFrame
        Shared between requests, so never changed.
    patients : tuple of str
        In the order of the study.
    owner : ndarray of int, shape (n,)
        Place of the patient of each row in `patients`.
    series : mapping of Series to slice
        Where the rows of each series stand.
    """

    table: pd.DataFrame
    patients: tuple[str, ...]
    owner: Places
    series: Mapping[Series, slice]

    @classmethod
    def of(cls, table: pd.DataFrame, result: StudyResult, by: Sequence[str] = ()) -> PatientTable:
        """Find patients and series in a table of a study.

        Parameters
        ----------
        table : DataFrame
            Made of `result`, or of a part of it.
        result : StudyResult
            For the order of patients.
        by : sequence of str
            Columns that tell series apart.
        """
        patients = tuple(patient.patient for patient in result.study.patients)
        begins = _begins(table, ("patient",))
        heads = pd.Index(patients).get_indexer(pd.Index(table["patient"].to_numpy()[begins]))
        owner = np.repeat(heads, np.diff(begins, append=len(table))).astype(np.intp)
        edges = [*_begins(table, by).tolist(), len(table)]
        texts = [table[name].to_numpy() for name in by]
        series = {tuple(text[begin] for text in texts): slice(begin, end) for begin, end in pairwise(edges)}
        return cls(table, patients, owner, series)

    def rows_of(self, patients: Collection[str]) -> pd.DataFrame:
        """Return the rows of some patients as they stand in the table."""
        wanted = [place for place, patient in enumerate(self.patients) if patient in patients]
        if len(wanted) != 1:
            return self.table.iloc[np.flatnonzero(np.isin(self.owner, wanted))]
        # patients stand in order in each series, so that one of them is found without looking at all rows
        (place,) = wanted
        found = [
            span.start + self.owner[span].searchsorted([place, place + 1]) for span in self.series.values()
        ]
        rows = [np.arange(*edges) for edges in found] or [np.empty(0, dtype=np.intp)]
        return self.table.iloc[np.concatenate(rows)]

    def with_rows(self, anew: PatientTable, changed: Collection[str]) -> PatientTable | None:
        """Return the table with the rows of some patients made anew, and the rest as it is.

        Parameters
        ----------
        anew : PatientTable
            Rows of `changed`, in the series of this table; its `patients` are those of the study now.
        changed : collection of str
            Patients whose rows here are dropped. So are those of patients whom the study does not have now.

        Returns
        -------
        PatientTable or None
            None when patients who stay stand in another order now, or there is a series more.
        """
        now = {patient: place for place, patient in enumerate(anew.patients) if patient not in changed}
        place = np.array([now.get(patient, -1) for patient in self.patients], dtype=np.intp)
        stay = place[place >= 0]
        numbers = {name: number for number, name in enumerate(self.series)}
        if (np.diff(stay) < 0).any() or anew.series.keys() - numbers.keys():
            return None
        owner = place[self.owner] if place.size else self.owner
        kept = np.flatnonzero(owner >= 0)
        width = len(anew.patients)
        # where the rows belong: by series, then patient; no patient has rows of both
        stand = (_numbered(self, numbers) * width + owner)[kept]
        come = _numbered(anew, numbers) * width + anew.owner
        return _joined(self, anew, _sources(stand, come, kept, len(self.table)), owner)


def _begins(table: pd.DataFrame, by: Sequence[str]) -> Places:
    """Return the rows that differ from the row before in one of the columns."""
    differs = np.zeros(len(table), dtype=np.bool_)
    differs[:1] = True
    for name in by:
        texts = table[name].to_numpy()
        differs[1:] |= np.asarray(texts[1:] != texts[:-1], dtype=np.bool_)
    return np.flatnonzero(differs)


def _numbered(rows: PatientTable, numbers: Mapping[Series, int]) -> Places:
    """Return the number of the series of each row."""
    sizes = [span.stop - span.start for span in rows.series.values()]
    return np.repeat(np.array([numbers[name] for name in rows.series], dtype=np.intp), sizes)


def _sources(stand: Places, come: Places, kept: Places, n_before: int) -> Places:
    """Return for each row of the joined table where it comes from: rows made anew count from `n_before`."""
    sources = np.empty(len(stand) + len(come), dtype=np.intp)
    at = np.searchsorted(stand, come) + np.arange(len(come))
    rest = np.ones(len(sources), dtype=np.bool_)
    rest[at] = False
    sources[at] = n_before + np.arange(len(come))
    sources[rest] = kept
    return sources


def _joined(before: PatientTable, anew: PatientTable, sources: Places, owner: Places) -> PatientTable:
    runs = list(_runs(sources, len(before.table)))
    columns = {}
    for name in before.table.columns:
        own, other = before.table[name], anew.table[name]
        if isinstance(own.array, pd.arrays.NumpyExtensionArray):
            columns[name] = pd.Series(_pieces(own.to_numpy(), other.to_numpy(), runs), dtype=own.dtype)
        else:
            columns[name] = pd.concat([own, other], ignore_index=True).take(sources).reset_index(drop=True)
    series = _pieces(
        _numbered(before, {name: number for number, name in enumerate(before.series)}),
        _numbered(anew, {name: number for number, name in enumerate(before.series)}),
        runs,
    )
    edges = np.searchsorted(series, np.arange(len(before.series) + 1)).tolist()
    return PatientTable(
        # not copied into blocks: a large table would be held twice
        pd.DataFrame(columns, copy=False),
        anew.patients,
        _pieces(owner, anew.owner, runs),
        {name: slice(*span) for name, span in zip(before.series, pairwise(edges), strict=True)},
    )


def _runs(sources: Places, n_before: int) -> Iterator[tuple[int, int]]:
    """Yield first and last + 1 of the rows that follow each other at their source."""
    if not len(sources):
        return
    cuts = np.flatnonzero((np.diff(sources) != 1) | (sources[1:] == n_before)) + 1
    begins, ends = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(sources)]])
    yield from zip(sources[begins].tolist(), (sources[ends - 1] + 1).tolist(), strict=True)


def _pieces(
    before: npt.NDArray[Any], anew: npt.NDArray[Any], runs: Sequence[tuple[int, int]]
) -> npt.NDArray[Any]:
    """Return the runs of two arrays one after the other: a few large copies, not one for each row."""
    size = len(before)
    pieces = [before[begin:end] if begin < size else anew[begin - size : end - size] for begin, end in runs]
    return np.concatenate(pieces) if pieces else before[:0]
