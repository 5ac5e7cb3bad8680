"""The gates page of one tube: tree, picture, populations, provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from cytorecon.figures.gate import gate_doubts, gate_figure, gate_name, gate_titles
from cytorecon.results import GateRecord, TubeResult
from cytorecon.study.given import basis_of
from dashboard import ids
from dashboard.components.basics import (
    LLOQ_NOTE,
    Child,
    data_table,
    empty_state,
    figure_graph,
    interval_note,
    section,
    with_aria,
)
from dashboard.components.decision_form import decision_section, history_section, progress_part
from dashboard.components.gate_picture import MOVABLE, NOWHERE, Place, decision_figure
from dashboard.services.decisions import DecisionRow, DecisionView
from dashboard.services.gates import (
    GateRow,
    PopulationRow,
    chosen_gate,
    gate_rows,
    population_rows,
    provenance_rows,
)
from dashboard.services.hints import in_browser
from dashboard.services.regating import NO_PROGRESS, Progress
from dashboard.services.selection import query_string
from dashboard.services.tubes import SHAPES, review_notes, tube_state

_INDENT_PX = 14


@dataclass(frozen=True, slots=True)
class GatesParts:
    """The parts of the page that are drawn again when the tube was analysed anew.

    Parameters
    ----------
    notes, gates, picture, numbers : Component
        What needs a look, the list of gates, the picture of one, and the tables.
    """

    notes: Child
    gates: Component
    picture: Child
    numbers: list[Component]


def gates_parts(result: TubeResult, gate: str, view: DecisionView | None, place: Place) -> GatesParts:
    """Return what is drawn of an analysed tube.

    Parameters
    ----------
    result : TubeResult
        With its pictures.
    gate : str
        Gate whose picture is shown; see :func:`chosen_gate` when there is no such picture.
    view : DecisionView or None
        What is known about decisions on that gate; None when it has no picture.
    place : (float or None, corners)
        Where the person who looks would put the gate.
    """
    chosen = chosen_gate(result, gate)
    return GatesParts(
        _notes(result),
        _gate_list(result.tube, gate_rows(result), chosen),
        _picture(result, chosen, view, place),
        [
            section(
                "Populations",
                _population_table(population_rows(result)),
                html.P(f"{interval_note(basis_of([result]))} {LLOQ_NOTE}", className="caption"),
            ),
            section("Where these numbers come from", _provenance(result, chosen)),
        ],
    )


def gates_content(
    result: TubeResult,
    gate: str,
    view: DecisionView | None = None,
    history: Sequence[DecisionRow] = (),
    progress: Progress = NO_PROGRESS,
) -> html.Div:
    """Return everything about one tube.

    Parameters
    ----------
    result : TubeResult
        With its pictures.
    gate : str
        See :func:`gates_parts`.
    view : DecisionView or None
        What is known about decisions on the gate that is shown.
    history : sequence of DecisionRow
        Decisions about the tube, the latest first.
    progress : Progress
        How far a new analysis of the tube is.
    """
    if result.status == "failed":
        state = tube_state(result)
        return html.Div([empty_state(f"{SHAPES[state]} {result.tube}: {state}", in_browser(result.error))])
    parts = gates_parts(result, gate, view, NOWHERE)
    decide = [decision_section(view)] if view is not None else []
    may_undo = view is not None and not view.refusal
    return html.Div(
        [
            progress_part(progress.message, is_busy=progress.is_busy),
            html.Div(parts.notes, id=ids.GATES_NOTES),
            html.Div(
                [
                    section("Gates", html.Div(parts.gates, id=ids.GATES_LIST)),
                    html.Div(
                        [
                            section("Where the events lie", html.Div(parts.picture, id=ids.GATES_PICTURE)),
                            *decide,
                        ]
                    ),
                ],
                className="gates-columns",
            ),
            html.Div(history_section(history, may_undo=may_undo), id=ids.DECIDE_HISTORY),
            html.Div(parts.numbers, id=ids.GATES_NUMBERS),
        ]
    )


def _notes(result: TubeResult) -> Child:
    notes = review_notes(result)
    if not notes:
        return None
    return html.Div(
        [html.B(f"{SHAPES['needs a look']} Needs a look"), html.Ul([html.Li(note) for note in notes])],
        className="panel notes",
    )


def _gate_list(tube: str, rows: Sequence[GateRow], chosen: GateRecord | None) -> html.Nav:
    items = [_gate_item(tube, row, chosen is not None and row.gate == chosen.gate) for row in rows]
    return with_aria(html.Nav(html.Ul(items, className="gate-list")), label="Gates of this tube")


def _gate_item(tube: str, row: GateRow, active: bool) -> html.Li:
    doubts = (
        html.Div(f"needs a look: {', '.join(row.doubts)}", className="caution small") if row.doubts else None
    )
    text = html.Div(
        [
            html.Div(
                [html.Span(f"{row.shape} ", className=f"shape state-{row.standing}"), html.B(row.title)]
            ),
            html.Div(row.numbers, className="muted small"),
            doubts,
        ],
        style={"paddingLeft": row.depth * _INDENT_PX},
    )
    if not row.has_plot:
        return html.Li(text, className="gate-item")
    link = dcc.Link(text, href=gates_link(tube, row.gate), className="gate-link")
    return html.Li(link, className=f"gate-item{' gate-active' if active else ''}")


def gates_link(tube: str, gate: str = "") -> str:
    """Return the address of the gates page of a tube."""
    return "/gates" + query_string({"tube": tube, "gate": gate})


def _picture(result: TubeResult, chosen: GateRecord | None, view: DecisionView | None, place: Place) -> Child:
    if chosen is None:
        return empty_state("No pictures", "This result was stored without pictures of its gates.")
    plot = next(plot for plot in result.plots if plot.gate == chosen.gate)
    label = f"Density of events for gate {gate_name(chosen)}. Its numbers are in the list of gates."
    if view is None or view.refusal:
        figure = gate_figure(plot, chosen, doubts=gate_doubts(chosen, result), titles=gate_titles(result))
        return figure_graph(figure, name=ids.GATES_FIGURE, label=label)
    figure = decision_figure(plot, chosen, result, view.kind, place)
    return figure_graph(figure, name=ids.GATES_FIGURE, label=label, changes=MOVABLE[view.kind])


def _population_table(rows: Sequence[PopulationRow]) -> html.Div:
    head = (
        "Population",
        "Events",
        "% of parent",
        "% of lymphocytes",
        "% of leukocytes",
        "Concentration",
        "95 % interval, cells/µL",
        "Count method",
        "Status",
    )
    body = [
        (
            html.Span(row.label, style={"paddingLeft": row.depth * _INDENT_PX}),
            row.events,
            row.percent_of_parent,
            row.percent_of_lymphocytes,
            row.percent_of_leukocytes,
            row.cells_per_ul,
            row.interval,
            row.method,
            row.status,
        )
        for row in rows
    ]
    return data_table("Populations of this tube", head, body, numeric=range(1, 7), compact=True)


def _provenance(result: TubeResult, chosen: GateRecord | None) -> html.Dl:
    rows = provenance_rows(result.provenance, chosen)
    pairs = [(html.Dt(what), html.Dd(value)) for what, value in rows]
    return html.Dl([part for pair in pairs for part in pair], className="provenance")
