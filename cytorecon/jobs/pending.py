"""Jobs that wait, on their way to another place: what was asked, not the tables of the engine.

A backup takes them along because an upload is acknowledged before it is analysed: its file alone does not
say whose it is. The place they come to asks for them anew (docs/decisions/0051).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.uploads import ingest_key
from cytorecon.store import StudyStore
from cytorecon.store.jobs_database import has_jobs


def pending_jobs(location: str | Path) -> tuple[str, ...]:
    """Return what was asked of the jobs of a study that have not ended, oldest first."""
    if not has_jobs(location):
        return ()
    with JobQueue(location) as queue:
        return tuple(job.request.model_dump_json() for job in queue.every_job() if job.is_unfinished)


def ask_again(location: str | Path, asked: Iterable[str]) -> int:
    """Put what :func:`pending_jobs` returned into the queue of a study; return how many jobs wait there now.

    What was done before it came here is stored once all the same.
    """
    requests = [Request.model_validate_json(text) for text in asked]
    if not requests:
        return 0
    with StudyStore.open(location) as store, JobQueue(location) as queue:
        for request in requests:
            queue.submit(request, ingest_key(store, request))
        return sum(job.is_unfinished for job in queue.every_job())
