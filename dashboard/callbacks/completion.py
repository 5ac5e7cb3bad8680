"""Save what was filled in about a patient, and draw the page again."""

from __future__ import annotations

from dash import Dash, Input, NoUpdate, Output, State, no_update
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components.patient_view import patient_content
from dashboard.services.completion import complete
from dashboard.services.patients import patient_view
from dashboard.services.selection import trajectory_selection
from dashboard.services.study import current_study

Saved = tuple[Component | NoUpdate, str | NoUpdate, int | NoUpdate, str, str | None]


def register(app: Dash) -> None:
    """Bind the callback of this module to `app`."""
    app.callback(
        Output(ids.PATIENT_CONTENT, "children", allow_duplicate=True),
        Output(ids.PATIENT_HEADING, "children", allow_duplicate=True),
        Output(ids.STUDY_CHANGED, "data", allow_duplicate=True),
        Output(ids.COMPLETE_MESSAGE, "children"),
        Output(ids.COMPLETE_AGE, "error"),
        Input(ids.COMPLETE_SAVE, "n_clicks"),
        State(ids.COMPLETE_AGE, "value"),
        State(ids.COMPLETE_SEX, "value"),
        State(ids.COMPLETE_PROGRAMME, "value"),
        State(ids.COMPLETE_CMV, "value"),
        State(ids.PATIENT_SELECT, "value"),
        State(ids.PATIENT_MEASURE, "value"),
        State(ids.PATIENT_TIME, "value"),
        State(ids.PATIENT_POPULATIONS, "value"),
        prevent_initial_call=True,
    )(save)


def save(
    clicks: int | None,
    age: str | None,
    sex: str | None,
    programme: str | None,
    cmv: str | None,
    patient: str | None,
    measure: str | None,
    time: str | None,
    populations: list[str] | None,
) -> Saved:
    """Store what was filled in, or say what is wrong with it."""
    if not clicks:
        return no_update, no_update, no_update, "", None
    service = current_study()
    outcome = complete(
        service, patient or "", age=age, sex=sex or "", programme=programme or "", cmv=cmv or ""
    )
    if not outcome.stored:
        return no_update, no_update, no_update, outcome.problem, outcome.age_problem or None
    snapshot = service.snapshot()
    view = patient_view(snapshot, trajectory_selection(measure, time, populations, patient))
    return patient_content(view), view.heading, snapshot.revision, "", None
