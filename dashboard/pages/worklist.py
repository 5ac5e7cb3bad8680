"""Worklist: every tube of the study, and the door for one more file."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import ids
from dashboard.components.basics import TICK_MS, empty_state, page_head, with_aria
from dashboard.components.upload_form import upload_drawer, uploads_list
from dashboard.components.worklist_view import worklist_filters, worklist_grid
from dashboard.services.selection import split_names
from dashboard.services.study import current_study
from dashboard.services.tubes import STATES, filter_rows, worklist_rows, worklist_summary
from dashboard.services.upload_jobs import uploads_on_their_way
from dashboard.services.uploads import panels, programmes, removed_uploads, uploaded_tubes


def layout(
    search: str | None = None, patient: str | None = None, status: str | None = None, **_unknown: str
) -> html.Div:
    """Return the worklist.

    Parameters
    ----------
    search, patient, status : str or None
        Filters as they stand in the URL.
    """
    service = current_study()
    snapshot = service.snapshot()
    rows = worklist_rows(snapshot)
    chosen = [name for name in split_names(patient) if name in snapshot.patients]
    state = status if status in STATES else ""
    shown = filter_rows(rows, patients=chosen, state=state)
    hint = "Upload a small FCS file here, or analyse a folder with `cytorecon batch` and serve its study."
    on_their_way = uploads_on_their_way(service)
    uploads = uploads_list(uploaded_tubes(snapshot), removed_uploads(snapshot), on_their_way)
    waits = any(upload.is_unfinished for upload in on_their_way)
    return html.Div(
        [
            dcc.Location(id=ids.WORKLIST_URL, refresh=False),
            dcc.Location(id=ids.WORKLIST_OPEN, refresh="callback-nav"),
            dcc.Interval(id=ids.UPLOAD_POLL, interval=TICK_MS, disabled=not waits),
            page_head(
                "Worklist",
                dmc.Button("Analyse a file", id=ids.UPLOAD_OPEN, size="sm"),
                subtitle=html.Span(worklist_summary(rows), id=ids.WORKLIST_SUMMARY),
            ),
            worklist_filters(snapshot.patients, search or "", chosen, state),
            html.Div(uploads, id=ids.UPLOADS_LIST),
            with_aria(html.Div(id=ids.UPLOADS_MESSAGE, className="muted small"), live="polite"),
            None if rows else empty_state("No tubes yet", hint),
            html.Div(worklist_grid(shown, search or ""), className="panel grid-panel"),
            upload_drawer(snapshot.patients, panels(), programmes()),
        ]
    )
