"""A stand-in for workers that analyse uploaded files: no gating, known numbers, at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cytorecon.gating.overrides import Override
from cytorecon.jobs.desk import Desk
from cytorecon.jobs.model import Job, Outcome, Request
from cytorecon.jobs.regating import Regated
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Patient, Tube
from dashboard.services.study import StudyService
from dashboard.services.upload_checks import UploadForm
from dashboard.services.upload_jobs import UploadState, upload_state
from dashboard.services.uploads import upload
from tests.builders import tube_result

#: cells/µL of every tube that is uploaded
UPLOADED = {"CD4_T": 333.0, "CD8_T": 222.0, "B": 11.0, "NK": 99.0}

#: Analyses a file and stores the result; a failed one is returned and not stored.
AddTube = Callable[[StudyStore, Path, Tube], TubeResult]


def fake_addition(store: StudyStore, path: Path, tube: Tube) -> TubeResult:
    """Store the numbers of UPLOADED for any file; a file that says ``broken`` fails."""
    if b"broken" in path.read_bytes():
        return TubeResult(tube=tube.tube, status="failed", error="The file ends before its data do.")
    result = tube_result(tube, UPLOADED)
    if tube.patient not in {patient.patient for patient in store.study().patients}:
        store.save_patient(Patient(patient=tube.patient))
    store.save_tube(tube, result)
    return result


class InstantDesk:
    """A desk whose uploads are done when they are handed in."""

    def __init__(self, store: StudyStore, add_tube: AddTube = fake_addition) -> None:
        self.store = store
        self.add_tube = add_tube
        self.taken: list[Job] = []
        self.may_write = True
        self.worker = True
        #: Tubes whose files are kept, so that they can be analysed again.
        self.kept: tuple[str, ...] = ()

    def take(self, path: Path, request: Request) -> Job:
        assert request.tube is not None
        result = self.add_tube(self.store, path, request.tube)
        done = result.status == "done"
        if done and request.patient is not None:
            self.store.complete_patient(request.patient)
        job = Job(
            id=f"ingest-{len(self.taken)}",
            request=request.model_copy(update={"file_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}),
            state="done" if done else "failed",
            outcome=Outcome(done=done, message=result.error, tube=request.tube.tube if done else ""),
        )
        self.taken.append(job)
        return job

    def jobs(self) -> tuple[Job, ...]:
        return tuple(self.taken)

    def has_worker(self) -> bool:
        return self.worker

    def regate(self, record: Override) -> Regated:
        tubes = {tube.tube: tube for tube in self.store.study().tubes}
        for name in self.kept:
            request = Request(kind="regate", tube=tubes[name], by=record.by)
            self.put(Job(id=f"regate-{name}", request=request, state="queued"))
        jobs = tuple(job for job in self.taken if job.request.kind == "regate")
        return Regated(jobs, tuple(name for name in tubes if name not in self.kept))

    def cancel(self, name: str) -> Job:
        return self._ends(name, "cancelled")

    def retry(self, name: str) -> Job:
        return self._ends(name, "queued")

    def put(self, job: Job) -> None:
        """Say that there is this job, in place of one of its name."""
        self.taken = [one for one in self.taken if one.id != job.id] + [job]

    def _ends(self, name: str, state: str) -> Job:
        (job,) = [one for one in self.taken if one.id == name]
        self.put(job.model_copy(update={"state": state, "outcome": None}))
        return self.taken[-1]


def instant(add_tube: AddTube = fake_addition) -> Callable[[StudyStore], Desk]:
    """Return what makes an :class:`InstantDesk`."""
    return partial(InstantDesk, add_tube=add_tube)


def uploaded(service: StudyService, form: UploadForm) -> UploadState:
    """Hand a form in that can be used, and return what became of it."""
    outcome = upload(service, form)
    assert outcome.job is not None, outcome.problems
    return upload_state(service, outcome.job)
