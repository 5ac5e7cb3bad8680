"""The content of the cohort page for one selection."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from cytorecon.figures.format import measure_named, population_label
from cytorecon.figures.milestone_bars import milestone_figure
from dashboard import ids
from dashboard.components.basics import (
    Child,
    csv_button,
    data_table,
    deferred,
    empty_state,
    figure_graph,
    interval_note,
    section,
)
from dashboard.services.cohorts import CohortView


def cohort_content(view: CohortView) -> html.Div:
    """Return figure, table and milestone overview of the whole study."""
    if not view.measure:
        return html.Div(
            [
                empty_state(
                    "No results yet", "Analyse files first: see the worklist, or run `cytorecon batch`."
                )
            ]
        )
    measure = measure_named(view.measure).label
    label = (
        f"All patients: {', '.join(map(population_label, view.panels))} in {measure}. "
        "The table has the same numbers."
    )
    return html.Div(
        [
            section(
                "All patients",
                figure_graph(view.figure, name="cohort-figure", label=label),
                html.P(f"{view.caption} {interval_note(view.basis)}", className="caption"),
            ),
            deferred(ids.COHORT_ANSWERS, ids.COHORT_ANSWERS_OF, [view.milestone, view.highlight]),
            section("When a milestone was reached, patient by patient", *_milestones(view)),
            section(
                f"Median (quartiles) by visit window, {measure}",
                _summary_table(view),
                aside=csv_button(ids.COHORT_CSV, "the cohort summary"),
            ),
        ]
    )


def _milestones(view: CohortView) -> Sequence[Child]:
    if not view.milestone:
        return (html.Div("No milestone applies to the patients of this study.", className="muted"),)
    figure = milestone_figure(view.crossings, view.last_days, view.axis)
    head = ("Patient", "Status", "In words")
    rows = [
        (crossing.patient, crossing.mark, " ".join(filter(None, (crossing.reading, crossing.caution))))
        for crossing in view.crossings
    ]
    return (
        html.Div(view.milestone_title, className="figure-title"),
        figure_graph(figure, name="milestone-figure", label=f"{view.milestone_title}, one bar per patient."),
        html.Details(
            [
                html.Summary("As a table"),
                data_table(view.milestone_title, head, rows, numeric=range(0)),
            ]
        ),
    )


def _summary_table(view: CohortView) -> html.Div:
    columns = range(1, len(view.table_head))
    return data_table(
        "Median by visit window", view.table_head, view.table_rows, numeric=columns, compact=True
    )
