"""Make the dashboard of one study."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import dash
from dash import Dash, set_props

import cytorecon
from cytorecon.errors import CytoreconError
from cytorecon.jobs.desk import Desk, JobDesk
from cytorecon.knowledge.references import References
from cytorecon.store import StudyStore
from dashboard import ids
from dashboard.callbacks import cohort as cohort_callbacks
from dashboard.callbacks import completion, decisions, deferred, navigation, upload, worklist
from dashboard.callbacks import patient as patient_callbacks
from dashboard.components.shell import PAGES, error_alert, shell
from dashboard.pages import cohort, gates, patient
from dashboard.pages import worklist as worklist_page
from dashboard.security import keep_calm, keep_door, log_error, protect
from dashboard.services.hints import error_in_browser
from dashboard.services.study import StudyService
from dashboard.services.upload_checks import LIMIT_BYTES

_LAYOUTS: Final = {
    "/": worklist_page.layout,
    "/gates": gates.layout,
    "/patient": patient.layout,
    "/cohort": cohort.layout,
}
_CALLBACKS: Final = (
    navigation,
    worklist,
    decisions,
    patient_callbacks,
    cohort_callbacks,
    upload,
    completion,
    deferred,
)
#: A request holds one uploaded file in base64 (4 bytes for 3) and the form.
LARGEST_REQUEST: Final = LIMIT_BYTES * 4 // 3 + 1_000_000


def create_app(
    location: str | Path,
    *,
    desk: Callable[[StudyStore], Desk] | None = None,
    blobs: str = "",
    references: References | None = None,
    host: str = "127.0.0.1",
    allow_hosts: Iterable[str] = (),
) -> Dash:
    """Return the dashboard of the study at `location`.

    Parameters
    ----------
    location : str or Path
        A study folder, or the URL of its PostgreSQL database.
    desk : callable, optional
        Makes the desk that takes uploads; by default that of the study's workers.
    blobs : str
        Where files of the study are kept; empty for the usual place.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.
    host : str
        Address it listens on.
    allow_hosts : iterable of str
        Names, besides `host` and those of this computer, under which it may be asked for. A
        request under any other name is refused.

    Raises
    ------
    StoreError
        If there is no study, or it cannot be opened.
    CytoreconError
        If one of `allow_hosts` is no name of a host.
    """
    store = StudyStore.open(location)
    service = StudyService(store, desk(store) if desk else JobDesk(store, location, blobs), references)
    app = Dash(
        "dashboard",
        use_pages=True,
        pages_folder="",
        enable_mcp=False,
        serve_locally=True,
        suppress_callback_exceptions=True,
        update_title="",
        title="cytorecon",
        on_error=_tell_error,
    )
    app.server.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    service.attach(app.server)
    for order, (path, name) in enumerate(PAGES):
        page = _LAYOUTS[path]
        title = f"{name} · cytorecon"
        dash.register_page(  # type: ignore[no-untyped-call]
            page.__module__, path, name=name, title=title, order=order, layout=page
        )
    name = service.snapshot().study.name
    app.layout = shell(name, cytorecon.__version__)
    for module in _CALLBACKS:
        module.register(app)
    protect(app)
    keep_calm(app)
    keep_door(app, host=host, names=allow_hosts)
    return app


def _tell_error(error: Exception) -> None:
    """Show an error on the page; where it happened goes to the server's log."""
    if isinstance(error, CytoreconError):
        set_props(ids.ERROR, {"children": error_alert(error_in_browser(error))})
        return
    log_error("A callback failed.", error)
    message = "The server could not answer. Reload the page; if it happens again, look in the server's log."
    set_props(ids.ERROR, {"children": error_alert(message)})
