"""The upload form in its drawer, and the list of uploads that can be removed or restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from cytorecon.study.model import Tube
from dashboard import ids
from dashboard.components.basics import with_aria
from dashboard.services.upload_checks import LIMIT_BYTES, LIMIT_MB, SEXES
from dashboard.services.upload_jobs import UploadState


def upload_drawer(
    patients: Sequence[str], panels: Sequence[tuple[str, str]], programmes: Sequence[tuple[str, str]]
) -> dmc.Drawer:
    """Return the drawer with the form that analyses one file.

    Parameters
    ----------
    patients : sequence of str
        Pseudonyms to choose from; another may be typed.
    panels : sequence of (name, title)
        Templates.
    programmes : sequence of (programme, name)
        What a new patient can be treated in.
    """
    return dmc.Drawer(
        id=ids.UPLOAD_DRAWER,
        title="Analyse one more file",
        position="right",
        size="460px",
        keepMounted=True,
        closeButtonProps={"aria-label": "Close"},
        children=html.Div(
            [
                *_file_part(),
                *_patient_part(patients, programmes),
                *_visit_part(panels),
                _counting_part(),
                _precision_part(),
                *_action_part(),
            ],
            className="upload-form",
        ),
    )


def _file_part() -> list[Component]:
    return [
        dcc.Upload(
            # any name: cytometers end theirs in .001 or .B08 too, and what is no FCS file is told as such
            id=ids.UPLOAD_FILE,
            max_size=LIMIT_BYTES,
            multiple=False,
            className="drop-zone",
            className_active="drop-zone drop-zone-active",
            children=html.Div(
                [
                    html.Div([html.B("Drop an FCS file here"), " or click to choose one"]),
                    html.Div(
                        f"Up to {LIMIT_MB} MB. Its name can end in anything. The file is kept with the "
                        "study, without names and dates.",
                        className="muted small",
                    ),
                ]
            ),
        ),
        with_aria(html.Div(id=ids.UPLOAD_FILE_STATE, className="file-state"), live="polite"),
    ]


def _patient_part(patients: Sequence[str], programmes: Sequence[tuple[str, str]]) -> list[Component]:
    return [
        dmc.Autocomplete(
            id=ids.UPLOAD_PATIENT,
            label="Patient",
            description="Choose one, or type a new study pseudonym. No names, no hospital numbers.",
            data=list(patients),
            required=True,
        ),
        with_aria(html.Div(id=ids.UPLOAD_KNOWN, className="muted small"), live="polite"),
        html.Fieldset(
            [
                html.Legend("New patient (optional)"),
                html.Div("For reference ranges and milestones.", className="muted small"),
                html.Div(
                    [
                        number_input(ids.UPLOAD_AGE, "Age", "years, on day 0"),
                        choice_input(
                            ids.UPLOAD_SEX,
                            "Sex",
                            "as for reference ranges",
                            [(sex, sex) for sex in SEXES[1:]],
                        ),
                    ],
                    className="form-pair",
                ),
                choice_input(ids.UPLOAD_PROGRAMME, "Programme", "what day 0 is", programmes),
            ],
            id=ids.UPLOAD_NEW_PATIENT,
            className="counting",
            hidden=True,
        ),
    ]


def choice_input(name: str, label: str, description: str, options: Sequence[tuple[str, str]]) -> dmc.Select:
    """Return a choice that may be left open."""
    return dmc.Select(
        id=name,
        label=label,
        description=description,
        data=[{"value": value, "label": title} for value, title in options],
        clearable=True,
        placeholder="not known",
    )


def _visit_part(panels: Sequence[tuple[str, str]]) -> list[Component]:
    names = [name for name, _ in panels]
    return [
        html.Div(
            [
                dmc.TextInput(
                    id=ids.UPLOAD_DAY,
                    label="Day",
                    description="0 is the transplant",
                    autoComplete="off",
                    required=True,
                ),
                dmc.TextInput(id=ids.UPLOAD_VISIT, label="Visit", description="optional, e.g. +30"),
            ],
            className="form-pair",
        ),
        dmc.Select(
            id=ids.UPLOAD_PANEL,
            label="Panel",
            data=[{"value": name, "label": title} for name, title in panels],
            value="tbnk" if "tbnk" in names else names[0],
            allowDeselect=False,
            required=True,
        ),
    ]


def _counting_part() -> html.Fieldset:
    return html.Fieldset(
        [
            html.Legend("For cells/µL (optional)"),
            html.Div(
                "Counting beads with the blood volume, or a blood count of the same draw. Without "
                "either, the result is percentages only.",
                className="muted small",
            ),
            html.Div(
                [
                    number_input(ids.UPLOAD_BEADS, "Beads per tube", "of this lot"),
                    number_input(ids.UPLOAD_VOLUME, "Blood volume", "µL in the tube"),
                ],
                className="form-pair",
            ),
            html.Div(
                [
                    number_input(ids.UPLOAD_ALC, "Lymphocytes (ALC)", "cells/µL"),
                    number_input(ids.UPLOAD_WBC, "White cells (WBC)", "cells/µL"),
                ],
                className="form-pair",
            ),
        ],
        className="counting",
    )


def _precision_part() -> html.Details:
    """Return the part about how precise amounts are, closed until somebody has figures for it."""
    return html.Details(
        [
            html.Summary("Uncertainty of volume and counts (optional)"),
            html.Div(
                "Coefficient of variation in percent, from your laboratory's validation. It widens every "
                "interval that rests on the quantity; without it, the interval leaves this error out.",
                className="muted small",
            ),
            html.Div(
                [
                    number_input(ids.UPLOAD_PIPETTING_CV, "Pipetting", "CV of the blood volume, %"),
                    number_input(ids.UPLOAD_BEADS_CV, "Bead number", "CV of the lot, %"),
                ],
                className="form-pair",
            ),
            html.Div(
                [
                    number_input(ids.UPLOAD_ALC_CV, "Lymphocytes (ALC) CV", "CV of the count, %"),
                    number_input(ids.UPLOAD_WBC_CV, "White cells (WBC) CV", "CV of the count, %"),
                ],
                className="form-pair",
            ),
        ],
        className="counting",
    )


def number_input(name: str, label: str, unit: str) -> dmc.TextInput:
    """Return a field for a number, which is sent as typed."""
    # a text field: number fields of browsers drop what they do not like, so that 14,5 becomes 145
    return dmc.TextInput(
        id=name, label=label, description=unit, autoComplete="off", inputProps={"inputMode": "decimal"}
    )


def _action_part() -> list[Component]:
    return [
        dmc.TextInput(
            id=ids.UPLOAD_BY,
            label="Your initials",
            description="optional; they stand in the history of the study",
            autoComplete="off",
            persistence=True,
            persistence_type="session",
        ),
        dmc.Button("Analyse", id=ids.UPLOAD_ANALYSE, fullWidth=True),
        with_aria(html.Div(id=ids.UPLOAD_MESSAGE), live="polite"),
        # of this tab, and still there when it is loaded again
        dcc.Store(id=ids.UPLOAD_JOB, storage_type="session"),
    ]


def upload_done(message: str, patient: str, gates_link: str, patient_link: str) -> dmc.Alert:
    """Return the message after an analysis, with links to its gates and its trajectory."""
    return dmc.Alert(
        [
            html.Div(message),
            html.Div(
                [
                    dcc.Link("See its gates", href=gates_link),
                    dcc.Link(f"Trajectory of {patient}", href=patient_link),
                ],
                className="alert-links",
            ),
        ],
        title="Analysed and stored",
        color="teal",
    )


def upload_refused(message: str) -> dmc.Alert:
    """Return the message when nothing was stored."""
    return dmc.Alert(message, title="Nothing was stored", color="red")


def upload_waits(state: UploadState) -> dmc.Alert:
    """Return the message while an upload waits or runs."""
    return dmc.Alert(
        f"{state.tube}: {state.message} You can go on; the page may be closed.",
        title=_TITLES[state.state],
        color="blue",
    )


def upload_cancelled(tube: str) -> dmc.Alert:
    """Return the message for an upload that somebody stopped."""
    return dmc.Alert(f"{tube} was not stored.", title=_TITLES["cancelled"], color="gray")


#: Of an upload on its way; one that is done stands among the tubes.
_TITLES: Final = {
    "queued": "Queued",
    "running": "Being analysed",
    "failed": "Nothing was stored",
    "cancelled": "Cancelled",
}


def uploads_list(
    uploads: Sequence[Tube], removed: Sequence[Tube], on_their_way: Sequence[UploadState] = ()
) -> Component:
    """Return the uploads on their way, then those of the study, with buttons to remove or restore them."""
    if not uploads and not removed and not on_their_way:
        return html.Div()
    rows = [_job_row(state) for state in on_their_way]
    rows += [
        _upload_row(tube.tube, "Remove", {"type": ids.REMOVE_UPLOAD, "tube": tube.tube}, "")
        for tube in uploads
    ]
    rows += [
        _upload_row(tube.tube, "Restore", {"type": ids.RESTORE_UPLOAD, "tube": tube.tube}, "removed")
        for tube in removed
    ]
    return html.Div(
        [html.H2("Uploads", className="section-title"), html.Ul(rows, className="uploads")],
        className="panel uploads-panel",
    )


def _job_row(state: UploadState) -> html.Li:
    words = f"{_TITLES[state.state].lower()}: {state.message}"
    if state.is_unfinished:
        return _upload_row(state.tube, "Cancel", {"type": ids.CANCEL_UPLOAD, "job": state.job}, words)
    return _upload_row(state.tube, "Try again", {"type": ids.RETRY_UPLOAD, "job": state.job}, words)


def _upload_row(tube: str, action: str, button: Mapping[str, str], state: str) -> html.Li:
    return html.Li(
        [
            html.Span(tube),
            html.Span(state, className="muted small"),
            dmc.Button(
                action,
                id=dict(button),
                variant="default",
                size="compact-xs",
                **{"aria-label": f"{action} {tube}"},
            ),
        ]
    )
