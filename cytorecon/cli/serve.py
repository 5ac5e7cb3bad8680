"""``cytorecon serve``: the dashboard of a study."""

from __future__ import annotations

from typing import Annotated

import typer

from cytorecon.cli.dashboard_server import serve_dashboard
from cytorecon.cli.options import (
    DEFAULT_HOST,
    DEFAULT_PORT,
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
    references: ReferencesOption = None,
) -> None:
    """Show a study in the browser, until stopped with Ctrl-C.

    Requests that name another host than those allowed are refused, and so are changes sent by
    pages of other sites.
    """
    from cytorecon.cli.references import own_references
    from cytorecon.store import StudyStore

    # A study that cannot be opened is a message here, not a page that does not load.
    StudyStore.open(study).close()
    own = own_references(references)
    serve_dashboard(study, host=host, port=port, allow_hosts=allow_host or (), references=own)
