"""How far uploads are: what waits, runs, failed, or is done, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.figures.format import format_count
from cytorecon.jobs.model import Job, State, first_attempt
from cytorecon.results import TubeResult
from cytorecon.study.model import Tube
from dashboard.services.hints import error_in_browser, in_browser
from dashboard.services.study import Snapshot, StudyService
from dashboard.services.tubes import tube_state
from dashboard.services.uploads import beside

#: So many failed uploads are listed, the newest ones.
_FAILED: Final = 10
_WAITING: Final = "It waits for a worker."


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload on its way.

    Parameters
    ----------
    job : str
        Identifier of its job.
    tube, patient : str
        What it becomes.
    state : str
        See :data:`~cytorecon.jobs.model.State`.
    message : str
        What is to be said of it.
    """

    job: str
    tube: str
    patient: str
    state: State
    message: str

    @property
    def is_unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")


def upload_state(service: StudyService, job: Job) -> UploadState:
    """Return how far the upload of `job` is."""
    tube = job.request.tube
    assert tube is not None
    state, message = job.state, in_browser(job.message)
    name = job.outcome.tube if job.outcome is not None and job.outcome.tube else tube.tube
    if state == "done":
        tube = tube.model_copy(update={"tube": name})
        message = _result_in_words(service, tube, job.request.remarks)
    elif state == "queued":
        message = _WAITING
    return UploadState(job.id, name, tube.patient, state, message)


def find_upload(service: StudyService, name: str) -> UploadState | None:
    """Return how far the upload with the job `name` is; None when there is no such job."""
    found = [job for job in _uploads(service) if first_attempt(job.id) == first_attempt(name)]
    return upload_state(service, found[-1]) if found else None


def uploads_on_their_way(service: StudyService) -> tuple[UploadState, ...]:
    """Return the uploads that wait or run, and the newest that failed and did not come again since."""
    jobs = _uploads(service)
    there = set(service.store.done().values())
    failed = [job for job in jobs if job.state == "failed" and job.request.file_sha256 not in there]
    shown = {job.id for job in (*failed[-_FAILED:], *(job for job in jobs if job.is_unfinished))}
    return tuple(upload_state(service, job) for job in jobs if job.id in shown)


def cancel_upload(service: StudyService, name: str) -> str:
    """Stop an upload that is on its way, and return what was done, in words."""
    try:
        service.desk.cancel(name)
    except CytoreconError as error:
        return error_in_browser(error)
    return "The analysis was cancelled."


def retry_upload(service: StudyService, name: str) -> str:
    """Analyse a failed upload again, and return what was done, in words."""
    try:
        service.desk.retry(name)
    except CytoreconError as error:
        return error_in_browser(error)
    return "It is analysed again."


def _uploads(service: StudyService) -> list[Job]:
    return [job for job in service.desk.jobs() if job.request.kind == "ingest"]


def _result_in_words(service: StudyService, tube: Tube, remarks: tuple[str, ...]) -> str:
    try:
        result = service.store.tube_result(tube.tube)
    except StoreError:  # it was taken out since, with its patient
        return "It was analysed, and taken out of the study since."
    snapshot: Snapshot = service.snapshot()
    return " ".join(filter(None, (_told(tube, result), beside(snapshot, tube), *remarks)))


def _told(tube: Tube, result: TubeResult) -> str:
    counted = sum(count.status == "counted" for count in result.counts)
    lost = len(result.counts) - counted
    text = f"{tube.tube}: {format_count(result.n_events)} events, {counted} populations counted"
    if lost:
        text += f", {lost} not evaluable"
    return f"{text} ({tube_state(result)})."
