"""The gates page: move or draw a gate, save a decision, take one back, follow the new analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, NoUpdate, Output, Patch, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from cytorecon.gating.conflicts import OverrideConflictError
from cytorecon.results import GatePlot, GateRecord, TubeResult
from dashboard import ids
from dashboard.components.basics import TICK_MS, WAITING_MS, Child
from dashboard.components.decision_form import (
    about,
    conflict_panel,
    history_section,
    not_saved,
    progress_words,
    saved,
    standing_words,
    stands_now,
)
from dashboard.components.gate_picture import Place, decision_figure, moved_to, shapes_of
from dashboard.components.gates_view import gates_parts
from dashboard.services.deciding import SET, Decided, DecisionForm, decide, place_of, problem_of, take_back
from dashboard.services.deciding import who_and_why as lacks
from dashboard.services.decisions import decision_rows, decision_view, standing_of
from dashboard.services.gates import chosen_gate
from dashboard.services.regating import followed_in_words, regate_progress
from dashboard.services.study import StudyService, current_study

#: What the page sends back: tube, gate, kind of shape, and what it showed (``seen``).
About = Mapping[str, Any]
After = tuple[
    Component,
    list[Component] | NoUpdate,
    Component | NoUpdate,
    dict[str, object] | NoUpdate,
    str | NoUpdate,
    str | NoUpdate,
    Child | NoUpdate,
    bool | NoUpdate,
]
Redrawn = tuple[
    Child, Child | NoUpdate, Component | NoUpdate, Child | NoUpdate, list[Component] | NoUpdate, bool
]

_FORM: Final = (ids.DECIDE_ACTION, ids.DECIDE_POSITION, ids.DECIDE_SCOPE, ids.DECIDE_BY, ids.DECIDE_WHY)


def register(app: Dash) -> None:
    """Bind the callbacks of this module to `app`."""
    app.callback(
        Output(ids.DECIDE_POSITION, "value", allow_duplicate=True),
        Output(ids.DECIDE_ACTION, "value"),
        Input(ids.GATES_FIGURE, "relayoutData"),
        State(ids.DECIDE_ABOUT, "data"),
        State(ids.DECIDE_POSITION, "value"),
        prevent_initial_call=True,
    )(take_position)
    app.callback(
        Output(ids.GATES_FIGURE, "figure"),
        Input(ids.DECIDE_POSITION, "value"),
        State(ids.DECIDE_ABOUT, "data"),
        prevent_initial_call=True,
    )(show_position)
    app.callback(
        Output(ids.DECIDE_SAVE, "disabled"),
        Output(ids.DECIDE_MISSING, "children"),
        Output(ids.DECIDE_POSITION, "disabled"),
        Output({"type": ids.TAKE_BACK, "record": ALL}, "disabled"),
        *(Input(name, "value") for name in _FORM),
        State(ids.DECIDE_ABOUT, "data"),
        State({"type": ids.TAKE_BACK, "record": ALL}, "id"),
    )(tell_missing)
    app.callback(
        Output(ids.DECIDE_MESSAGE, "children"),
        Output(ids.DECIDE_STANDS, "children"),
        Output(ids.DECIDE_HISTORY, "children"),
        Output(ids.DECIDE_ABOUT, "data"),
        Output(ids.DECIDE_WHY, "value"),
        Output(ids.DECIDE_POSITION, "value"),
        Output(ids.REGATE_PROGRESS, "children"),
        Output(ids.REGATE_POLL, "disabled"),
        Input(ids.DECIDE_SAVE, "n_clicks"),
        Input({"type": ids.DECIDE_ON_TOP, "seen": ALL}, "n_clicks"),
        Input({"type": ids.TAKE_BACK, "record": ALL}, "n_clicks"),
        *(State(name, "value") for name in _FORM),
        State(ids.DECIDE_ABOUT, "data"),
        running=[(Output(ids.DECIDE_SAVE, "loading"), True, False)],
        prevent_initial_call=True,
    )(save)
    app.callback(
        Output(ids.REGATE_PROGRESS, "children", allow_duplicate=True),
        Output(ids.GATES_NOTES, "children"),
        Output(ids.GATES_LIST, "children"),
        Output(ids.GATES_PICTURE, "children"),
        Output(ids.GATES_NUMBERS, "children"),
        Output(ids.REGATE_POLL, "disabled", allow_duplicate=True),
        Input(ids.REGATE_POLL, "n_intervals"),
        State(ids.DECIDE_ABOUT, "data"),
        State(ids.DECIDE_POSITION, "value"),
        running=[(Output(ids.REGATE_POLL, "interval"), WAITING_MS, TICK_MS)],
        prevent_initial_call=True,
    )(follow)


def take_position(
    told: Mapping[str, object] | None, shown: About, position: str | None
) -> tuple[str | NoUpdate, str | NoUpdate]:
    """Write what was moved or drawn in the picture into the form."""
    result, record, plot = _shown(current_study(), shown)
    figure = decision_figure(plot, record, result, shown["kind"], _place(shown, position))
    moved = moved_to(figure, told or {}, plot, shown["kind"])
    return (moved, SET) if moved else (no_update, no_update)


def show_position(position: str | None, shown: About) -> Patch:
    """Draw what is typed into the picture."""
    result, record, plot = _shown(current_study(), shown)
    figure = decision_figure(plot, record, result, shown["kind"], _place(shown, position))
    patch = Patch()
    patch["layout"]["shapes"] = shapes_of(figure)
    patch["layout"]["editrevision"] = figure.layout.editrevision
    return patch


def tell_missing(
    action: str | None,
    position: str | None,
    scope: str | None,
    by: str | None,
    why: str | None,
    shown: About,
    records: Sequence[Mapping[str, str]],
) -> tuple[bool, str, bool, list[bool]]:
    """Say what the form still needs before it can be saved."""
    form = _form(shown, action, position, scope, by, why)
    problem = problem_of(form, current_study().store.tube_result(form.tube), _today())
    return bool(problem), problem, form.action != SET, [bool(lacks(form.by, form.why))] * len(records)


def save(
    _clicks: int | None,
    on_top: Sequence[int | None],
    undos: Sequence[int | None],
    action: str | None,
    position: str | None,
    scope: str | None,
    by: str | None,
    why: str | None,
    shown: About,
) -> After:
    """Store a decision, or take one back, and say what follows; or show both versions of a conflict."""
    pressed = ctx.triggered_id
    # drawing the page sends its fresh buttons here, unpressed
    if pressed is None or (pressed != ids.DECIDE_SAVE and not any((*on_top, *undos))):
        raise PreventUpdate
    service = current_study()
    form = _form(shown, action, position, scope, by, why)
    if pressed == ids.DECIDE_SAVE:
        outcome = decide(service, form, str(shown["seen"][form.seen_key]), _today())
    elif pressed["type"] == ids.DECIDE_ON_TOP:
        outcome = decide(service, form, str(pressed["seen"]), _today())
    else:
        record = str(pressed["record"])
        outcome = take_back(service, record, by=form.by, why=form.why, on=_today())
    return _after(service, shown, outcome)


def follow(_ticks: int | None, shown: About, position: str | None) -> Redrawn:
    """Say how far the new analysis is, and draw the tube again when it has ended."""
    service = current_study()
    tube = str(shown["tube"])
    progress = regate_progress(service, tube)
    words = progress_words(progress.message)
    if progress.is_busy:
        return words, no_update, no_update, no_update, no_update, False
    result = service.store.tube_result(tube)
    gate = chosen_gate(result, str(shown["gate"]))
    view = decision_view(service, result, gate) if gate is not None else None
    parts = gates_parts(result, str(shown["gate"]), view, _place(shown, position))
    return words, parts.notes, parts.gates, parts.picture, parts.numbers, True


def _after(service: StudyService, shown: About, outcome: Decided) -> After:
    nothing: tuple[NoUpdate, ...] = (no_update,) * 7
    if outcome.conflict is not None:
        return _conflict(outcome.conflict), *nothing
    if outcome.record is None:
        return not_saved(outcome.problem), *nothing
    result, record, _ = _shown(service, shown)
    view, progress = decision_view(service, result, record), regate_progress(service, result.tube)
    follows = followed_in_words(outcome.regated, result.tube) if outcome.regated is not None else ""
    return (
        saved(outcome.problem or follows),
        stands_now(view),
        history_section(decision_rows(service, result), may_undo=True),
        about(view),
        "",
        "",
        progress_words(progress.message),
        not progress.is_busy,
    )


def _conflict(error: OverrideConflictError) -> dmc.Alert:
    stands, saw, yours = (
        standing_words(standing_of(one)) for one in (error.stands, error.seen, error.wanted)
    )
    return conflict_panel(stands, saw, yours, error.stands.id if error.stands is not None else "")


def _shown(service: StudyService, shown: About) -> tuple[TubeResult, GateRecord, GatePlot]:
    """Return the tube, the gate and the picture that the page is about; nothing is done without them."""
    result = service.store.tube_result(str(shown["tube"]))
    record = next((gate for gate in result.gates if gate.gate == shown["gate"]), None)
    plot = next((plot for plot in result.plots if plot.gate == shown["gate"]), None)
    if record is None or plot is None:
        raise PreventUpdate
    return result, record, plot


def _place(shown: About, position: str | None) -> Place:
    return place_of(DecisionForm(str(shown["tube"]), str(shown["gate"]), shown["kind"], SET, position or ""))


def _form(
    shown: About, action: str | None, position: str | None, scope: str | None, by: str | None, why: str | None
) -> DecisionForm:
    return DecisionForm(
        tube=str(shown["tube"]),
        gate=str(shown["gate"]),
        kind=shown["kind"],
        action=action or "",
        position=position or "",
        scope=scope or "",
        by=by or "",
        why=why or "",
    )


def _today() -> date:
    return datetime.now().astimezone().date()
