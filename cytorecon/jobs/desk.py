"""Where uploads are handed in: kept, put in the queue, looked after."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Protocol

from cytorecon.jobs.model import Job, Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.uploads import ingest_key, keep_upload
from cytorecon.store import StudyStore
from cytorecon.store.jobs_database import has_jobs
from cytorecon.store.remote_blobs import open_blobs


class Desk(Protocol):
    """Takes uploads and says how far they are."""

    def take(self, path: Path, request: Request) -> Job:
        """Keep an uploaded file and put its analysis in the queue."""

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
