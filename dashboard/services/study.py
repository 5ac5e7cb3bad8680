"""Read the study that this dashboard serves, and make its tables once per change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, Final, TypeVar, TypeVarTuple, cast

import flask
import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.cohort import cohort_summary
from cytorecon.event_free import event_free_patients, event_free_summary
from cytorecon.jobs.desk import Desk
from cytorecon.knowledge.references import References
from cytorecon.patient import Recovery, fit_recovery, modelled_populations
from cytorecon.store import ReadStudy, StudyStore
from cytorecon.study.changed import changed_patients
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult
from dashboard.services.by_patient import Series
from dashboard.services.once import Once
from dashboard.services.taken_over import (
    Made,
    MadeTable,
    counts_of,
    milestones_of,
    trajectories_of,
    values_of,
)

_EXTENSION: Final = "cytorecon"

Value = TypeVar("Value")
Given = TypeVarTuple("Given")
#: What something is made once by: its name, or what makes it with its arguments.
Key = Hashable


@dataclass(frozen=True)
class OfPatient:
    """What the tables of a study hold of one patient; a page of a large study looks at nothing else.

    Parameters
    ----------
    result : StudyResult
        With this patient's tubes only.
    counts, trajectories, milestones : DataFrame
        Rows of this patient, as they stand in the tables of the study.
    """

    result: StudyResult
    counts: pd.DataFrame
    trajectories: pd.DataFrame
    milestones: pd.DataFrame


@dataclass(frozen=True)
class Snapshot:
    """The study at one revision; each table is made when a page first asks for it.

    Parameters
    ----------
    revision : int
        Of the store.
    result : StudyResult
        Without the pictures of the gates.
    removed : tuple of Tube
        Tubes that were taken out and can be restored.
    references : References or None
        Ranges of healthy people; None for the packaged ones.
    earlier : dict
        What was made of the study at an earlier revision and not anew since: rows of patients of whom nothing
        changed are taken over from it (:mod:`dashboard.services.taken_over`), and then it is let go.
    """

    revision: int
    result: StudyResult
    removed: tuple[Tube, ...]
    references: References | None = None
    earlier: dict[Key, Made[Any]] = field(default_factory=dict, repr=False, compare=False)
    _once: Once = field(default_factory=Once, repr=False, compare=False)
    _kept: dict[Key, Made[Any]] = field(default_factory=dict, repr=False, compare=False)

    def once(self, make: Callable[[Snapshot, *Given], Value], *given: *Given) -> Value:
        """Return what `make` makes of this study and `given`; the next one who asks gets the same.

        Parameters
        ----------
        make : callable
            Of a module, so that it is the same one each time.
        given : hashable
            Further arguments.
        """
        return self._once.get((make, *given), lambda: make(self, *given))

    def of_each(
        self,
        make: Callable[[Snapshot, frozenset[str] | None, *Given], Mapping[str, Value]],
        *given: *Given,
        of_tables: bool = False,
    ) -> Mapping[str, Value]:
        """Return one value per patient; of patients of whom nothing changed it is taken over.

        Parameters
        ----------
        make : callable
            Makes the values of some patients, or of all (None), of what the study says of each of them and
            nothing else. Of a module, so that it is the same one each time.
        given : hashable
            Further arguments.
        of_tables : bool
            Whether it looks at rows of these patients in the tables.
        """
        series = self._trajectories.rests_on if of_tables else ()
        return self._taken_over(
            (make, *given),
            lambda earlier: values_of(
                self.result, series, lambda whom: make(self, whom, *given), self._changed, earlier
            ),
        ).value

    def rows_of_population(
        self, measure: str, population: str, patients: frozenset[str] | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the rows of trajectories and counts of one population, of some patients or of all."""
        found = self.trajectories.iloc[self.series[measure, population]]
        # a ratio is nobody's count
        evidence = self.counts.iloc[self.counted.get(population, np.empty(0, dtype=np.intp))]
        if patients is None:
            return found, evidence
        return found[found["patient"].isin(patients)], evidence[evidence["patient"].isin(patients)]

    def next(self, read: ReadStudy) -> Snapshot:
        """Return the study as it was read after a change; what was made of this one can be taken over."""
        earlier = self.earlier | self._kept
        return Snapshot(read.revision, read.result, read.removed, self.references, earlier)

    def of(self, patient: str) -> OfPatient:
        """Return what the tables hold of a patient."""
        tables = (self._counts, self._trajectories, self._milestones)
        return OfPatient(
            self.once(_patient_result, patient), *(made.value.rows_of((patient,)) for made in tables)
        )

    @property
    def series(self) -> Mapping[Series, slice]:
        """Where the rows of each (measure, population) stand in the table of trajectories."""
        return self._trajectories.value.series

    @cached_property
    def counted(self) -> Mapping[Any, npt.NDArray[np.intp]]:
        """Places of the rows of each population in the table of counts."""
        found = self.counts.groupby("population", sort=False).indices
        return cast("Mapping[Any, npt.NDArray[np.intp]]", found)

    @property
    def counts(self) -> pd.DataFrame:
        """``COUNT_COLUMNS``. All tables are shared between requests, so never changed."""
        return self._counts.value.table

    @property
    def trajectories(self) -> pd.DataFrame:
        """``TRAJECTORY_COLUMNS``."""
        return self._trajectories.value.table

    @property
    def milestones(self) -> pd.DataFrame:
        """``MILESTONE_COLUMNS``."""
        return self._milestones.value.table

    @property
    def _counts(self) -> MadeTable:
        return self._taken_over("counts", lambda earlier: counts_of(self.result, self._changed, earlier))

    @property
    def _trajectories(self) -> MadeTable:
        return self._taken_over(
            "trajectories",
            lambda earlier: trajectories_of(self.result, self.references, self._changed, earlier),
        )

    @property
    def _milestones(self) -> MadeTable:
        table = self._trajectories
        return self._taken_over(
            "milestones", lambda earlier: milestones_of(self.result, table, self._changed, earlier)
        )

    def _taken_over(self, key: Key, make: Callable[[Made[Any] | None], Made[Value]]) -> Made[Value]:
        """Return what is made once, with what there was before in hand; that is let go then."""

        def made() -> Made[Value]:
            found = self._kept[key] = make(self.earlier.get(key))
            self.earlier.pop(key, None)
            return found

        return self._once.get(key, made)

    def _changed(self, before: StudyResult) -> frozenset[str]:
        # the study is kept with the answer, so that no other one can have its id
        _, found = self._once.get(
            ("changed since", id(before)), lambda: (before, changed_patients(before, self.result))
        )
        return found

    @property
    def cohort(self) -> pd.DataFrame:
        """``COHORT_COLUMNS``."""
        return self.once(_cohort)

    @property
    def event_free(self) -> pd.DataFrame:
        """``COHORT_COLUMNS`` of the patients whom no event disturbed."""
        return self.once(_event_free)

    @property
    def event_free_patients(self) -> tuple[str, ...]:
        """Patients whom no event disturbed."""
        return event_free_patients(self.study)

    @property
    def recovery(self) -> Recovery:
        """Models of all pools: fitted once for all patients."""
        return self.once(_recovery)

    def make_tables(self) -> None:
        """Make what the first pages wait for; a page that asks meanwhile waits for the same."""
        for name in ("counts", "trajectories", "milestones", "event_free", "cohort"):
            getattr(self, name)

    @property
    def study(self) -> Study:
        """Patients, tubes and events."""
        return self.result.study

    @property
    def patients(self) -> tuple[str, ...]:
        """Pseudonyms in the order of the study."""
        return tuple(patient.patient for patient in self.study.patients)


