"""Cohort: all patients of the study together."""

from __future__ import annotations

from dash import dcc, html

from dashboard import ids
from dashboard.components.basics import page_head
from dashboard.components.cohort_view import cohort_content
from dashboard.components.controls import (
    choice_control,
    measure_control,
    populations_control,
    time_control,
)
from dashboard.services.cohorts import cohort_view
from dashboard.services.selection import trajectory_selection
from dashboard.services.study import current_study


def layout(
    measure: str | None = None,
    time: str | None = None,
    populations: str | None = None,
    patient: str | None = None,
    milestone: str | None = None,
    **_unknown: str,
) -> html.Div:
    """Return the cohort page.

    Parameters
    ----------
    measure, time, populations, patient, milestone : str or None
        As they stand in the URL; `patient` is highlighted.
    """
    snapshot = current_study().snapshot()
    view = cohort_view(snapshot, trajectory_selection(measure, time, populations, patient, milestone))
    patients = [(name, name) for name in snapshot.patients]
    controls = html.Div(
        [
            measure_control(ids.COHORT_MEASURE, view.measures, view.measure),
            time_control(ids.COHORT_TIME, view.time),
            choice_control(
                ids.COHORT_HIGHLIGHT, "Highlight", patients, view.highlight, clearable=True, width=130
            ),
            choice_control(ids.COHORT_MILESTONE, "Milestone", view.milestones, view.milestone, width=330),
            populations_control(ids.COHORT_POPULATIONS, view.all_populations, view.populations),
        ],
        className="panel controls",
    )
    number = len(snapshot.patients)
    return html.Div(
        [
            dcc.Location(id=ids.COHORT_URL, refresh=False),
            dcc.Download(id=ids.COHORT_DOWNLOAD),
            page_head("Cohort", subtitle=f"{number} patient{'' if number == 1 else 's'}"),
            controls,
            html.Div(cohort_content(view), id=ids.COHORT_CONTENT),
        ]
    )
