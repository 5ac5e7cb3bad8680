"""The content of the patient page for one selection."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html

from cytorecon.figures.format import measure_named, population_label
from dashboard import ids
from dashboard.components.basics import (
    Child,
    csv_button,
    data_table,
    empty_state,
    figure_graph,
    section,
    summary_cards,
)
from dashboard.components.gates_view import gates_link
from dashboard.services.patients import MilestoneRow, PatientView, VisitRow
from dashboard.services.tubes import SHAPES


def patient_content(view: PatientView) -> html.Div:
    """Return cards, figure, milestones and table of one patient."""
    if not view.measure:
        return html.Div(
            [
                summary_cards(view.cards),
                empty_state(
                    "No results yet",
                    "None of this patient's tubes has a result. See the worklist for reasons.",
                ),
            ]
        )
    return html.Div(
        [
            summary_cards(view.cards),
            _figure_section(view),
            section("Milestones", _milestones(view.milestones, view.other_milestones)),
            section(
                f"The same numbers, {measure_named(view.measure).label} (95 % interval)",
                _visits(view.visits, view.populations),
                aside=csv_button(ids.PATIENT_CSV, f"the results of {view.patient.patient}"),
            ),
        ]
    )


def _figure_section(view: PatientView) -> html.Section:
    label = (
        f"Recovery of {view.patient.patient}: {', '.join(map(population_label, view.populations))} in "
        f"{measure_named(view.measure).label} against days from day 0. The table below has the same numbers."
    )
    children: list[Child] = [
        figure_graph(view.figure, name="patient-figure", label=label),
        html.P(f"{view.caption} The value axes differ from panel to panel.", className="caption"),
    ]
    if view.days_with_results < 2:
        children.insert(
            0,
            html.Div(
                "One visit only: a trajectory needs 2. The result is shown as a single point.",
                className="hint",
                role="status",
            ),
        )
    return section("Recovery", *children)


def _milestones(rows: Sequence[MilestoneRow], others: int) -> Child:
    if not rows:
        return html.Div(
            "No milestone can be judged: they are defined in cells/µL, for certain programmes and ages.",
            className="muted",
        )
    head = ("Milestone", "Result", "Confirmed", "Source")
    body = [(row.title, row.reading, row.confirmed, row.source) for row in rows]
    more = f"{others} further milestones are defined for other ages or programmes." if others else ""
    table = data_table("Milestones of this patient", head, body, numeric=range(0))
    return html.Div([table, html.P(more, className="caption")])


def _visits(rows: Sequence[VisitRow], populations: Sequence[str]) -> html.Div:
    head = ("Day", "Visit", "Tube", "Status", *map(population_label, populations))
    body: list[tuple[Child, ...]] = [
        (
            row.day,
            row.visit,
            dcc.Link(row.tube, href=gates_link(row.tube)),
            f"{SHAPES[row.state]} {row.state}",
            *(row.cells.get(population, "–") for population in populations),
        )
        for row in rows
    ]
    return data_table("Results by visit", head, body, numeric=range(4, len(head)), compact=True)
