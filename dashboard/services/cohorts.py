"""The cohort page: all patients of the study, medians by visit window, one milestone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from cytorecon.figures.cohort import CohortPanel, Middle, WindowSummary, cohort_figure
from cytorecon.figures.crossings import Crossing, drawing_order, study_crossings
from cytorecon.figures.format import MISSING, Measure, population_label
from cytorecon.figures.points import Point, study_points
from cytorecon.figures.timeaxis import TimeAxis, TimeScale, time_axis
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.study.given import Basis, basis_of
from cytorecon.study.table import csv_text
from dashboard.services.measures import (
    available_measures,
    available_populations,
    chosen_measure,
    chosen_populations,
)
from dashboard.services.patients import milestone_title, zero_label
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import Snapshot


@dataclass(frozen=True, slots=True)
class CohortView:
    """Everything the cohort page shows for one selection."""

    measure: str
    measures: tuple[Measure, ...]
    populations: tuple[str, ...]
    all_populations: tuple[str, ...]
    time: TimeScale
    highlight: str
    panels: Mapping[str, CohortPanel]
    axis: TimeAxis
    milestone: str
    milestones: tuple[tuple[str, str], ...]
    crossings: tuple[Crossing, ...]
    last_days: Mapping[str, int]
    table_head: tuple[str, ...]
    table_rows: tuple[tuple[str, ...], ...]
    basis: Basis

    @property
    def selection(self) -> TrajectorySelection:
        """What is really shown, with nothing left open."""
        return TrajectorySelection(self.measure, self.time, self.populations, self.highlight, self.milestone)

    @property
    def figure(self) -> go.Figure:
        """Small multiples of all patients."""
        return cohort_figure(self.panels, self.axis, highlight=self.highlight)

    @property
    def caption(self) -> str:
        """What the symbols mean."""
        least = load_visit_windows().minimum_patients
        return (
            "One grey line per patient; squares are medians of a visit window, the band its quartiles. "
            f"A window needs {least} patients for a median and quartiles, here and in the download. n under "
            "an axis is the number of patients with a result in that window. The value axes differ from "
            "panel to panel."
        )

    @property
    def milestone_title(self) -> str:
        """The chosen milestone in words."""
        return dict(self.milestones).get(self.milestone, self.milestone)


def cohort_view(snapshot: Snapshot, selection: TrajectorySelection) -> CohortView:
    """Return what the cohort page shows.

    Parameters
    ----------
    snapshot : Snapshot
        The study.
    selection : TrajectorySelection
        `patient` is the one to highlight.
    """
    measures = available_measures(snapshot)
    measure = chosen_measure(measures, selection.measure)
    populations = chosen_populations(snapshot, measure, selection.populations) if measure else ()
    windows = window_summaries(snapshot.cohort, measure) if measure else {}
    milestones = _milestones(snapshot)
    milestone = _chosen_milestone(milestones, selection.milestone)
    head, rows = _table(windows, populations)
    return CohortView(
        measure=measure,
        measures=measures,
        populations=populations,
        all_populations=available_populations(snapshot, measure),
        time=selection.time,
        highlight=selection.patient if selection.patient in snapshot.patients else "",
        panels=_panels(snapshot, measure, populations, windows),
        axis=_axis(snapshot, selection.time),
        milestone=milestone,
        milestones=milestones,
        crossings=snapshot.once(_crossings, milestone),
        last_days=snapshot.once(_last_days),
        table_head=head,
        table_rows=rows,
        basis=basis_of(snapshot.result.tubes),
    )


def window_summaries(summary: pd.DataFrame, measure: str) -> Mapping[str, tuple[WindowSummary, ...]]:
    """Return the windows of each population in one measure.

    Parameters
    ----------
    summary : DataFrame
        ``COHORT_COLUMNS``.
    measure : str
        One of the measures of the table.
    """
    found: dict[str, list[WindowSummary]] = {}
    for row in summary[summary["measure"] == measure].to_dict("records"):
        suppressed = bool(row["suppressed"])
        median, low, high = (
            None if suppressed else _middle(row[name], row[f"{name}_reported"])
            for name in ("median", "quartile_low", "quartile_high")
        )
        window = WindowSummary(str(row["window"]), int(row["target_day"]), int(row["n"]), median, low, high)
        found.setdefault(str(row["population"]), []).append(window)
    return {population: tuple(windows) for population, windows in found.items()}


def _middle(value: object, text: object) -> Middle:
    return Middle(value if isinstance(value, float) and not math.isnan(value) else None, str(text))


def cohort_csv(snapshot: Snapshot) -> str:
    """Return the cohort summary of all measures and populations as CSV."""
    return csv_text(snapshot.cohort)


def _panels(
    snapshot: Snapshot,
    measure: str,
    populations: tuple[str, ...],
    windows: Mapping[str, tuple[WindowSummary, ...]],
) -> Mapping[str, CohortPanel]:
    return {
        population: CohortPanel(
            snapshot.of_each(_results, measure, population, of_tables=True), windows.get(population, ())
        )
        for population in populations
    }


def _results(
    snapshot: Snapshot, whom: frozenset[str] | None, measure: str, population: str
) -> Mapping[str, tuple[Point, ...]]:
    """Return patient -> points with a result of one population."""
    rows, evidence = snapshot.rows_of_population(measure, population, whom)
    points = study_points(rows, evidence, measure=measure)
    known = {
        patient: tuple(point for point in own.get(population, ()) if point.is_result)
        for patient, own in points.items()
    }
    return {patient: own for patient, own in known.items() if own}


def _crossings(snapshot: Snapshot, milestone: str) -> tuple[Crossing, ...]:
    """Return one milestone of the patients whom it applies to, in the order of the study."""
    table = snapshot.milestones
    found = study_crossings(table[table["milestone"] == milestone])
    return tuple(crossing for crossing in found if crossing.applies)


def _axis(snapshot: Snapshot, scale: TimeScale) -> TimeAxis:
    labels = dict.fromkeys(zero_label(patient) for patient in snapshot.study.patients)
    zero = next(iter(labels)) if len(labels) == 1 else "day 0"
    return time_axis([tube.day for tube in snapshot.study.tubes], scale=scale, zero_label=zero)


def _last_days(snapshot: Snapshot) -> Mapping[str, int]:
    days: dict[str, list[int]] = {patient: [] for patient in snapshot.patients}
    for tube in snapshot.study.tubes:
        days[tube.patient].append(tube.day)
    return {patient: max(own, default=0) for patient, own in days.items()}


def _milestones(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """Return (milestone, title) of the milestones that apply to somebody here."""
    table = snapshot.milestones
    applicable = table[~table["status"].isin(("not_applicable", "not_assessable"))]
    names = dict.fromkeys(map(str, applicable["milestone"]))
    return tuple((name, milestone_title(name)) for name in sorted(names, key=drawing_order))


def _chosen_milestone(milestones: tuple[tuple[str, str], ...], wanted: str) -> str:
    names = [name for name, _ in milestones]
    return wanted if wanted in names else names[0] if names else ""


def _table(
    windows: Mapping[str, tuple[WindowSummary, ...]], populations: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return head and rows: a row per population, a column per window."""
    days = {window.window: window.day for name in populations for window in windows.get(name, ())}
    names = sorted(days, key=lambda name: days[name])
    rows = []
    for population in populations:
        own = {window.window: _window_text(window) for window in windows.get(population, ())}
        rows.append((population_label(population), *(own.get(name, MISSING) for name in names)))
    return ("Population", *names), tuple(rows)


def _window_text(window: WindowSummary) -> str:
    """Return a window for the table, e.g. ``53 (29 to 71), n 12``."""
    if window.median is None or window.low is None or window.high is None:
        return f"n {window.n}"
    return f"{window.median.text} ({window.low.text} to {window.high.text}), n {window.n}"
