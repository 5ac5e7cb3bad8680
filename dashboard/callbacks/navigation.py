"""Links that keep the patient, the choice of a tube, and downloads."""

from __future__ import annotations

from dash import Dash, Input, NoUpdate, Output, State, no_update

from dashboard import ids
from dashboard.services.cohorts import cohort_csv
from dashboard.services.patients import patient_csv
from dashboard.services.selection import query_string, selection_in_url, tube_in_url
from dashboard.services.study import current_study
from dashboard.services.tubes import patient_and_tube

Download = dict[str, str | bool]


def register(app: Dash) -> None:
    """Bind the callbacks of this module to `app`."""
    # two of them, since the second address is only there while the page of a patient is
    for address in (ids.ADDRESS, ids.PATIENT_URL):
        app.callback(
            Output(f"{ids.NAVIGATION}/patient", "href", allow_duplicate=True),
            Output(f"{ids.NAVIGATION}/gates", "href", allow_duplicate=True),
            Input(address, "search"),
            prevent_initial_call="initial_duplicate",
        )(links_of_patient)
    app.callback(
        Output(ids.GATES_URL, "search"),
        Input(ids.GATES_TUBE, "value"),
        prevent_initial_call=True,
    )(gates_search)
    app.callback(
        Output(ids.PATIENT_DOWNLOAD, "data"),
        Input(ids.PATIENT_CSV, "n_clicks"),
        State(ids.PATIENT_SELECT, "value"),
        prevent_initial_call=True,
    )(download_patient)
    app.callback(
        Output(ids.COHORT_DOWNLOAD, "data"),
        Input(ids.COHORT_CSV, "n_clicks"),
        prevent_initial_call=True,
    )(download_cohort)


def links_of_patient(search: str | None) -> tuple[str, str]:
    """Return the addresses of the pages of patient and gates, for whom the present page shows."""
    patient, tube = patient_and_tube(
        current_study().snapshot(), selection_in_url(search).patient, tube_in_url(search)
    )
    return f"/patient{query_string({'patient': patient})}", f"/gates{query_string({'tube': tube})}"


def gates_search(tube: str | None) -> str | NoUpdate:
    """Return the URL query of the gates page."""
    return query_string({"tube": tube}) if tube else no_update


def download_patient(clicks: int | None, patient: str | None) -> Download | NoUpdate:
    """Send the patient's trajectory table."""
    if not clicks or not patient:
        return no_update
    text = patient_csv(current_study().snapshot(), patient)
    return {"content": text, "filename": f"trajectory_{patient}.csv", "type": "text/csv"}


def download_cohort(clicks: int | None) -> Download | NoUpdate:
    """Send the cohort summary."""
    if not clicks:
        return no_update
    return {"content": cohort_csv(current_study().snapshot()), "filename": "cohort.csv", "type": "text/csv"}
