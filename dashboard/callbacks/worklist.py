"""Filters of the worklist, and a click on one of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import Dash, Input, NoUpdate, Output, Patch, State, no_update

from dashboard import ids
from dashboard.services.selection import query_string
from dashboard.services.study import current_study
from dashboard.services.tubes import WorklistRow, filter_rows, worklist_rows, worklist_summary


def register(app: Dash) -> None:
    """Bind the callbacks of this module to `app`."""
    app.callback(
        Output(ids.WORKLIST_GRID, "rowData"),
        Output(ids.WORKLIST_GRID, "dashGridOptions"),
        Output(ids.WORKLIST_SUMMARY, "children"),
        Output(ids.WORKLIST_URL, "search"),
        Input(ids.WORKLIST_SEARCH, "value"),
        Input(ids.WORKLIST_PATIENTS, "value"),
        Input(ids.WORKLIST_STATUS, "value"),
        Input(ids.STUDY_CHANGED, "data"),
        prevent_initial_call=True,
    )(filter_worklist)
    app.callback(
        Output(ids.WORKLIST_OPEN, "href"),
        Input(ids.WORKLIST_GRID, "cellClicked"),
        State(ids.WORKLIST_OPEN, "href"),
        prevent_initial_call=True,
    )(open_gates)


def filter_worklist(
    search: str | None, patients: Sequence[str] | None, state: str | None, _changed: int | None
) -> tuple[list[WorklistRow], Patch, str, str]:
    """Return rows, quick filter, summary line and URL for the filters."""
    rows = worklist_rows(current_study().snapshot())
    options = Patch()
    options["quickFilterText"] = search or ""
    query = query_string({"search": search or "", "patient": ",".join(patients or ()), "status": state or ""})
    return (
        filter_rows(rows, patients=patients or (), state=state or ""),
        options,
        worklist_summary(rows),
        query,
    )


def open_gates(cell: Mapping[str, object] | None, _here: str | None) -> str | NoUpdate:
    """Return the address of the gates of the clicked tube."""
    # the tube column is a link already
    if not cell or cell.get("colId") == "tube":
        return no_update
    return "/gates" + query_string({"tube": str(cell["rowId"])})
