"""All patients together: one figure, and medians by visit window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon.figures.cohort import CohortPanel, Middle, WindowSummary, cohort_figure
from cytorecon.figures.format import (
    MEASURES,
    MISSING,
    format_day,
    format_number,
    measure_named,
    population_label,
)
from cytorecon.figures.points import Point
from cytorecon.figures.timeaxis import time_axis
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.report.plot import Plot, plot
from cytorecon.report.sections import ReportSpec
from cytorecon.report.series import has_value
from cytorecon.report.tables import StudyTables


@dataclass(frozen=True, slots=True)
class WindowCell:
    """One population in one visit window."""

    median: str
    quartiles: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One visit window."""

    window: str
    days: str
    cells: tuple[WindowCell, ...]


@dataclass(frozen=True, slots=True)
class CohortView:
    """What the page of the study shows about all patients together."""

    title: str
    plot: Plot | None
    columns: tuple[str, ...]
    rows: tuple[WindowRow, ...]
    note: str


def cohort_view(tables: StudyTables, spec: ReportSpec) -> CohortView:
    """Return the cohort in the first measure that the study has values in.

    Parameters
    ----------
    tables : StudyTables
        Tidy tables of the study.
    spec : ReportSpec
        Which populations are shown.
    """
    for measure in MEASURES:
        points = _points(tables, measure.name, spec.cohort_populations)
        if points:
            return _view(tables, measure.name, points)
    return CohortView("", None, (), (), "")


_NOTE: Final = (
    "Median; below it the quartiles and the number of patients. Values below the LLOQ keep their rank and "
    "get no number. A median needs {least} patients: with fewer it would be a single person's value."
)
_QUANTILES: Final = ("median", "quartile_low", "quartile_high")

PatientPoints = Mapping[str, tuple[Point, ...]]


def _points(tables: StudyTables, measure: str, populations: Sequence[str]) -> Mapping[str, PatientPoints]:
    """Return population -> patient -> points with a value."""
    found: dict[str, dict[str, tuple[Point, ...]]] = {}
    for patient in tables.study.patients:
        own = tables.points[patient.patient].get(measure, {})
        for population in populations:
            valued = tuple(filter(has_value, own.get(population, ())))
            if valued:
                found.setdefault(population, {})[patient.patient] = valued
    return {population: found[population] for population in populations if population in found}


def _view(tables: StudyTables, measure: str, points: Mapping[str, PatientPoints]) -> CohortView:
    summary = tables.cohort[tables.cohort["measure"] == measure]
    panels = {
        population: CohortPanel(own, _windows(summary[summary["population"] == population]))
        for population, own in points.items()
    }
    axis = time_axis([tube.day for tube, _ in tables.tubes], zero_label="day 0")
    figure = cohort_figure(panels, axis)
    label = measure_named(measure).label
    return CohortView(
        title=f"Medians by visit window, {label}",
        plot=plot(figure, name="cohort", title=f"All patients, {label}"),
        columns=tuple(map(population_label, points)),
        rows=_rows(summary, tuple(points)),
        note=_NOTE.format(least=load_visit_windows().minimum_patients),
    )


def _windows(rows: pd.DataFrame) -> tuple[WindowSummary, ...]:
    return tuple(_window(row) for _, row in rows.iterrows())


def _window(row: pd.Series) -> WindowSummary:
    median, low, high = (_middle(row, name) for name in _QUANTILES)
    return WindowSummary(str(row["window"]), int(row["target_day"]), int(row["n"]), median, low, high)


def _middle(row: pd.Series, name: str) -> Middle | None:
    """Return a quantile, or None where there are too few patients for it."""
    if bool(row["suppressed"]):
        return None
    value = _number(row[name])
    # one that a value below the LLOQ decides has no number, only words such as "<12"
    text = str(row[f"{name}_reported"]) if value is None else format_number(value, str(row["measure"]))
    return Middle(value, text)


def _rows(summary: pd.DataFrame, populations: Sequence[str]) -> tuple[WindowRow, ...]:
    made = []
    for window, own in summary.groupby("window", sort=False):
        first = own.iloc[0]
        cells = {str(row["population"]): _cell(row) for _, row in own.iterrows()}
        days = f"{format_day(int(first['from_day']))} to {format_day(int(first['to_day']))}"
        row = tuple(cells.get(population, WindowCell(MISSING)) for population in populations)
        made.append((int(first["target_day"]), WindowRow(str(window), days, row)))
    return tuple(row for _, row in sorted(made, key=lambda item: item[0]))


def _cell(row: pd.Series) -> WindowCell:
    median, low, high = (_middle(row, name) for name in _QUANTILES)
    return WindowCell(
        median=median.text if median is not None else MISSING,
        quartiles=f"{low.text}–{high.text}" if low is not None and high is not None else "",
        n=int(row["n"]),
    )


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float) and not pd.isna(cell) else None
