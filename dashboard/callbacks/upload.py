"""The upload drawer: choose, analyse, see how far it is; cancel, remove, restore."""

from __future__ import annotations

from collections.abc import Sequence

from dash import ALL, Dash, Input, NoUpdate, Output, State, ctx, no_update
from dash.development.base_component import Component

from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME
from dashboard import ids
from dashboard.components.basics import TICK_MS, WAITING_MS
from dashboard.components.gates_view import gates_link
from dashboard.components.upload_form import (
    upload_cancelled,
    upload_done,
    upload_refused,
    upload_waits,
    uploads_list,
)
from dashboard.services.selection import query_string
from dashboard.services.study import StudyService, current_study
from dashboard.services.typed_numbers import read_typed
from dashboard.services.upload_checks import PRECISION, SEXES, UploadForm, check_file
from dashboard.services.upload_jobs import (
    UploadState,
    cancel_upload,
    find_upload,
    retry_upload,
    upload_state,
    uploads_on_their_way,
)
from dashboard.services.uploads import (
    known_patient,
    remove_upload,
    removed_uploads,
    restore_upload,
    upload,
    uploaded_tubes,
)

#: Fields of the form that show a message of their own, in the order of the callback's outputs.
UPLOAD_FIELDS = (
    ("visit", ids.UPLOAD_VISIT),
    ("patient", ids.UPLOAD_PATIENT),
    ("day", ids.UPLOAD_DAY),
    ("panel", ids.UPLOAD_PANEL),
    ("beads_per_tube", ids.UPLOAD_BEADS),
    ("blood_volume_ul", ids.UPLOAD_VOLUME),
    ("lymphocytes_cells_per_ul", ids.UPLOAD_ALC),
    ("wbc_cells_per_ul", ids.UPLOAD_WBC),
    ("age_years", ids.UPLOAD_AGE),
    ("sex", ids.UPLOAD_SEX),
    ("programme", ids.UPLOAD_PROGRAMME),
    ("by", ids.UPLOAD_BY),
    ("pipetting_cv_percent", ids.UPLOAD_PIPETTING_CV),
    ("beads_cv_percent", ids.UPLOAD_BEADS_CV),
    ("wbc_cv_percent", ids.UPLOAD_WBC_CV),
    ("lymphocytes_cv_percent", ids.UPLOAD_ALC_CV),
)

Analysed = tuple[
    Component | str,
    str,
    NoUpdate | None,
    int | NoUpdate,
    str | NoUpdate,
    bool | NoUpdate,
    *tuple[str | None, ...],
]


