"""Where the dashboard hands in work: uploads, and tubes whose gates were decided about."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock
from typing import Protocol

from cytorecon.gating.overrides import Override
from cytorecon.jobs.model import Job, Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.regating import Regated, regate_after
from cytorecon.jobs.takeover import Sighting, lost, watch
from cytorecon.jobs.uploads import ingest_key, keep_upload
from cytorecon.jobs.worker import USUAL
from cytorecon.store import StudyStore
from cytorecon.store.jobs_database import has_jobs, may_have_jobs
from cytorecon.store.remote_blobs import open_blobs


class Desk(Protocol):
    """Takes work and says how far it is."""

    @property
    def may_write(self) -> bool:
        """Whether the study can be changed here."""

    def has_worker(self) -> bool:
        """Tell whether a worker is there to do what is handed in."""

    def take(self, path: Path, request: Request) -> Job:
        """Keep an uploaded file and put its analysis in the queue."""

    def regate(self, record: Override) -> Regated:
        """Have the tubes analysed again that a stored decision concerns."""

    def jobs(self) -> tuple[Job, ...]:
        """Return the newest jobs, oldest first."""

    def cancel(self, name: str) -> Job:
        """Stop a job."""

    def retry(self, name: str) -> Job:
        """Do a job again."""


class JobDesk:
    """The desk of a study whose jobs are done by workers.

    Parameters
    ----------
    store : StudyStore
        The study.
    location : str or Path
        Where it is.
    blobs : str
        Where its files are kept; empty for the usual place.
    """

    def __init__(self, store: StudyStore, location: str | Path, blobs: str = "") -> None:
        self._store = store
        self._location = location
        self._blobs = blobs
        self._opened: JobQueue | None = None
        self._opening = Lock()
        self._sightings: dict[str, Sighting] = {}

    @property
    def may_write(self) -> bool:
        """Whether this user may write the study."""
        return may_have_jobs(self._location)

    def has_worker(self) -> bool:
        """Tell whether a worker is there; that one was killed shows some seconds after the first call."""
        if self._opened is None and not has_jobs(self._location):
            return False
        beats = self._queue().heartbeats()
        now = time.monotonic()
        self._sightings = watch(self._sightings, set(beats), beats, now)
        return len(lost(self._sightings, beats, now, USUAL.lease)) < len(beats)

    def take(self, path: Path, request: Request) -> Job:
        """Keep an uploaded file and put its analysis in the queue.

        When it returns, file and job are on the disk: the analysis will be done, whatever ends before.

        Parameters
        ----------
        path : Path
            The file as it came; see :func:`~cytorecon.jobs.uploads.keep_upload`.
        request : Request
            Of kind ``ingest``; its hash is filled in here.

        Raises
        ------
        FcsError
            If the file cannot be read.
        StoreError
            If it cannot be kept, or the results of the patient are locked.
        JobWaitingError
            If another upload of the same file is not done yet.
        """
        assert request.tube is not None
        self._store.check_unlocked(request.tube.patient)
        blobs = open_blobs(self._location, self._blobs)
        kept = keep_upload(self._store, blobs, path, request.tube.dataset)
        request = request.model_copy(update={"file_sha256": kept.file_sha256})
        return self._queue().submit(request, ingest_key(self._store, request))

    def regate(self, record: Override) -> Regated:
        """Have the tubes analysed again that a stored decision concerns; see :func:`regate_after`."""
        return regate_after(self._store, record, lambda request, key: self._queue().submit(request, key))

    def jobs(self) -> tuple[Job, ...]:
        """Return the newest jobs, oldest first; none where this user may only read."""
        if self._opened is None and not has_jobs(self._location):
            return ()
        return self._queue().jobs()

    def cancel(self, name: str) -> Job:
        """Stop a job; see :meth:`JobQueue.cancel`."""
        return self._queue().cancel(name)

    def retry(self, name: str) -> Job:
        """Do a job again; see :meth:`JobQueue.retry`."""
        return self._queue().retry(name)

    def _queue(self) -> JobQueue:
        with self._opening:
            if self._opened is None:
                self._opened = JobQueue(self._location)
            return self._opened
