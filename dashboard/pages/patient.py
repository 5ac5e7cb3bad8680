"""Patient: the recovery of one patient against time."""

from __future__ import annotations

from dataclasses import replace

from dash import dcc, html

from dashboard import ids
from dashboard.components.basics import empty_state, page_head
from dashboard.components.controls import (
    band_control,
    choice_control,
    measure_control,
    populations_control,
    time_control,
)
from dashboard.components.patient_view import patient_content
from dashboard.services.patients import band_label, chosen_patient, patient_view
from dashboard.services.selection import TrajectorySelection, trajectory_selection
from dashboard.services.study import Snapshot, current_study


def layout(
    patient: str | None = None,
    measure: str | None = None,
    time: str | None = None,
    populations: str | None = None,
    band: str | None = None,
    **_unknown: str,
) -> html.Div:
    """Return the page of one patient.

    Parameters
    ----------
    patient, measure, time, populations, band : str or None
        As they stand in the URL.
    """
    snapshot = current_study().snapshot()
    wanted = trajectory_selection(measure, time, populations, patient, band=band != "off")
    found = chosen_patient(snapshot, wanted.patient)
    if not found:
        return _nobody(snapshot, wanted)
    view = patient_view(snapshot, replace(wanted, patient=found))
    controls = html.Div(
        [
            choice_control(ids.PATIENT_SELECT, "Patient", _options(snapshot), found),
            measure_control(ids.PATIENT_MEASURE, view.measures, view.measure),
            time_control(ids.PATIENT_TIME, view.time),
            band_control(ids.PATIENT_BAND, band_label(snapshot), view.band),
            populations_control(ids.PATIENT_POPULATIONS, view.all_populations, view.populations),
        ],
        className="panel controls",
    )
    return html.Div(
        [
            dcc.Location(id=ids.PATIENT_URL, refresh=False),
            dcc.Download(id=ids.PATIENT_DOWNLOAD),
            page_head(html.Span(view.heading, id=ids.PATIENT_HEADING)),
            controls,
            html.Div(patient_content(view), id=ids.PATIENT_CONTENT),
        ]
    )


def _options(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(patient, patient) for patient in snapshot.patients]


def _nobody(snapshot: Snapshot, wanted: TrajectorySelection) -> html.Div:
    if not snapshot.patients:
        content = empty_state("No patients yet", "Analyse a file first: see the worklist.")
        return html.Div([page_head("Patient"), content])
    known = ", ".join(snapshot.patients)
    return html.Div(
        [
            page_head("Patient"),
            empty_state(f"There is no patient {wanted.patient} in this study.", f"Patients: {known}."),
        ]
    )
