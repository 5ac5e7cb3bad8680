"""``cytorecon serve``: the dashboard of a study."""

from __future__ import annotations

from cytorecon.cli.dashboard_server import serve_dashboard
from cytorecon.cli.options import DEFAULT_HOST, DEFAULT_PORT, HostOption, PortOption, StudyArgument


def serve(study: StudyArgument, host: HostOption = DEFAULT_HOST, port: PortOption = DEFAULT_PORT) -> None:
    """Show a study in the browser, until stopped with Ctrl-C."""
    from cytorecon.store import StudyStore

    # A study that cannot be opened is a message here, not a page that does not load.
    StudyStore.open(study).close()
    serve_dashboard(study, host=host, port=port)
