"""Statistics of the cohort as sections of the cohort page."""

from __future__ import annotations

from dash import html

from cytorecon.report.cohort_words import WordTable
from dashboard.components.basics import Child, data_table, figure_graph, section, unbroken
from dashboard.services.answers import CohortAnswers, GroupAnswers

_CURVES = (
    "Marks are days for which a probability was computed; between them the line is drawn straight. Bands and "
    "brackets: 95 % interval."
)


def answers_sections(found: CohortAnswers) -> html.Div:
    """Return milestones in time, survival by what was reached, groups, and the map."""
    return html.Div(
        [
            section("How many reach it, and by when", *_times(found)),
            section("Survival after day 100, by what was reached until then", *_landmark(found)),
            section("Do groups differ?", *_groups(found)),
            section("Who resembles whom", *_map(found)),
        ]
    )


def _times(found: CohortAnswers) -> list[Child]:
    if not found.title:
        return [html.Div("No milestone applies to the patients of this study.", className="muted")]
    shown: list[Child] = [html.Div(found.title, className="figure-title")]
    if found.figure is not None:
        label = f"{found.title}: share of patients by day; the table has the same numbers."
        shown.append(figure_graph(found.figure, name="incidence-figure", label=label))
    shown.append(_table(found.title, found.times, 1))
    if found.figure is not None:
        alone = (
            "The dotted line takes away what competes: it is for comparing speed, and is no share of "
            "patients."
        )
        shown.append(html.P(f"{_CURVES} {alone}", className="caption"))
    return [*shown, _method(found.method)]


def _landmark(found: CohortAnswers) -> list[Child]:
    association = "An association, not an effect of the milestone."
    shown: list[Child] = [_table("Survival", found.landmark, 1)] if found.landmark.rows else []
    words = found.landmark_small or (association if shown else "Nobody could be judged.")
    return [*shown, html.P(words, className="caption")]


def _groups(found: CohortAnswers) -> list[Child]:
    if not found.groups:
        return [html.Div(found.no_groups, className="muted")]
    shown: list[Child] = [
        html.P("Groups are compared as they are; patients were not assigned to them.", className="caption")
    ]
    for group in found.groups:
        shown += _group(found.title, group)
    return shown


def _group(title: str, group: GroupAnswers) -> list[Child]:
    shown: list[Child] = [html.Div(f"By {group.by}", className="figure-title")]
    if group.figure is not None:
        label = f"{title}, by {group.by}; the table has the same numbers."
        shown += [
            html.Div(f"{title}, as if nothing competed", className="muted small"),
            figure_graph(group.figure, name=f"group-figure-{group.by}", label=label),
        ]
    if group.times.rows:
        shown.append(_table(f"Time to the milestone by {group.by}", group.times, 2))
    if group.counts.rows:
        table = _table(f"Counts by {group.by}", group.counts, 3)
        shown.append(html.Details([html.Summary("Counts by visit, cells/µL"), table]))
    return [*shown, html.P(group.small, className="caption")]


def _map(found: CohortAnswers) -> list[Child]:
    if found.map is None:
        return [html.Div(found.no_map, className="muted")]
    words = (
        "One mark per patient. Patients near each other have similar counts; the axes name what weighs "
        "most in them, and have no unit of their own."
    )
    return [
        figure_graph(found.map, name="map-figure", label="Map of the cohort, one mark per patient."),
        html.P(words, className="caption"),
    ]


def _method(words: str) -> Child:
    if not words:
        return None
    return html.Details([html.Summary("Method"), html.P(f"{words}.", className="caption")])


def _table(caption: str, table: WordTable, text: int) -> html.Div:
    """Return a table; the first `text` columns are words."""
    rows = [tuple(map(unbroken, row)) for row in table.rows]
    return data_table(caption, table.head, rows, numeric=range(text, len(table.head)))
