"""Statistics of the cohort for one milestone: the same words and numbers as in the report."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from cytorecon import cohort
from cytorecon.figures.cohort_map import cohort_map_figure
from cytorecon.figures.incidence import incidence_figure
from cytorecon.figures.timeaxis import time_axis
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.report.cohort_answers import comparable_groups, map_or_reason, milestone_answers
from cytorecon.report.cohort_words import (
    NO_ROWS,
    WordTable,
    comparison_words,
    few,
    group_curves,
    group_table,
    landmark_words,
    milestone_curves,
    milestone_table,
)
from cytorecon.report.sections import load_report_spec
from dashboard.services.patients import milestone_title
from dashboard.services.study import Snapshot


@dataclass(frozen=True, slots=True)
class GroupAnswers:
    """Groups by one column: curves of the milestone, and counts by visit."""

    by: str
    figure: go.Figure | None
    times: WordTable
    counts: WordTable
    small: str


@dataclass(frozen=True, slots=True)
class CohortAnswers:
    """What the cohort page says of one milestone, and of groups; words stand where numbers cannot.

    Parameters
    ----------
    title : str
        Of the milestone; empty where none applies to anybody.
    figure : Figure or None
        Curves, with enough patients.
    times, landmark : WordTable
        The same in numbers; survival by what was reached until day 100.
    landmark_small : str
        Why there is no survival; empty where there is.
    method : str
        How.
    groups : tuple of GroupAnswers
        By column of the sheet of patients.
    map : Figure or None
        Patients near each other where their counts are alike; `no_map` says why there is none.
    """

    title: str
    figure: go.Figure | None
    times: WordTable
    landmark: WordTable
    landmark_small: str
    method: str
    groups: tuple[GroupAnswers, ...]
    no_groups: str
    map: go.Figure | None
    no_map: str


def cohort_answers(snapshot: Snapshot, milestone: str, highlight: str = "") -> CohortAnswers:
    """Return the statistics of the cohort for one milestone.

    Parameters
    ----------
    snapshot : Snapshot
        The study.
    milestone : str
        One that applies to somebody; empty for none.
    highlight : str
        Patient to mark on the map.
    """
    study, reached = snapshot.study, snapshot.milestones
    found = milestone_answers(reached, study, [milestone] if milestone else [])
    titles = {milestone: milestone_title(milestone)}
    curves = milestone_curves(found.times, found.incidence, milestone)
    axis = time_axis([day for curve in curves for day in curve.days], zero_label="day 0")
    landmark, small = NO_ROWS, 0
    if milestone:
        landmark, small = landmark_words(cohort.landmark_table(reached, study, chosen=[milestone]), titles)
    groups = _groups(snapshot, milestone)
    made, no_map = map_or_reason(snapshot.trajectories)
    return CohortAnswers(
        title=titles[milestone] if milestone else "",
        figure=incidence_figure(curves, axis, bands=[curve.name for curve in curves[:1]]) if curves else None,
        times=milestone_table(found.times, found.incidence, milestone) if milestone else NO_ROWS,
        landmark=landmark,
        landmark_small=f"No survival is given: {few()} in one of the two groups." if small else "",
        method=str(found.incidence["method"].iloc[0]) if len(found.incidence) else "",
        groups=groups,
        no_groups="" if groups else _no_groups(),
        map=None if no_map else cohort_map_figure(made, _programmes(snapshot), highlight=highlight),
        no_map=no_map,
    )


def _no_groups() -> str:
    least = load_visit_windows().minimum_patients
    return f"Not compared: no two groups of the sheet have at least {least} patients."


def _labels() -> dict[str, str]:
    return {row.programme: row.name for row in load_programmes().programmes}


def _programmes(snapshot: Snapshot) -> dict[str, str]:
    labels = _labels()
    return {each.patient: labels.get(each.programme, each.programme) for each in snapshot.study.patients}


def _groups(snapshot: Snapshot, milestone: str) -> tuple[GroupAnswers, ...]:
    spec, labels, made = load_report_spec(), _labels(), []
    table = snapshot.trajectories
    shown = table[
        table["population"].isin(list(spec.cohort_populations)) & (table["measure"] == "cells_per_ul")
    ]
    for column in spec.compare_by:
        groups = comparable_groups(snapshot.study, column)
        if groups is None:
            continue
        counts, small = comparison_words(cohort.compare_groups(shown, groups), labels)
        times = _times(snapshot, milestone, groups)
        curves = group_curves(times, milestone, labels)
        axis = time_axis([day for curve in curves for day in curve.days], zero_label="day 0")
        bands = [curve.name for curve in curves]
        made.append(
            GroupAnswers(
                by=column,
                figure=incidence_figure(curves, axis, bands=bands) if len(curves) > 1 else None,
                times=group_table(times, {milestone: milestone_title(milestone)}, labels),
                counts=counts,
                small=f"{small} comparisons left out: {few()} in one of the groups." if small else "",
            )
        )
    return tuple(made)


def _times(snapshot: Snapshot, milestone: str, groups: cohort.Groups) -> pd.DataFrame:
    answers = milestone_answers(
        snapshot.milestones, snapshot.study, [milestone] if milestone else [], groups=groups
    )
    return answers.times
