"""The gates page of one tube: tree, picture, populations, provenance."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html

from cytorecon.figures.gate import gate_doubts, gate_figure, gate_name, gate_titles
from cytorecon.results import GateRecord, TubeResult
from cytorecon.study.model import Tube
from dashboard.components.basics import (
    INTERVAL_NOTE,
    LLOQ_NOTE,
    Child,
    data_table,
    empty_state,
    figure_graph,
    section,
    with_aria,
)
from dashboard.services.gates import (
    GateRow,
    PopulationRow,
    chosen_gate,
    gate_rows,
    population_rows,
    provenance_rows,
)
from dashboard.services.hints import in_browser
from dashboard.services.selection import query_string
from dashboard.services.tubes import SHAPES, review_notes, tube_state

_INDENT_PX = 14


def gates_content(tube: Tube, result: TubeResult, gate: str) -> html.Div:
    """Return everything about one tube.

    Parameters
    ----------
    tube : Tube
        From the study.
    result : TubeResult
        With its pictures.
    gate : str
        Gate whose picture is shown; see :func:`chosen_gate` when there is no such picture.
    """
    if result.status == "failed":
        state = tube_state(result)
        return html.Div([empty_state(f"{SHAPES[state]} {tube.tube}: {state}", in_browser(result.error))])
    chosen = chosen_gate(result, gate)
    return html.Div(
        [
            _notes(result),
            html.Div(
                [
                    section("Gates", _gate_list(tube.tube, gate_rows(result), chosen)),
                    section("Where the events lie", _picture(result, chosen)),
                ],
                className="gates-columns",
            ),
            section(
                "Populations",
                _population_table(population_rows(result)),
                html.P(f"{INTERVAL_NOTE} {LLOQ_NOTE}", className="caption"),
            ),
            section("Where these numbers come from", _provenance(result, chosen)),
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


def _picture(result: TubeResult, chosen: GateRecord | None) -> Child:
    if chosen is None:
        return empty_state("No pictures", "This result was stored without pictures of its gates.")
    plot = next(plot for plot in result.plots if plot.gate == chosen.gate)
    label = f"Density of events for gate {gate_name(chosen)}. Its numbers are in the list of gates."
    figure = gate_figure(plot, chosen, doubts=gate_doubts(chosen, result), titles=gate_titles(result))
    return figure_graph(figure, name="gate-figure", label=label)


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