def _patient_result(snapshot: Snapshot, patient: str) -> StudyResult:
    study, tubes = snapshot.study, snapshot.once(_tubes).get(patient, ())
    own = study.model_copy(update={"tubes": tuple(study.tubes[place] for place in tubes)})
    return snapshot.result.model_copy(
        update={"study": own, "tubes": tuple(snapshot.result.tubes[place] for place in tubes)}
    )


def _tubes(snapshot: Snapshot) -> Mapping[str, list[int]]:
    """Return the places of each patient's tubes."""
    found: dict[str, list[int]] = {}
    for place, tube in enumerate(snapshot.study.tubes):
        found.setdefault(tube.patient, []).append(place)
    return found


def _cohort(snapshot: Snapshot) -> pd.DataFrame:
    return cohort_summary(snapshot.trajectories)


def _event_free(snapshot: Snapshot) -> pd.DataFrame:
    return event_free_summary(snapshot.trajectories, snapshot.study)


def _recovery(snapshot: Snapshot) -> Recovery:
    table = snapshot.trajectories
    return fit_recovery(table, snapshot.study, modelled_populations(table))


@dataclass(slots=True)
class StudyService:
    """The study behind one running dashboard.

    Parameters
    ----------
    store : StudyStore
        Where the study is kept.
    desk : Desk
        Takes uploaded files and says how far they are.
    one_upload : Lock
        Keeps two uploads at once from taking the same tube name.
    references : References or None
        Ranges of healthy people; None for the packaged ones.
    """

    store: StudyStore
    desk: Desk
    references: References | None = None
    one_upload: Lock = field(default_factory=Lock)
    _read: ReadStudy | None = None
    _cached: Snapshot | None = None
    _lock: Lock = field(default_factory=Lock)

    def snapshot(self) -> Snapshot:
        """Return the study as it is now; after a change only what changed is read again."""
        with self._lock:
            revision = self.store.revision()
            if self._cached is None:
                self._read = read = self.store.read()
                self._cached = Snapshot(read.revision, read.result, read.removed, self.references)
            elif self._cached.revision != revision:
                self._read = read = self.store.read(self._read)
                self._cached = self._cached.next(read)
            return self._cached

    def attach(self, server: flask.Flask) -> None:
        """Make this the study of `server`; requests find it with :func:`current_study`."""
        server.extensions[_EXTENSION] = self


def current_study() -> StudyService:
    """Return the study of the server that handles this request."""
    service: StudyService = flask.current_app.extensions[_EXTENSION]
    return service
