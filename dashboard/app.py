"""Make the dashboard of one study, and serve it."""

from __future__ import annotations

import ipaddress
import logging
import sys
from pathlib import Path
from typing import Final

import dash
import waitress
from dash import Dash, set_props

import cytorecon
from cytorecon.errors import CytoreconError
from cytorecon.store import StudyStore
from dashboard import ids
from dashboard.callbacks import navigation, upload, worklist
from dashboard.components.shell import PAGES, error_alert, shell
from dashboard.pages import cohort, gates, patient
from dashboard.pages import worklist as worklist_page
from dashboard.security import protect
from dashboard.services.analysis import analyze_upload
from dashboard.services.study import Analyze, StudyService
from dashboard.services.uploads import LIMIT_BYTES

_LOG: Final = logging.getLogger("dashboard")
_LAYOUTS: Final = {
    "/": worklist_page.layout,
    "/gates": gates.layout,
    "/patient": patient.layout,
    "/cohort": cohort.layout,
}
#: A request holds one uploaded file in base64 (4 bytes for 3) and the form.
_LARGEST_REQUEST: Final = LIMIT_BYTES * 4 // 3 + 1_000_000


def create_app(location: str | Path, *, analyze: Analyze = analyze_upload) -> Dash:
    """Return the dashboard of the study at `location`.

    Parameters
    ----------
    location : str or Path
        A study folder, or the URL of its PostgreSQL database.
    analyze : callable
        Analyses an uploaded file.

    Raises
    ------
    StoreError
        If there is no study, or it cannot be opened.
    """
    service = StudyService(StudyStore.open(location), analyze)
    app = Dash(
        __name__,
        use_pages=True,
        pages_folder="",
        enable_mcp=False,
        serve_locally=True,
        suppress_callback_exceptions=True,
        update_title="",
        title="cytorecon",
        on_error=_tell_error,
    )
    app.server.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    service.attach(app.server)
    for order, (path, name) in enumerate(PAGES):
        page = _LAYOUTS[path]
        title = f"{name} · cytorecon"
        dash.register_page(  # type: ignore[no-untyped-call]
            page.__module__, path, name=name, title=title, order=order, layout=page
        )
    name = service.snapshot().study.name
    app.layout = shell(name, cytorecon.__version__)
    for module in (navigation, worklist, upload):
        module.register(app)
    protect(app)
    return app


def _tell_error(error: Exception) -> None:
    """Show an error on the page; the traceback goes to the server's log."""
    if isinstance(error, CytoreconError):
        set_props(ids.ERROR, {"children": error_alert(str(error))})
        return
    _LOG.error("A callback failed.", exc_info=error)
    message = "The server could not answer. Reload the page; if it happens again, look in the server's log."
    set_props(ids.ERROR, {"children": error_alert(message)})


def serve(location: str | Path, host: str = "127.0.0.1", port: int = 8050) -> None:
    """Serve the dashboard of the study at `location` until interrupted.

    Parameters
    ----------
    location : str or Path
        A study folder, or the URL of its PostgreSQL database.
    host : str
        Address to listen on. There is no login: any other than this computer's own is warned of.
    port : int
        Port to listen on.

    Raises
    ------
    StoreError
        If there is no study, or it cannot be opened.
    CytoreconError
        If the port is taken or the address is not one of this computer's.
    """
    app = create_app(location)
    try:
        server = waitress.create_server(
            app.server, host=host, port=port, threads=8, max_request_body_size=_LARGEST_REQUEST
        )
    except OSError as error:
        raise CytoreconError(
            "The dashboard cannot listen here.",
            subject=f"{host}:{port}",
            found=error.strerror or str(error),
            hint="Is another dashboard running? Choose another port, e.g. --port 8051.",
        ) from error
    if not is_loopback(host):
        sys.stderr.write(
            f"Warning: {host} can be reached from other computers, and the dashboard has no login: "
            "whoever reaches it sees the study. Use 127.0.0.1 unless your network protects it.\n"
        )
    sys.stderr.write(f"cytorecon dashboard on http://{host}:{port}/ (stop with Ctrl-C)\n")
    server.run()


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach `host`.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
