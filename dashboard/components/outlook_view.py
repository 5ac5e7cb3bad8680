"""Where a patient stands and what to expect, as sections of the patient page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from dash import html

from cytorecon.report.outlook import CourseRemark, ForecastRow, OutlookView, StandingView
from dashboard.components.basics import Child, data_table, section, unbroken
from dashboard.services.outlooks import PatientOutlook


def outlook_sections(found: PatientOutlook) -> html.Div:
    """Return the immune profile, remarks on the course, and what to expect."""
    return html.Div(
        [
            section("Where the patient stands", *_standing(found.standing, found.outlook.remarks)),
            section("What to expect", *_expected(found.outlook)),
        ]
    )


def _standing(view: StandingView, remarks: Sequence[CourseRemark]) -> list[Child]:
    if not view.words:
        return [html.Div("No visit has a result.", className="muted")]
    # as an image, so that nothing in the drawing can be more than a drawing
    source = f"data:image/svg+xml;utf8,{quote(str(view.picture))}"
    rows = [
        (row.compartment, row.subset, row.value, row.position, row.earlier, row.cohort, row.reference or "–")
        for row in view.rows
    ]
    head = (
        "Compartment", "Subset", f"Now, {view.now}", "Position", f"Before, {view.earlier or 'no visit'}",
        "Comparable patients at that time", "Reference",
    )  # fmt: skip
    missing = f"Not measured, so nothing is said of: {', '.join(view.missing)}." if view.missing else None
    return [
        html.P(view.words),
        *_remarks(remarks),
        html.Img(
            src=source,
            alt="Immune profile; the same as a table follows.",
            className="profile",
            id="patient-profile",
        ),
        html.Details(
            [html.Summary("As a table"), data_table("Immune profile", head, rows, numeric=range(2, 3))]
        ),
        html.P(missing, className="caption"),
    ]


def _remarks(remarks: Sequence[CourseRemark]) -> list[Child]:
    if not remarks:
        return [html.P("No remark on the course.", className="muted")]
    items = [
        html.Li(
            [
                html.B(f"▲ {row.population}, {row.kind}. "),
                unbroken(row.words),
                html.Div(row.source, className="muted small"),
            ]
        )
        for row in remarks
    ]
    return [html.Ul(items, className="remarks")]


def _expected(view: OutlookView) -> list[Child]:
    shown: list[Child] = []
    if view.visits:
        shown += [
            html.Div("Next planned visits, cells/µL", className="figure-title"),
            _forecasts("Population", view.windows, view.visits),
            html.P(
                f"Middle of what is expected, and between which counts {view.band} of 100 samples of that "
                "day lie. n: patients of the pool with a sample then.",
                className="caption",
            ),
        ]
    if view.milestones:
        shown += [
            html.Div("Milestones that are open: probability by then", className="figure-title"),
            _forecasts("Milestone", view.milestone_windows, view.milestones),
            html.P(
                "In brackets: how much it hangs on what the cohort leaves open. As long as no death, relapse "
                "or second transplant happens.",
                className="caption",
            ),
        ]
    shown += [_named("Rests on", view.rests_on), _named("No forecast", view.reasons)]
    if not (view.visits or view.reasons):
        shown.append(html.Div("No population that a milestone asks for was measured.", className="muted"))
    return shown


def _forecasts(first: str, windows: Sequence[str], rows: Sequence[ForecastRow]) -> html.Div:
    body = [
        (
            html.Span([unbroken(row.name), html.Div(row.note, className="muted small")]),
            *(
                html.Span([cell.value, html.Div(cell.patients, className="muted small")])
                for cell in row.cells
            ),
        )
        for row in rows
    ]
    return data_table(f"{first}: what to expect", (first, *windows), body, numeric=range(1, len(windows) + 1))


def _named(title: str, rows: Sequence[tuple[str, str]]) -> Child:
    if not rows:
        return None
    items = [html.Li([html.B(names), f": {words}."]) for names, words in rows]
    return html.Div([html.Div(title, className="figure-title"), html.Ul(items, className="small")])
