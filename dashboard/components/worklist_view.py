"""Parts of the worklist: the grid of tubes and its filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html

from dashboard import ids
from dashboard.services.tubes import SHAPES, STATES, WorklistRow

_COLUMNS: Final = [
    {"field": "tube", "headerName": "Tube", "cellRenderer": "TubeLink", "pinned": "left", "width": 122},
    {"field": "patient", "headerName": "Patient", "width": 88},
    {"field": "day", "headerName": "Day", "type": "rightAligned", "width": 66},
    {"field": "visit", "headerName": "Visit", "width": 78},
    {
        "field": "state",
        "headerName": "Status",
        "width": 132,
        "cellClassRules": {
            "state-good": {"function": "params.value == '● analysed'"},
            "state-watch": {"function": "params.value == '◆ needs a look'"},
            "state-bad": {"function": "params.value == '✕ failed'"},
        },
    },
    {
        "field": "notes",
        "headerName": "Notes",
        "flex": 1,
        "minWidth": 260,
        "wrapText": True,
        "autoHeight": True,
        "cellClass": "notes-cell",
    },
    {
        "field": "events",
        "headerName": "Events",
        "type": "rightAligned",
        "width": 96,
        "valueFormatter": {"function": "params.value == null ? '–' : d3.format(',')(params.value)"},
    },
    {"field": "gates", "headerName": "Gates", "width": 128},
    {"field": "method", "headerName": "Counted by", "width": 142},
    {"field": "panel", "headerName": "Panel", "width": 96},
]


def worklist_grid(rows: Sequence[WorklistRow], search: str) -> dag.AgGrid:
    """Return the grid of tubes; a click on a row opens its gates."""
    return dag.AgGrid(
        id=ids.WORKLIST_GRID,
        rowData=list(rows),
        columnDefs=_COLUMNS,
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={
            "domLayout": "autoHeight",
            "quickFilterText": search,
            "animateRows": False,
            "rowHeight": 38,
            "headerHeight": 38,
            "pagination": True,
            "paginationPageSize": 20,
            "paginationPageSizeSelector": [20, 50, 100],
            "suppressCellFocus": False,
            "localeText": {"noRowsToShow": "No tube matches these filters."},
        },
        getRowId="params.data.tube",
        className="ag-theme-quartz worklist",
        style={"height": None},
    )


def worklist_filters(patients: Sequence[str], search: str, chosen: Sequence[str], state: str) -> html.Div:
    """Return the filters above the grid, set as in the URL."""
    states = [{"label": "All", "value": ""}]
    states += [{"label": f"{SHAPES[name]} {name.capitalize()}", "value": name} for name in STATES]
    return html.Div(
        [
            dmc.TextInput(
                id=ids.WORKLIST_SEARCH,
                value=search,
                placeholder="Search tubes, notes, methods …",
                debounce=250,
                w=240,
                size="sm",
                **{"aria-label": "Search the worklist"},
            ),
            dmc.MultiSelect(
                id=ids.WORKLIST_PATIENTS,
                data=list(patients),
                value=list(chosen),
                placeholder="All patients" if not chosen else None,
                clearable=True,
                searchable=True,
                w=230,
                size="sm",
                **{"aria-label": "Patients"},
            ),
            dmc.SegmentedControl(
                id=ids.WORKLIST_STATUS, data=states, value=state, size="xs", **{"aria-label": "Status"}
            ),
        ],
        className="filters",
    )
