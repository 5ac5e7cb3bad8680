"""Read the study that this dashboard serves, and derive its tables once per change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

import flask
import pandas as pd

from cytorecon.cohort import cohort_summary
from cytorecon.milestones import milestones
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tidy_counts
from cytorecon.trajectories import trajectories

_EXTENSION: Final = "cytorecon"

#: Analyses one file with the study's frozen transforms and priors; keeps no raw file.
Analyze = Callable[[StudyStore, Path, Tube], TubeResult]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The study and its tables at one revision.

    Parameters
    ----------
    revision : int
        Of the store.
    result : StudyResult
        Without the pictures of the gates.
    counts, trajectories, milestones, cohort : DataFrame
        Tidy tables of ``cytorecon.tables``; shared between requests, so never changed.
    removed : tuple of Tube
        Tubes that were taken out and can be restored.
    """

    revision: int
    result: StudyResult
    counts: pd.DataFrame
    trajectories: pd.DataFrame
    milestones: pd.DataFrame
    cohort: pd.DataFrame
    removed: tuple[Tube, ...]

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
    analyze : callable
        Analyses an uploaded file.
    """

    store: StudyStore
    analyze: Analyze
    _cached: Snapshot | None = None
    _lock: Lock = field(default_factory=Lock)

    def snapshot(self) -> Snapshot:
        """Return the study as it is now; tables are computed again only after a change."""
        with self._lock:
            revision = self.store.revision()
            if self._cached is None or self._cached.revision != revision:
                self._cached = _derive(self.store, revision)
            return self._cached

    def attach(self, server: flask.Flask) -> None:
        """Make this the study of `server`; requests find it with :func:`current_study`."""
        server.extensions[_EXTENSION] = self


def current_study() -> StudyService:
    """Return the study of the server that handles this request."""
    service: StudyService = flask.current_app.extensions[_EXTENSION]
    return service


def _derive(store: StudyStore, revision: int) -> Snapshot:
    result = store.result(plots=False)
    table = trajectories(result)
    return Snapshot(
        revision=revision,
        result=result,
        counts=tidy_counts(result),
        trajectories=table,
        milestones=milestones(table, result.study),
        cohort=cohort_summary(table),
        removed=store.removed(),
    )
