"""``cytorecon serve``: the dashboard of a study."""

from __future__ import annotations

from typing import Annotated

import typer

from cytorecon.cli.console import note
from cytorecon.cli.dashboard_server import serve_dashboard
from cytorecon.cli.options import (
    DEFAULT_HOST,
    DEFAULT_JOBS,
    DEFAULT_PORT,
    BlobsOption,
    HostOption,
    PortOption,
    ReferencesOption,
    StudyArgument,
)

AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        envvar="CYTORECON_ALLOW_HOST",
        help="A further name under which browsers reach it, e.g. that of a proxy; may be repeated.",
    ),
]


def serve(
    study: StudyArgument,
    host: HostOption = DEFAULT_HOST,
    port: PortOption = DEFAULT_PORT,
    allow_host: AllowHostOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", min=0, metavar="N", help="Uploads analysed at the same time; 0 leaves it to `worker`."
        ),
    ] = DEFAULT_JOBS,
    blobs: BlobsOption = "",
    references: ReferencesOption = None,
) -> None:
    """Show a study in the browser and analyse what is uploaded.

    Requests that name another host than those allowed are refused, and so are changes sent by
    pages of other sites.
    """
    from cytorecon.cli.references import own_references
    from cytorecon.store import StudyStore
    from cytorecon.store.jobs_database import may_have_jobs
    from cytorecon.store.remote_blobs import open_blobs

    # A study that cannot be opened is a message here, not a page that does not load.
    StudyStore.open(study).close()
    open_blobs(study, blobs)
    own = own_references(references)
    if not may_have_jobs(study):
        note("This study cannot be written here: it can be looked at, and nothing uploaded.")
        jobs = 0
    serve_dashboard(
        study, host=host, port=port, allow_hosts=allow_host or (), blobs=blobs, jobs=jobs, references=own
    )
