"""``cytorecon jobs``: what waits, runs and has ended; ask for a report or an export; cancel, try again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args

import typer

from cytorecon.cli.choices import chosen
from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import BlobsOption, JsonOption, StudyArgument

if TYPE_CHECKING:
    from cytorecon.jobs.model import Job
    from cytorecon.jobs.queue import JobQueue

Action = Literal["list", "cancel", "retry", "fetch", "report", "export"]
_ABOUT_A_JOB: Final = ("cancel", "retry", "fetch")
_REPORTS: Final = ("html", "pdf")


def jobs(
    study: StudyArgument,
    action: Annotated[
        str,
        typer.Argument(
            metavar="ACTION", help="list, cancel ID, retry ID, fetch ID --out FILE, report, or export."
        ),
    ] = "list",
    job: Annotated[str, typer.Argument(metavar="ID", help="Identifier of a job, as listed.")] = "",
    formats: Annotated[
        str,
        typer.Option("--format", metavar="NAME,...", help="Of a report (html,pdf) or an export (csv,...)."),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.zip", help="Where to write what a job has made.")
    ] = None,
    blobs: BlobsOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the jobs of a study, stop or repeat one.

    `report` and `export` ask a worker for one.

    Jobs are done by `cytorecon serve` and `cytorecon worker`. What a report or an export has made is kept
    with the files of the study until it is fetched.
    """
    if action not in get_args(Action):
        raise typer.BadParameter(f"{action} is none of {', '.join(get_args(Action))}.", param_hint="ACTION")
    if (action in _ABOUT_A_JOB) != bool(job):
        what = "Name the job" if not job else "No job is named"
        raise typer.BadParameter(f"{what} with {action}.", param_hint="ID")
    if (action == "fetch") != (out is not None):
        raise typer.BadParameter("--out FILE.zip goes with fetch.", param_hint="--out")
    found = _act(study, action, job, formats)
    if out is not None:
        fetch(study, blobs, found[0], out)
    elif as_json:
        print_json([_row(one) for one in found])
    elif action in ("report", "export"):
        print(found[0].id)
        note("A worker does it; see: cytorecon jobs STUDY.")
    else:
        print_table(_HEADER, [tuple(_row(one).values()) for one in found])


def _act(study: str, action: str, job: str, formats: str) -> Sequence[Job]:
    from cytorecon.store import StudyStore
    from cytorecon.store.jobs_database import has_jobs

    StudyStore.open(study).close()
    if action == "list" and not has_jobs(study):
        return ()
    from cytorecon.jobs.queue import JobQueue

    with JobQueue(study) as queue:
        if action == "list":
            return queue.jobs()
        if action == "cancel":
            return (queue.cancel(job),)
        if action == "retry":
            return (queue.retry(job),)
        if action == "fetch":
            return (queue.job(job),)
        return (_ask(queue, study, action, formats),)


def _ask(queue: JobQueue, study: str, action: str, formats: str) -> Job:
    from cytorecon.interop import FORMATS
    from cytorecon.jobs.model import Request, job_key
    from cytorecon.store import StudyStore

    allowed = _REPORTS if action == "report" else FORMATS
    asked = tuple(chosen(formats or ("html" if action == "report" else "csv"), allowed, option="--format"))
    request = Request(kind="report" if action == "report" else "export", formats=asked)
    with StudyStore.open(study) as store:
        revision = store.revision()
    return queue.submit(request, job_key(request, str(revision)))


def fetch(study: str, blobs: str, job: Job, out: Path) -> None:
    """Write what `job` has made to the zip file `out`.

    Raises
    ------
    CytoreconError
        If it has made nothing, or there is such a file already.
    """
    from cytorecon.errors import CytoreconError
    from cytorecon.store.remote_blobs import open_blobs

    if job.outcome is None or not job.outcome.blob_sha256:
        raise CytoreconError(
            "This job has made nothing to fetch.",
            field=f"job {job.id}",
            found=f"{job.request.kind}, {job.state}",
            allowed="a report or an export that is done",
        )
    if out.exists():
        raise CytoreconError("There is a file of this name already.", subject=str(out), field="--out")
    part = out.with_name(f".{out.name}.part")
    open_blobs(study, blobs).fetch(job.outcome.blob_sha256, part, ".zip")
    part.replace(out)
    note(str(out))


_HEADER = ("job", "state", "about", "message")


def _row(job: Job) -> dict[str, str]:
    about = f"{job.request.kind} {job.request.subject}".strip()
    return {"job": job.id, "state": job.state, "about": about, "message": job.message}
