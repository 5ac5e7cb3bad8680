"""How far the new analysis of a tube is after a decision about its gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cytorecon.jobs.regating import Regated
from dashboard.services.decisions import NO_WORKER, follows_decisions
from dashboard.services.hints import in_browser
from dashboard.services.study import StudyService

STAYS: Final = (
    "The numbers on this page do not follow the decisions yet. They stay as they are until the next batch: "
    "no worker has been asked for this tube, as where its file is not kept with the study."
)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is to be said of it, and whether to ask again."""

    message: str = ""
    is_busy: bool = False


NO_PROGRESS: Final = Progress()


def regate_progress(service: StudyService, tube: str) -> Progress:
    """Return how far the new analysis of a tube is; nothing to say where its numbers are those of today.

    Parameters
    ----------
    service : StudyService
        The study.
    tube : str
        An analysed tube of the study.
    """
    jobs = [
        job for job in service.desk.jobs() if job.request.kind == "regate" and job.request.subject == tube
    ]
    last = jobs[-1] if jobs else None
    if last is not None and last.state == "running":
        return Progress(f"A worker analyses this tube again: {last.stage or 'it has begun'}.", is_busy=True)
    if last is not None and last.state == "queued":
        waits = "This tube waits to be analysed again."
        return Progress(waits if service.desk.has_worker() else f"{waits} {NO_WORKER}", is_busy=True)
    # the result is read last: the page asks every second, and most of the time the answer is above
    if follows_decisions(service, service.store.tube_result(tube)):
        return NO_PROGRESS
    if last is not None and last.state == "failed":
        why = in_browser(last.message)
        return Progress(f"The new analysis of this tube failed, and its earlier numbers stand: {why}")
    if last is not None and last.state == "cancelled":
        return Progress("The new analysis of this tube was cancelled, and its earlier numbers stand.")
    return Progress(STAYS)


def followed_in_words(regated: Regated, tube: str) -> str:
    """Return what follows from a decision for the tubes it concerns.

    Parameters
    ----------
    regated : Regated
        What was put in the queue.
    tube : str
        The tube that is shown.
    """
    others = [name for name in regated.tubes if name != tube]
    again = "A worker analyses this tube again" if tube in regated.tubes else ""
    if others:
        more = f"{len(others)} other {'tube' if len(others) == 1 else 'tubes'}"
        again = f"{again} and {more}" if again else f"A worker analyses {more} again"
    left = len(regated.without)
    stays = (
        f"Of {left} {'tube' if left == 1 else 'tubes'} the file is not kept with the study: "
        "those numbers stay until the next batch."
        if left
        else ""
    )
    return " ".join(filter(None, (f"{again}." if again else "", stays)))
