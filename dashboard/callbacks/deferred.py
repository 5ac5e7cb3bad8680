"""Parts of pages that take a moment: they come after the rest is shown."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash, Input, Output
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.components.answers_view import answers_sections
from dashboard.components.outlook_view import outlook_sections
from dashboard.services.answers import cohort_answers
from dashboard.services.outlooks import patient_outlook
from dashboard.services.study import current_study


def register(app: Dash) -> None:
    """Bind the callbacks of this module to `app`."""
    app.callback(Output(ids.PATIENT_OUTLOOK, "children"), Input(ids.PATIENT_OUTLOOK_OF, "data"))(show_outlook)
    app.callback(Output(ids.COHORT_ANSWERS, "children"), Input(ids.COHORT_ANSWERS_OF, "data"))(show_answers)


def show_outlook(patient: str | None) -> Component:
    """Return where the patient stands and what to expect."""
    snapshot = current_study().snapshot()
    if patient not in snapshot.patients:
        raise PreventUpdate
    return outlook_sections(patient_outlook(snapshot, patient))


def show_answers(about: Sequence[str] | None) -> Component:
    """Return the statistics of the cohort for the milestone and the patient of the page."""
    if not about:
        raise PreventUpdate
    milestone, highlight = about
    return answers_sections(cohort_answers(current_study().snapshot(), milestone, highlight))
