"""The controls of the cohort page: they redraw its content and keep the URL in step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dash import Dash, Input, NoUpdate, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.components.cohort_view import cohort_content
from dashboard.components.controls import population_options
from dashboard.services.cohorts import cohort_view
from dashboard.services.selection import selection_in_url, trajectory_selection
from dashboard.services.study import current_study

Options = list[dict[str, str]]
#: In the order of the outputs.
Shown = tuple[Component, str | NoUpdate, str, str, Options, list[str], str | None, str | None]


def register(app: Dash) -> None:
    """Bind the callback of this module to `app`."""
    app.callback(
        Output(ids.COHORT_CONTENT, "children"),
        Output(ids.COHORT_URL, "search"),
        Output(ids.COHORT_MEASURE, "value"),
        Output(ids.COHORT_TIME, "value"),
        Output(ids.COHORT_POPULATIONS, "data"),
        Output(ids.COHORT_POPULATIONS, "value"),
        Output(ids.COHORT_HIGHLIGHT, "value"),
        Output(ids.COHORT_MILESTONE, "value"),
        Input(ids.COHORT_URL, "search"),
        Input(ids.COHORT_MEASURE, "value"),
        Input(ids.COHORT_TIME, "value"),
        Input(ids.COHORT_POPULATIONS, "value"),
        Input(ids.COHORT_HIGHLIGHT, "value"),
        Input(ids.COHORT_MILESTONE, "value"),
        State(ids.COHORT_URL, "pathname"),
        prevent_initial_call=True,
    )(show_cohort)


def show_cohort(
    search: str | None,
    measure: str | None,
    time: str | None,
    populations: Sequence[str] | None,
    highlight: str | None,
    milestone: str | None,
    pathname: str | None,
) -> Shown:
    """Return content, URL and controls for what was changed: the URL or a control."""
    by_url = ctx.triggered_id == ids.COHORT_URL
    if by_url and pathname != "/cohort":
        raise PreventUpdate  # on the way to another page
    shown = trajectory_selection(measure, time, populations, highlight, milestone)
    wanted = selection_in_url(search) if by_url else shown
    if ctx.triggered_id == ids.COHORT_MEASURE:
        wanted = replace(wanted, populations=())
    view = cohort_view(current_study().snapshot(), wanted)
    if by_url and view.selection == shown:
        raise PreventUpdate
    return (
        cohort_content(view),
        no_update if by_url else view.selection.search,
        view.measure,
        view.time,
        population_options(view.all_populations),
        list(view.populations),
        view.highlight or None,
        view.milestone or None,
    )