def register(app: Dash) -> None:
    """Bind the callbacks of this module to `app`."""
    app.callback(
        Output(ids.UPLOAD_DRAWER, "opened"), Input(ids.UPLOAD_OPEN, "n_clicks"), prevent_initial_call=True
    )(open_drawer)
    app.callback(
        Output(ids.UPLOAD_FILE_STATE, "children", allow_duplicate=True),
        Input(ids.UPLOAD_FILE, "contents"),
        prevent_initial_call=True,
    )(tell_file)
    app.callback(
        Output(ids.UPLOAD_MESSAGE, "children"),
        Output(ids.UPLOAD_FILE_STATE, "children"),
        Output(ids.UPLOAD_FILE, "contents"),
        Output(ids.STUDY_CHANGED, "data", allow_duplicate=True),
        Output(ids.UPLOAD_JOB, "data"),
        Output(ids.UPLOAD_POLL, "disabled", allow_duplicate=True),
        *(Output(name, "error") for _, name in UPLOAD_FIELDS),
        Input(ids.UPLOAD_ANALYSE, "n_clicks"),
        State(ids.UPLOAD_FILE, "contents"),
        *(State(name, "value") for _, name in UPLOAD_FIELDS),
        running=[(Output(ids.UPLOAD_ANALYSE, "loading"), True, False)],
        prevent_initial_call=True,
    )(analyse)
    app.callback(
        Output(ids.UPLOAD_KNOWN, "children"),
        Output(ids.UPLOAD_NEW_PATIENT, "hidden"),
        Input(ids.UPLOAD_PATIENT, "value"),
        Input(ids.STUDY_CHANGED, "data"),
        prevent_initial_call=True,
    )(tell_patient)
    app.callback(
        Output(ids.UPLOADS_LIST, "children"),
        Output(ids.UPLOAD_PATIENT, "data"),
        Input(ids.STUDY_CHANGED, "data"),
        prevent_initial_call=True,
    )(list_uploads)
    app.callback(
        Output(ids.UPLOAD_MESSAGE, "children", allow_duplicate=True),
        Output(ids.UPLOADS_LIST, "children", allow_duplicate=True),
        Output(ids.STUDY_CHANGED, "data", allow_duplicate=True),
        Output(ids.UPLOAD_POLL, "disabled", allow_duplicate=True),
        Input(ids.UPLOAD_POLL, "n_intervals"),
        State(ids.UPLOAD_JOB, "data"),
        State(ids.STUDY_CHANGED, "data"),
        running=[(Output(ids.UPLOAD_POLL, "interval"), WAITING_MS, TICK_MS)],
        prevent_initial_call=True,
    )(look_after)
    app.callback(
        Output(ids.UPLOADS_MESSAGE, "children", allow_duplicate=True),
        Output(ids.UPLOADS_LIST, "children", allow_duplicate=True),
        Output(ids.UPLOAD_POLL, "disabled", allow_duplicate=True),
        Input({"type": ids.CANCEL_UPLOAD, "job": ALL}, "n_clicks"),
        Input({"type": ids.RETRY_UPLOAD, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(cancel_or_retry)
    app.callback(
        Output(ids.UPLOADS_MESSAGE, "children"),
        Output(ids.STUDY_CHANGED, "data", allow_duplicate=True),
        Input({"type": ids.REMOVE_UPLOAD, "tube": ALL}, "n_clicks"),
        Input({"type": ids.RESTORE_UPLOAD, "tube": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(remove_or_restore)


def open_drawer(clicks: int | None) -> bool | NoUpdate:
    """Open the drawer."""
    return True if clicks else no_update


def tell_file(contents: str | None) -> str:
    """Say whether the chosen file can be analysed; its name is not repeated."""
    if contents is None:
        return ""
    problem = check_file(contents)
    return f"✕ {problem}" if problem else f"● File ready, {len(contents) * 3 / 4e6:.1f} MB."


def analyse(clicks: int | None, contents: str | None, *values: str | float | None) -> Analysed:
    """Have the chosen file analysed and say how far that is, or what is wrong with the form."""
    form = _form(contents, values)
    service = current_study()
    outcome = upload(service, form) if clicks else None
    if outcome is None:
        return "", "", no_update, no_update, no_update, no_update, *(None for _ in UPLOAD_FIELDS)
    errors = tuple(outcome.problem(field) or None for field, _ in UPLOAD_FIELDS)
    if outcome.job is not None:
        state = upload_state(service, outcome.job)
        # the file is forgotten, so that a second click does not analyse it again
        return _message(state), "", None, service.snapshot().revision, state.job, False, *errors
    only_file = [field for field, _ in outcome.problems] == ["contents"]
    refused = outcome.problem("contents" if only_file else "") or "Check the marked fields."
    # the file stays chosen
    file_state = outcome.problem("contents") or tell_file(contents)
    return upload_refused(refused), file_state, no_update, no_update, no_update, no_update, *errors


def _message(state: UploadState) -> Component:
    said: Component
    if state.is_unfinished:
        said = upload_waits(state)
    elif state.state == "done":
        link = "/patient" + query_string({"patient": state.patient})
        said = upload_done(state.message, state.patient, gates_link(state.tube), link)
    elif state.state == "cancelled":
        said = upload_cancelled(state.tube)
    else:
        said = upload_refused(state.message)
    return said


def look_after(
    _ticks: int | None, job: str | None, changed: int | None
) -> tuple[Component | NoUpdate, Component, int | NoUpdate, bool]:
    """Say how far the uploads are; the clock stops when none is on its way."""
    service = current_study()
    mine = find_upload(service, job) if job else None
    states = uploads_on_their_way(service)
    revision = service.snapshot().revision
    return (
        _message(mine) if mine is not None else no_update,
        _listed(service, states),
        revision if revision != changed else no_update,
        not any(state.is_unfinished for state in states),
    )


def cancel_or_retry(
    cancels: Sequence[int | None], retries: Sequence[int | None]
) -> tuple[str | NoUpdate, Component | NoUpdate, bool | NoUpdate]:
    """Stop the upload whose button was pressed, or analyse it again."""
    pressed = ctx.triggered_id
    # drawing the list again sends its fresh buttons here, unpressed
    if pressed is None or not any((*cancels, *retries)):
        return no_update, no_update, no_update
    service = current_study()
    act = cancel_upload if pressed["type"] == ids.CANCEL_UPLOAD else retry_upload
    message = act(service, str(pressed["job"]))
    return message, _listed(service, uploads_on_their_way(service)), False


def _listed(service: StudyService, states: Sequence[UploadState]) -> Component:
    snapshot = service.snapshot()
    return uploads_list(uploaded_tubes(snapshot), removed_uploads(snapshot), states)


#: Fields that hold numbers.
_NUMBERS = (
    "day",
    "beads_per_tube",
    "blood_volume_ul",
    "lymphocytes_cells_per_ul",
    "wbc_cells_per_ul",
    "age_years",
    *PRECISION,
)


def _form(contents: str | None, values: Sequence[str | float | None]) -> UploadForm:
    typed = dict(zip((field for field, _ in UPLOAD_FIELDS), values, strict=True))
    numbers = read_typed({field: typed[field] for field in _NUMBERS})
    return UploadForm(
        contents=contents,
        patient=str(typed["patient"] or "").strip(),
        visit=str(typed["visit"] or "").strip(),
        panel=str(typed["panel"] or ""),
        sex=str(typed["sex"] or SEXES[0]),
        programme=str(typed["programme"] or UNKNOWN_PROGRAMME),
        by=str(typed["by"] or "").strip(),
        unreadable=numbers.problems,
        day=numbers.values["day"],
        beads_per_tube=numbers.values["beads_per_tube"],
        blood_volume_ul=numbers.values["blood_volume_ul"],
        lymphocytes_cells_per_ul=numbers.values["lymphocytes_cells_per_ul"],
        wbc_cells_per_ul=numbers.values["wbc_cells_per_ul"],
        age_years=numbers.values["age_years"],
        pipetting_cv_percent=numbers.values["pipetting_cv_percent"],
        beads_cv_percent=numbers.values["beads_cv_percent"],
        wbc_cv_percent=numbers.values["wbc_cv_percent"],
        lymphocytes_cv_percent=numbers.values["lymphocytes_cv_percent"],
    )


def tell_patient(patient: str | None, _changed: int | None) -> tuple[str, bool]:
    """Say what is known about a patient of the study, and whether the fields of a new one are hidden."""
    typed = (patient or "").strip()
    known = known_patient(current_study().snapshot(), typed)
    return known, bool(known) or not typed


def list_uploads(_changed: int | None) -> tuple[Component, list[str]]:
    """Return the list of uploads and the patients to choose from, after a change."""
    service = current_study()
    return _listed(service, uploads_on_their_way(service)), list(service.snapshot().patients)


def remove_or_restore(
    removes: Sequence[int | None], restores: Sequence[int | None]
) -> tuple[str | NoUpdate, int | NoUpdate]:
    """Remove or restore the upload whose button was pressed."""
    pressed = ctx.triggered_id
    # drawing the list again sends its fresh buttons here, unpressed
    if pressed is None or not any((*removes, *restores)):
        return no_update, no_update
    service = current_study()
    act = remove_upload if pressed["type"] == ids.REMOVE_UPLOAD else restore_upload
    message = act(service, str(pressed["tube"]))
    return message, service.snapshot().revision
