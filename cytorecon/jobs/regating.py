"""Have tubes analysed again after a decision about a gate, as far as their files are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cytorecon.gating.overrides import Override
from cytorecon.jobs.model import Job, Request
from cytorecon.jobs.uploads import ingest_key, regate_requests
from cytorecon.store import StudyStore

#: Puts a job with its key in the queue; see :meth:`cytorecon.jobs.queue.JobQueue.submit`.
Submit = Callable[[Request, str], Job]


@dataclass(frozen=True, slots=True)
class Regated:
    """What follows from a decision.

    Parameters
    ----------
    jobs : tuple of Job
        One for each tube that a worker analyses again.
    without : tuple of str
        Tubes whose file is not kept: their numbers stay until the next batch.
    """

    jobs: tuple[Job, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def tubes(self) -> tuple[str, ...]:
        """Tubes that a worker analyses again."""
        return tuple(job.request.subject for job in self.jobs)


def regate_after(store: StudyStore, record: Override, submit: Submit) -> Regated:
    """Put the analysis of every tube that a decision concerns, and whose file is kept, in the queue.

    Parameters
    ----------
    store : StudyStore
        The study, with the decision stored.
    record : Override
        The decision, or the undo of one.
    submit : callable
        Not called when no file is kept.

    Raises
    ------
    StoreError
        If the queue cannot be written.
    """
    requests, without = regate_requests(store, record)
    jobs = [
        submit(request.model_copy(update={"by": record.by}), ingest_key(store, request))
        for request in requests
    ]
    return Regated(tuple(jobs), tuple(without))
