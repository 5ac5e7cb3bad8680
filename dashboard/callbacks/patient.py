"""The controls of the patient page: they redraw its content and keep the URL in step.

One callback does both directions, so that controls stay where they are (and keep the focus), and
Back, reload and links show what the URL says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dash import Dash, Input, NoUpdate, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.components.controls import measure_options, population_options
from dashboard.components.patient_view import patient_content
from dashboard.services.patients import band_label, chosen_patient, patient_view
from dashboard.services.selection import selection_in_url, trajectory_selection
from dashboard.services.study import current_study

Options = list[dict[str, str]]
#: In the order of the outputs.
Shown = tuple[Component, str, str | NoUpdate, str, Options, str, str, Options, list[str], bool]


def register(app: Dash) -> None:
    """Bind the callback of this module to `app`."""
    app.callback(
        Output(ids.PATIENT_CONTENT, "children"),
        Output(ids.PATIENT_HEADING, "children"),
        Output(ids.PATIENT_URL, "search"),
        Output(ids.PATIENT_SELECT, "value"),
        Output(ids.PATIENT_MEASURE, "data"),
        Output(ids.PATIENT_MEASURE, "value"),
        Output(ids.PATIENT_TIME, "value"),
        Output(ids.PATIENT_POPULATIONS, "data"),
        Output(ids.PATIENT_POPULATIONS, "value"),
        Output(ids.PATIENT_BAND, "checked"),
        Input(ids.PATIENT_URL, "search"),
        Input(ids.PATIENT_SELECT, "value"),
        Input(ids.PATIENT_MEASURE, "value"),
        Input(ids.PATIENT_TIME, "value"),
        Input(ids.PATIENT_POPULATIONS, "value"),
        Input(ids.PATIENT_BAND, "checked"),
        State(ids.PATIENT_URL, "pathname"),
        prevent_initial_call=True,
    )(show_patient)


def show_patient(
    search: str | None,
    patient: str | None,
    measure: str | None,
    time: str | None,
    populations: Sequence[str] | None,
    band: bool | None,
    pathname: str | None,
) -> Shown:
    """Return content, heading, URL and controls for what was changed: the URL or a control."""
    by_url = ctx.triggered_id == ids.PATIENT_URL
    if by_url and pathname != "/patient":
        raise PreventUpdate  # on the way to another page
    snapshot = current_study().snapshot()
    # a switch that is off for want of patients is no wish
    own_band = bool(band) or not band_label(snapshot)
    shown = trajectory_selection(measure, time, populations, patient, band=own_band)
    wanted = selection_in_url(search) if by_url else shown
    if ctx.triggered_id == ids.PATIENT_MEASURE:
        wanted = replace(wanted, populations=())
    found = chosen_patient(snapshot, wanted.patient)
    if not found:
        raise PreventUpdate
    view = patient_view(snapshot, replace(wanted, patient=found))
    if by_url and view.selection == shown:
        raise PreventUpdate
    return (
        patient_content(view),
        view.heading,
        no_update if by_url else view.selection.search,
        found,
        measure_options(view.measures),
        view.measure,
        view.time,
        population_options(view.all_populations),
        list(view.populations),
        view.band and bool(band_label(snapshot)),
    )
