"""A worker: takes jobs from the queue, one at a time, until it is stopped or killed.

Whoever looks on takes over the jobs of a worker that is gone. A worker that was only asleep, and finds its
job taken, stops it; should both come to the end, the result is stored once all the same.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from dbos import DBOS, DBOSPortableJSONSerializer

from cytorecon.errors import CytoreconError
from cytorecon.jobs.child import Errand, StoppedError, run_apart, start_child
from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import APPLICATION, MOST_TAKEOVERS, QUEUE, VERSION, WORKFLOW, JobQueue
from cytorecon.jobs.takeover import Sighting, lost, watch
from cytorecon.knowledge.jobs import JobLimits, load_job_rules
from cytorecon.store.blobs import FolderBlobs
from cytorecon.store.jobs_database import jobs_url
from cytorecon.store.remote_blobs import open_blobs


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker does what, s.

    Parameters
    ----------
    poll : float
        Looks for a job.
    beat : float
        Says that it lives, and looks whether the others do.
    lease : float
        So long may another one be silent; then its jobs are taken over.
    """

    poll: float = 0.5
    beat: float = 2.0
    lease: float = 20.0


#: When nothing else is said.
USUAL: Final = Pace()


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works where and how.

    Parameters
    ----------
    name : str
        Of this process, never used again.
    study, blobs : str
        The study, and the place of its files (empty for the usual one).
    command : tuple of str
        Starts the process that does one job (:mod:`cytorecon.jobs.child`).
    pace : Pace
        How often it looks.
    limits : JobLimits
        Of one job.
    """

    name: str
    study: str
    blobs: str
    command: tuple[str, ...]
    pace: Pace
    limits: JobLimits


def run_worker(
    study: str,
    blobs: str,
    command: Sequence[str],
    stop: threading.Event,
    *,
    pace: Pace = USUAL,
    limits: JobLimits | None = None,
) -> None:
    """Work until `stop` is set. One process can do this once, and has to end at once after it.

    Parameters
    ----------
    study, blobs, command
        See :class:`Worker`.
    stop : Event
        Set when the worker is to end: its job is stopped then, and goes to the next worker.
    pace : Pace
        How often it looks.
    limits : JobLimits, optional
        Of one job, in place of those in ``jobs.yaml``.

    Raises
    ------
    StoreError
        If the study's jobs or files cannot be used.
    """
    place = open_blobs(study, blobs)
    if isinstance(place, FolderBlobs):
        place.sweep()
    limits = limits or load_job_rules().limits
    worker = Worker(secrets.token_hex(6), study, blobs, tuple(command), pace, limits)
    queue = JobQueue(study)
    queue.beat(worker.name, 0)
    _launch(worker, queue, stop)
    seen: dict[str, Sighting] = {}
    beats = 0
    while not stop.wait(pace.beat):
        beats += 1
        try:
            queue.beat(worker.name, beats)
            seen = _take_over(worker, queue, seen)
        except CytoreconError as error:  # a database that is away for a while
            sys.stderr.write(f"worker: {error}\n")
    queue.beat(worker.name, beats, has_left=True)


def _launch(worker: Worker, queue: JobQueue, stop: threading.Event) -> None:
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": jobs_url(worker.study),
            "system_database_engine": queue.engine,
            "application_version": VERSION,
            "executor_id": worker.name,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": worker.pace.poll,
        }
    )

    # Loading takes longer than most jobs: the process of the next one is started before there is one.
    spare = [start_child(worker.command)]

    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_TAKEOVERS)
    def job(document: str, key: str) -> str:
        name = str(DBOS.workflow_id)
        errand = Errand(
            study=worker.study,
            blobs=worker.blobs,
            key=key,
            request=Request.model_validate_json(document),
            limits=worker.limits,
        )

        def goes_on() -> bool:
            if stop.is_set():
                return False
            try:
                return queue.is_run_by(name, worker.name)
            except CytoreconError:  # nobody else can take it either as long as the database is away
                return True

        def told(stage: str) -> None:
            with suppress(CytoreconError):
                queue.tell_stage(name, stage)

        process = spare.pop() if spare else start_child(worker.command)
        if process.poll() is not None:
            process = start_child(worker.command)
        try:
            outcome = run_apart(
                process,
                errand,
                told=told,
                goes_on=goes_on,
                look_every=min(worker.pace.beat, 1.0),
            )
        except StoppedError:
            if stop.is_set():
                threading.Event().wait()  # until the process ends: nothing has come of the job
            return ""  # the engine does not write what comes of a job that is somebody else's
        finally:
            if not stop.is_set():
                spare.append(start_child(worker.command))
        return outcome.model_dump_json()

    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=worker.pace.poll)


def _take_over(worker: Worker, queue: JobQueue, before: Mapping[str, Sighting]) -> dict[str, Sighting]:
    now = time.monotonic()
    beats = queue.heartbeats()
    others = (queue.workers_at_work() | set(beats)) - {worker.name}
    seen = watch(before, others, beats, now)
    gone = lost(seen, beats, now, worker.pace.lease)
    if gone:
        # whoever comes first gets each job: the engine moves it only as long as it is the lost worker's
        DBOS._recover_pending_workflows(list(gone))  # noqa: SLF001 - docs/decisions/0044
        for name in gone:
            queue.forget(name)
    return seen
