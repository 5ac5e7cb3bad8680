"""The content of the patient page for one selection."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html

from cytorecon.figures.format import measure_named, population_label
from cytorecon.report.changes import ChangeRow
from dashboard import ids
from dashboard.components.basics import (
    LLOQ_NOTE,
    Child,
    csv_button,
    data_table,
    deferred,
    empty_state,
    figure_graph,
    interval_note,
    section,
    summary_cards,
    unbroken,
)
from dashboard.components.besides_view import besides_sections
from dashboard.components.completion_form import completion_form
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
                completion_form(view.patient),
            ]
        )
    return html.Div(
        [
            summary_cards(view.cards),
            _figure_section(view),
            *_changes(view.changes),
            deferred(ids.PATIENT_OUTLOOK, ids.PATIENT_OUTLOOK_OF, view.patient.patient),
            section("Milestones", _milestones(view.milestones), _other_rules(view.other_rules)),
            *besides_sections(view.besides),
            completion_form(view.patient),
            section(
                f"The same numbers, {measure_named(view.measure).label} (95 % interval)",
                _visits(view.visits, view.populations),
                html.P(f"{interval_note(view.basis)} {_table_note(view.measure)}", className="caption"),
                aside=csv_button(ids.PATIENT_CSV, f"the results of {view.patient.patient}"),
            ),
        ]
    )


def _table_note(measure: str) -> str:
    looked_at = f"{SHAPES['needs a look']} needs a look."
    return f"{LLOQ_NOTE} {looked_at}" if measure == "cells_per_ul" else looked_at


def _figure_section(view: PatientView) -> html.Section:
    label = (
        f"Recovery of {view.patient.patient}: {', '.join(map(population_label, view.populations))} in "
        f"{measure_named(view.measure).label} against days from day 0. The table below has the same numbers."
    )
    children: list[Child] = [
        figure_graph(view.figure, name="patient-figure", label=label),
        html.P(
            f"{view.caption} The value axes differ from panel to panel. {interval_note(view.basis)}",
            className="caption",
        ),
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


def _changes(rows: Sequence[ChangeRow]) -> list[Child]:
    """Return why the latest values differ from those before; nothing where none can be compared."""
    if not rows:
        return []
    head = ("Population", "Days", "Cells/µL", "Change (95 % interval)", "What it is made of")
    body = [
        (row.population, row.days, row.values, f"{row.factor} ({row.interval})", unbroken(row.words))
        for row in rows
    ]
    return [section("Why did it change?", data_table("Latest changes", head, body, numeric=range(2, 4)))]


def _milestones(rows: Sequence[MilestoneRow]) -> Child:
    if not rows:
        return html.Div(
            "No milestone can be judged: they are defined in cells/µL, for certain programmes and ages.",
            className="muted",
        )
    head = ("Milestone", "Status", "Result", "Source, and what it found")
    body = [
        (unbroken(row.title), html.Span(row.status, className="mark"), _result(row), _source(row))
        for row in rows
    ]
    legend = "★ means in time for the rule's deadline. A crossing is only known to lie between two visits."
    return html.Div(
        [
            data_table("Milestones of this patient", head, body, numeric=range(0)),
            html.P(legend, className="caption"),
        ]
    )


def _result(row: MilestoneRow) -> html.Div:
    caution = html.Div(f"▲ {row.caution}", className="caution small") if row.caution else None
    return html.Div([unbroken(row.reading), caution])


def _source(row: MilestoneRow) -> html.Div:
    note = html.Div(f"Our reading: {row.note}", className="muted small") if row.note else None
    return html.Div([row.source, html.Div(row.effect, className="muted small"), note])


def _other_rules(rules: Sequence[tuple[str, str]]) -> Child:
    if not rules:
        return None
    unknown = sum("unknown, the rule is for" in reason for _, reason in rules)
    words = f"{len(rules)} rules that were not judged"
    words += f", {unknown} of them for want of programme, age or graft" if unknown else ""
    items = [html.Li([html.B(title), f": {reason}"]) for title, reason in rules]
    return html.Details([html.Summary(words), html.Ul(items, className="small")])


def _cell(text: str) -> Child:
    """Return a cell that may be broken where the table is too wide, but not within an interval."""
    number, space, interval = text.partition(" (")
    if not space:
        return html.Span(text, className="breakable")
    return html.Span([f"{number} ", html.Span(f"({interval}", className="interval")], className="breakable")


def _visits(rows: Sequence[VisitRow], populations: Sequence[str]) -> html.Div:
    head = ("Day", "Visit", "Tube", "Status", *map(population_label, populations))
    body: list[tuple[Child, ...]] = [
        (
            row.day,
            row.visit,
            dcc.Link(row.tube, href=gates_link(row.tube)),
            f"{SHAPES[row.state]} {row.state}",
            *(_cell(row.cells.get(population, "–")) for population in populations),
        )
        for row in rows
    ]
    return data_table("Results by visit", head, body, numeric=range(4, len(head)), compact=True)
