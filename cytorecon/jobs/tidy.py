"""Remove what a study keeps and nobody needs any more: old jobs, what they made, and files without a use.

Nothing goes that a stored result, a signature or a job that stays is about, and nothing young: a file is in
its place before the study knows of it (docs/decisions/0051).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cytorecon.jobs.model import Job
from cytorecon.jobs.queue import JobQueue
from cytorecon.knowledge.jobs import load_job_rules
from cytorecon.store.blobs import Blobs, Held, blob_name
from cytorecon.store.history import patient_of
from cytorecon.store.jobs_database import has_jobs
from cytorecon.store.remote_blobs import open_blobs
from cytorecon.store.tidying import FileRow, StudyFiles

_HOUR: Final = 3600
_MADE: Final = ".zip"


@dataclass(frozen=True, slots=True)
class Tidied:
    """What went, or would go.

    Parameters
    ----------
    jobs : int
        Jobs that ended long ago.
    made, made_bytes : int
        Reports and exports of jobs that are gone.
    files, files_bytes : int
        Files of tubes that nothing rests on.
    rows : int
        Rows of files that nothing rests on.
    """

    jobs: int
    made: int
    made_bytes: int
    files: int
    files_bytes: int
    rows: int


def tidy(location: str | Path, *, older_than_days: float, blobs: str = "", remove: bool = False) -> Tidied:
    """Say what nobody needs, and remove it when that is asked for; workers may go on working.

    Parameters
    ----------
    location : str or Path
        The study.
    older_than_days : float
        Jobs that ended earlier go, with the reports and exports they made.
    blobs : str
        Where the study's files are kept, see :func:`~cytorecon.store.remote_blobs.open_blobs`.
    remove : bool
        False says only what would go.

    Raises
    ------
    StoreError
        If the study or its files cannot be used.
    """
    place = open_blobs(location, blobs)
    young = load_job_rules().tidying.young.value * _HOUR
    old, left = _jobs(location, older_than_days)
    in_use = {job.request.file_sha256 for job in left if job.request.file_sha256}

    def is_old(row: FileRow) -> bool:
        age = place.age(blob_name(row.blob_sha256, ".fcs"))
        return age is None or age >= young

    with StudyFiles.open(location) as study:
        if remove:
            _delete(location, old)
            rows = study.forget(in_use, is_old)
        else:
            rows = tuple(row for row in study.unneeded(in_use) if is_old(row))
        # what is there is listed before the rows are read: what comes later is not looked at
        held = tuple(place.held())
        used = {row.blob_sha256 for row in study.rows() if row not in rows}
    used |= {job.outcome.blob_sha256 for job in left if job.outcome is not None}
    unused = (one for one in held if one.sha256 not in used)
    gone = tuple(_gone(place, unused, young, remove=remove))
    made = [one for one in gone if one.name.endswith(_MADE)]
    files = [one for one in gone if not one.name.endswith(_MADE)]
    return Tidied(
        jobs=len(old),
        made=len(made),
        made_bytes=sum(one.size for one in made),
        files=len(files),
        files_bytes=sum(one.size for one in files),
        rows=len(rows),
    )


def forget_patient(location: str | Path, patient: str, blobs: str = "") -> int:
    """Remove the jobs about an erased patient, and all reports and exports that jobs have made.

    Those hold every patient of the study; they are made again with the same words.

    Returns
    -------
    int
        Number of jobs and of files that are gone.
    """
    if not has_jobs(location):
        return 0
    with JobQueue(location) as queue:
        about = [job for job in queue.every_job() if _is_about(job, patient)]
        for job in about:
            if job.is_unfinished:
                queue.cancel(job.id)
        queue.delete(job.id for job in about)
    made = {job.outcome.blob_sha256 for job in about if job.outcome is not None and job.outcome.blob_sha256}
    if not made:
        return len(about)
    place = open_blobs(location, blobs)
    return len(about) + sum(place.remove(blob_name(sha256, _MADE)) for sha256 in made)


def _is_about(job: Job, patient: str) -> bool:
    tube, known = job.request.tube, job.request.patient
    names = {tube.patient, patient_of(tube.tube)} if tube is not None else set()
    if job.outcome is not None and job.outcome.tube:
        names.add(patient_of(job.outcome.tube))
    return patient in names or (known is not None and known.patient == patient) or tube is None


def _jobs(location: str | Path, older_than_days: float) -> tuple[tuple[Job, ...], tuple[Job, ...]]:
    """Return the jobs that ended so long ago, and the others."""
    if not has_jobs(location):
        return (), ()
    with JobQueue(location) as queue:
        old = {job.id for job in queue.every_job(ended_before_days=older_than_days)}
        every = queue.every_job()
    return tuple(job for job in every if job.id in old), tuple(job for job in every if job.id not in old)


def _delete(location: str | Path, jobs: Sequence[Job]) -> None:
    if jobs:
        with JobQueue(location) as queue:
            queue.delete(job.id for job in jobs)


def _gone(place: Blobs, unused: Iterator[Held], young: float, *, remove: bool) -> Iterator[Held]:
    for held in unused:
        if remove:
            if place.remove(held.name, unless_younger=young):
                yield held
        elif (place.age(held.name) or 0) >= young:
            yield held
