"""Read the study that this dashboard serves, and make its tables once per change."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Final

import flask
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
