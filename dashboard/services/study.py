"""Read the study that this dashboard serves, and make its tables once per change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from cytorecon.milestone import milestones
from cytorecon.patient import Recovery, fit_recovery, modelled_populations
from cytorecon.store import StudyStore
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tidy_counts
from cytorecon.trajectory import trajectories

_EXTENSION: Final = "cytorecon"

Made = TypeVar("Made")
Given = TypeVarTuple("Given")


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
    """

    revision: int
    result: StudyResult
    removed: tuple[Tube, ...]
    references: References | None = None
    _made: dict[tuple[object, ...], object] = field(default_factory=dict, repr=False, compare=False)

    def once(self, make: Callable[[Snapshot, *Given], Made], *given: *Given) -> Made:
        """Return what `make` makes of this study and `given`; the next one who asks gets the same.

        Parameters
        ----------
        make : callable
            Of a module, so that it is the same one each time.
        given : hashable
            Further arguments.
        """
        key = (make, *given)
        if key not in self._made:
            self._made[key] = make(self, *given)
        return cast("Made", self._made[key])

    def of(self, patient: str) -> OfPatient:
        """Return what the tables hold of a patient."""
        tubes = self._tubes.get(patient, ())
        known = tuple(self.study.tubes[place] for place in tubes)
        return OfPatient(
            self.result.model_copy(
                update={
                    "study": self.study.model_copy(update={"tubes": known}),
                    "tubes": tuple(self.result.tubes[place] for place in tubes),
                }
            ),
            *(
                table.iloc[places.get(patient, np.empty(0, dtype=np.intp))]
                for table, places in zip(
                    (self.counts, self.trajectories, self.milestones), self._places, strict=True
                )
            ),
        )

    @cached_property
    def _tubes(self) -> Mapping[str, list[int]]:
        """Places of each patient's tubes."""
        found: dict[str, list[int]] = {}
        for place, tube in enumerate(self.study.tubes):
            found.setdefault(tube.patient, []).append(place)
        return found

    @cached_property
    def _places(self) -> tuple[Mapping[Any, npt.NDArray[np.intp]], ...]:
        """Places of each patient's rows in the three tables of :class:`OfPatient`."""
        tables = (self.counts, self.trajectories, self.milestones)
        return tuple(_places(table, "patient") for table in tables)

    @cached_property
    def series(self) -> Mapping[Any, npt.NDArray[np.intp]]:
        """Places of the rows of each (measure, population) in the table of trajectories."""
        return _places(self.trajectories, ["measure", "population"])

    @cached_property
    def counted(self) -> Mapping[Any, npt.NDArray[np.intp]]:
        """Places of the rows of each population in the table of counts."""
        return _places(self.counts, "population")

    @cached_property
    def counts(self) -> pd.DataFrame:
        """``COUNT_COLUMNS``. All tables are shared between requests, so never changed."""
        return tidy_counts(self.result)

    @cached_property
    def trajectories(self) -> pd.DataFrame:
        """``TRAJECTORY_COLUMNS``."""
        return trajectories(self.result, references=self.references)

    @cached_property
    def milestones(self) -> pd.DataFrame:
        """``MILESTONE_COLUMNS``."""
        return milestones(self.trajectories, self.study)

    @cached_property
    def cohort(self) -> pd.DataFrame:
        """``COHORT_COLUMNS``."""
        return cohort_summary(self.trajectories)

    @cached_property
    def event_free(self) -> pd.DataFrame:
        """``COHORT_COLUMNS`` of the patients whom no event disturbed."""
        return event_free_summary(self.trajectories, self.study)

    @cached_property
    def event_free_patients(self) -> tuple[str, ...]:
        """Patients whom no event disturbed."""
        return event_free_patients(self.study)

    @cached_property
    def recovery(self) -> Recovery:
        """Models of all pools: fitted once for all patients."""
        return fit_recovery(self.trajectories, self.study, modelled_populations(self.trajectories))

    @property
    def study(self) -> Study:
        """Patients, tubes and events."""
        return self.result.study

    @property
    def patients(self) -> tuple[str, ...]:
        """Pseudonyms in the order of the study."""
        return tuple(patient.patient for patient in self.study.patients)


def _places(table: pd.DataFrame, by: str | list[str]) -> Mapping[Any, npt.NDArray[np.intp]]:
    found = table.groupby(by, sort=False).indices
    return cast("Mapping[Any, npt.NDArray[np.intp]]", found)


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
    _cached: Snapshot | None = None
    _lock: Lock = field(default_factory=Lock)

    def snapshot(self) -> Snapshot:
        """Return the study as it is now; it is read again only after a change."""
        with self._lock:
            revision = self.store.revision()
            if self._cached is None or self._cached.revision != revision:
                result = self.store.result(plots=False)
                self._cached = Snapshot(revision, result, self.store.removed(), self.references)
            return self._cached

    def attach(self, server: flask.Flask) -> None:
        """Make this the study of `server`; requests find it with :func:`current_study`."""
        server.extensions[_EXTENSION] = self


def current_study() -> StudyService:
    """Return the study of the server that handles this request."""
    service: StudyService = flask.current_app.extensions[_EXTENSION]
    return service
