"""Jobs that wait, run and end: an adapter to DBOS, which keeps them in the database (docs/decisions/0044).

Only this module and :mod:`cytorecon.jobs.worker` know the engine. It is loaded when a study has jobs,
or gets its first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus, error

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.jobs.model import UNFINISHED, Job, Outcome, Request, State, first_attempt
from cytorecon.store import jobs_database
from cytorecon.store.faults import translated
from cytorecon.store.jobs_database import Heartbeat, jobs_engine, jobs_url

#: Names under which the engine keeps our jobs. The version changes when older workers cannot do newer jobs.
APPLICATION: Final = "cytorecon"
VERSION: Final = "1"
QUEUE: Final = "jobs"
WORKFLOW: Final = "job"
#: A job whose worker ended this often is given up: it may be what ends them.
MOST_TAKEOVERS: Final = 20

_DAY: Final = 86_400
_STATES: Final[dict[str, State]] = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "CANCELLED": "cancelled",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
}


class JobWaitingError(CytoreconError):
    """The same file is being analysed already."""


class JobQueue:
    """The jobs of one study; a context manager that closes the database.

    Parameters
    ----------
    location : str or Path
        The study. The database of its jobs is made when there is none.

    Raises
    ------
    StoreError
        If it cannot be read or made.
    """

    def __init__(self, location: str | Path) -> None:
        self.engine = jobs_engine(location)
        with translated("jobs"):
            DBOS.migrate(jobs_url(location))
            self._client = DBOSClient(
                system_database_engine=self.engine,
                application_name=APPLICATION,
                serializer=DBOSPortableJSONSerializer(),
                retry_connection_errors=False,
            )

    def close(self) -> None:
        """Close the database."""
        self._client.destroy()
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Return the queue itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.close()

    def submit(self, request: Request, key: str) -> Job:
        """Put a job in; when this returns, it will be done, whatever ends before.

        The same key is the same job: it is returned as it stands, and done again only when it had
        failed or was cancelled.

        Raises
        ------
        JobWaitingError
            If another upload of the same file is not done yet.
        """
        first = f"{request.kind}-{key}"
        attempts = self._jobs(begins=first)
        if attempts and (attempts[-1].is_unfinished or attempts[-1].state == "done"):
            return attempts[-1]
        return self._enqueue(request, key, first if not attempts else f"{first}-{len(attempts) + 1}")

    def jobs(self, most: int = 200) -> tuple[Job, ...]:
        """Return the newest jobs, oldest first; of a job that was tried again, the last attempt."""
        newest = self._jobs(newest_first=True, most=most)
        last = {first_attempt(job.id): job for job in reversed(newest)}
        return tuple(last.values())

    def job(self, name: str) -> Job:
        """Return the job of this identifier.

        Raises
        ------
        CytoreconError
            If there is none.
        """
        found = self._jobs([name])
        if not found:
            raise CytoreconError(
                "There is no such job.", field="job", found=name, allowed="see: cytorecon jobs STUDY"
            )
        return found[0]

    def cancel(self, name: str) -> Job:
        """Stop a job that waits or runs; what it has not stored by then it does not store.

        Raises
        ------
        CytoreconError
            If there is no such job, or it has ended.
        """
        job = self.job(name)
        if not job.is_unfinished:
            raise _not_now("cancelled", job, "one that is queued or running")
        with translated("jobs"):
            self._client.cancel_workflow(name)
        return self.job(name)

    def retry(self, name: str) -> Job:
        """Do a job again that failed or was cancelled.

        Raises
        ------
        CytoreconError
            If there is no such job, or it did not fail.
        """
        job = self.job(name)
        if job.state not in ("failed", "cancelled"):
            raise _not_now("done again", job, "one that failed or was cancelled")
        return self.submit(job.request, _key(name))

    def every_job(self, *, ended_before_days: float | None = None) -> tuple[Job, ...]:
        """Return all jobs and attempts, oldest first; or those only that ended more than so many days ago."""
        with translated("jobs"):
            found = self._client.list_workflows(name=WORKFLOW)
        if ended_before_days is not None:
            latest = (time.time() - ended_before_days * _DAY) * 1000
            found = [one for one in found if _STATES[one.status] not in UNFINISHED and _ended(one) < latest]
        return tuple(_job(status) for status in found)

    def delete(self, names: Iterable[str]) -> None:
        """Take jobs out for good; what they have stored stays."""
        with translated("jobs"):
            self._client.delete_workflows(list(names))

    def is_run_by(self, name: str, worker: str) -> bool:
        """Tell whether a job runs still, and at this worker."""
        with translated("jobs"):
            found = self._client.list_workflows(workflow_ids=[name], load_input=False, load_output=False)
        return bool(found) and found[0].status == "PENDING" and found[0].executor_id == worker

    def workers_at_work(self) -> set[str]:
        """Return the workers that jobs are said to run at."""
        with translated("jobs"):
            running = self._client.list_workflows(
                status="PENDING", queue_name=QUEUE, load_input=False, load_output=False
            )
        return {str(job.executor_id) for job in running}

    def tell_stage(self, name: str, stage: str) -> None:
        """Write down what is being done for a job."""
        with translated("jobs"):
            self._client.update_workflow_attributes(name, {"stage": stage})

    def beat(self, worker: str, beats: int, *, has_left: bool = False) -> None:
        """Write that a worker lives, or that it goes."""
        jobs_database.beat(self.engine, worker, beats, has_left=has_left)

    def heartbeats(self) -> dict[str, Heartbeat]:
        """Return the workers that are known, by name."""
        return jobs_database.heartbeats(self.engine)

    def forget(self, worker: str) -> None:
        """Take out a worker that is gone."""
        jobs_database.forget(self.engine, worker)

    def _enqueue(self, request: Request, key: str, name: str) -> Job:
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": name,
            "app_version": VERSION,
        }
        if request.kind == "ingest":  # a file of the study is analysed again as often as asked
            options["deduplication_id"] = request.file_sha256
        try:
            with translated("jobs"):
                self._client.enqueue(options, request.model_dump_json(), key)
        except error.DBOSQueueDeduplicatedError:
            raise self._waiting(request) from None
        return self.job(name)

    def _waiting(self, request: Request) -> JobWaitingError:
        same = [
            job.request.subject
            for job in self.jobs()
            if job.is_unfinished and job.request.file_sha256 == request.file_sha256
        ]
        return JobWaitingError("This file is being analysed already.", found=", ".join(same))

    def _jobs(
        self,
        names: list[str] | None = None,
        *,
        begins: str | None = None,
        newest_first: bool = False,
        most: int | None = None,
    ) -> list[Job]:
        with translated("jobs"):
            found = self._client.list_workflows(
                name=WORKFLOW,
                workflow_ids=names,
                workflow_id_prefix=begins,
                sort_desc=newest_first,
                limit=most,
            )
        return [_job(status) for status in found]


def _job(status: WorkflowStatus) -> Job:
    document, _ = _arguments(status)
    outcome = _outcome(status)
    state = _STATES[status.status]
    if outcome is not None and state == "done" and not outcome.done:
        state = "failed"
    stage = str((status.attributes or {}).get("stage", "")) if state == "running" else ""
    request = Request.model_validate_json(document)
    return Job(id=status.workflow_id, request=request, state=state, stage=stage, outcome=outcome)


def _ended(status: WorkflowStatus) -> int:
    """Return when a job ended, ms since 1970; now when nobody knows."""
    return status.completed_at or status.updated_at or int(time.time() * 1000)


def _arguments(status: WorkflowStatus) -> Sequence[str]:
    if status.input is None:
        raise StoreError("A job lacks what was asked of it.", field=f"job {status.workflow_id}")
    return status.input["args"]


def _outcome(status: WorkflowStatus) -> Outcome | None:
    if status.status == "SUCCESS":
        return Outcome.model_validate_json(str(status.output))
    if status.status == "ERROR":
        kind = type(status.error).__name__
        return Outcome(done=False, message=f"Internal error ({kind}); please report it.")
    if status.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return Outcome(done=False, message=f"The worker that did it ended, {MOST_TAKEOVERS} times.")
    return None


def _key(name: str) -> str:
    return name.split("-")[1]


def _not_now(what: str, job: Job, allowed: str) -> CytoreconError:
    return CytoreconError(
        f"This job cannot be {what}.",
        field=f"job {job.id}",
        found=f"a job that is {job.state}",
        allowed=allowed,
    )
