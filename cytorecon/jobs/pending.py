"""Jobs that wait, on their way to another place: what was asked, not the tables of the engine.

A backup takes them along because an upload is acknowledged before it is analysed: its file alone does not
say whose it is. The place they come to asks for them anew, before the study can be seen there: a restore
that is killed leaves no study without its jobs (docs/decisions/0051).
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import JobQueue, JobWaitingError
from cytorecon.jobs.uploads import key_of
from cytorecon.store import Moved, copy_study, restore_backup
from cytorecon.store.jobs_database import has_jobs
from cytorecon.store.moving import Arriving


def pending_jobs(location: str | Path) -> tuple[str, ...]:
    """Return what was asked of the jobs of a study that have not ended, oldest first."""
    if not has_jobs(location):
        return ()
    with JobQueue(location) as queue:
        return tuple(job.request.model_dump_json() for job in queue.every_job() if job.is_unfinished)


def restore_with_jobs(file: Path, to: str | Path, *, files: str = "") -> Moved:
    """Make a study from a backup, whose jobs wait from the moment it appears.

    Parameters
    ----------
    file, to, files
        See :func:`~cytorecon.store.restore_backup`.
    """
    return restore_backup(file, to, files=files, before_seen=partial(_ask_again, to))


def copy_with_jobs(
    location: str | Path, to: str | Path, *, files: str = "", to_files: str = "", without_files: bool = False
) -> Moved:
    """Copy a study, whose jobs wait at the new place, too, from the moment the copy appears.

    Parameters
    ----------
    location, to, files, to_files, without_files
        See :func:`~cytorecon.store.copy_study`.
    """
    # before the study is read: what waits then has its file in it
    jobs = pending_jobs(location)
    return copy_study(
        location,
        to,
        files=files,
        to_files=to_files,
        without_files=without_files,
        jobs=jobs,
        before_seen=partial(_ask_again, to),
    )


def _ask_again(location: str | Path, arriving: Arriving) -> None:
    """Put the jobs into the queue; those that a try before this one has put in are there already.

    What was done before it came here is stored once all the same.
    """
    with JobQueue(location) as queue:
        for text in arriving.jobs:
            request = Request.model_validate_json(text)
            with suppress(JobWaitingError):  # its file waits already
                queue.submit(request, key_of(request, arriving.settings, arriving.overrides))
