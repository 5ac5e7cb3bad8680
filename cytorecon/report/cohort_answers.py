"""The statistics of a cohort, made once for all pages; what cannot be made says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon import cohort
from cytorecon.cohort.groups import Groups
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.report.sections import ReportSpec
from cytorecon.report.tables import StudyTables
from cytorecon.study.frame import typed_frame
from cytorecon.study.model import Study
from cytorecon.tables import (
    CLUSTER_COLUMNS,
    COHORT_MAP_COLUMNS,
    COMPARISON_COLUMNS,
    CUMULATIVE_INCIDENCE_COLUMNS,
    TIME_TO_MILESTONE_COLUMNS,
)

#: Days on which probabilities are stated, at least: those of tables, and some between for the eye.
DRAWN_DAYS: Final = (0, 14, 30, 45, 60, 80, 100, 120, 150, 180, 240, 300, 365, 545, 730)


@dataclass(frozen=True, slots=True)
class MilestoneAnswers:
    """Two tables on when milestones are reached: as if nothing competed, and with what came first."""

    times: pd.DataFrame
    incidence: pd.DataFrame


@dataclass(frozen=True, slots=True)
class CohortAnswers:
    """The tables of :mod:`cytorecon.cohort` that a report shows.

    Parameters
    ----------
    times, incidence, landmark, comparison, areas, clusters, map : DataFrame
        Without rows where they cannot be made.
    grouped_times : DataFrame
        Time to milestones by group.
    reasons : mapping of str to str
        ``clusters`` or ``map`` -> why there is none.
    """

    times: pd.DataFrame
    incidence: pd.DataFrame
    landmark: pd.DataFrame
    comparison: pd.DataFrame
    grouped_times: pd.DataFrame
    areas: pd.DataFrame
    clusters: pd.DataFrame
    map: pd.DataFrame
    reasons: Mapping[str, str]


def cohort_answers(tables: StudyTables, spec: ReportSpec) -> CohortAnswers:
    """Return the statistics of a cohort.

    Parameters
    ----------
    tables : StudyTables
        Of the whole study.
    spec : ReportSpec
        Which milestones, populations and groups are shown.
    """
    study, curves, reached = tables.study, tables.trajectories, tables.milestones
    chosen = [name for name in spec.milestone_figures if name in set(tables.applicable["milestone"])]
    whole = milestone_answers(reached, study, chosen)
    groups = [made for column in spec.compare_by if (made := comparable_groups(study, column)) is not None]
    shown = curves[
        curves["population"].isin(list(spec.cohort_populations)) & (curves["measure"] == "cells_per_ul")
    ]
    reasons: dict[str, str] = {}
    return CohortAnswers(
        times=whole.times,
        incidence=whole.incidence,
        landmark=cohort.landmark_table(reached, study),
        comparison=_joined([cohort.compare_groups(shown, each) for each in groups], COMPARISON_COLUMNS),
        grouped_times=_joined(
            [cohort.time_to_milestone(reached, study, groups=each, chosen=chosen) for each in groups],
            TIME_TO_MILESTONE_COLUMNS,
        ),
        areas=cohort.recovery_areas(shown),
        clusters=_or_reason(lambda: cohort.clusters(curves), "clusters", CLUSTER_COLUMNS, reasons),
        map=_or_reason(lambda: cohort.cohort_map(curves), "map", COHORT_MAP_COLUMNS, reasons),
        reasons=reasons,
    )


def milestone_answers(
    reached: pd.DataFrame, study: Study, chosen: Sequence[str], *, groups: Groups | None = None
) -> MilestoneAnswers:
    """Return by when milestones are reached, on days that make a curve.

    Parameters
    ----------
    reached : DataFrame
        ``MILESTONE_COLUMNS``.
    study : Study
        It was made of.
    chosen : sequence of str
        Milestones that apply to somebody; none gives tables without rows.
    groups : Groups, optional
        All patients in one group by default; of several there is time to the milestone alone.
    """
    if not chosen:
        return MilestoneAnswers(
            typed_frame([], TIME_TO_MILESTONE_COLUMNS), typed_frame([], CUMULATIVE_INCIDENCE_COLUMNS)
        )
    days = _days(study, _deadlines(reached, chosen))
    times = cohort.time_to_milestone(reached, study, groups=groups, chosen=chosen, days=days)
    if groups is not None:
        return MilestoneAnswers(times, typed_frame([], CUMULATIVE_INCIDENCE_COLUMNS))
    return MilestoneAnswers(times, cohort.cumulative_incidence(reached, study, chosen=chosen, days=days))


def map_or_reason(curves: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the map of the cohort, or a table without rows and why there is none."""
    reasons: dict[str, str] = {}
    made = _or_reason(lambda: cohort.cohort_map(curves), "map", COHORT_MAP_COLUMNS, reasons)
    return made, reasons.get("map", "")


def comparable_groups(study: Study, column: str) -> Groups | None:
    """Return the groups of a column without those that nobody stated; None with fewer than two large ones.

    Parameters
    ----------
    study : Study
        With its patients.
    column : str
        See :func:`cytorecon.cohort.groups_by`.
    """
    found = cohort.groups_by(study, column)
    least = load_visit_windows().minimum_patients
    stated = {patient: group for patient, group in found.of.items() if group != "unknown"}
    sizes = pd.Series(list(stated.values()), dtype="object").value_counts()
    return Groups(column, stated) if int((sizes >= least).sum()) >= 2 else None


def _days(study: Study, deadlines: Iterable[int]) -> tuple[int, ...]:
    last = max((tube.day for tube in study.tubes), default=0)
    drawn = [day for day in DRAWN_DAYS if day <= max(last, 100)]
    return tuple(sorted({*drawn, *deadlines}))


def _deadlines(reached: pd.DataFrame, chosen: Sequence[str]) -> set[int]:
    own = reached[reached["milestone"].isin(list(chosen))]
    return {int(day) for day in own["deadline_day"].dropna()}


def _joined(made: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [table for table in made if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else typed_frame([], columns)


def _or_reason(
    make: Callable[[], pd.DataFrame], name: str, columns: Sequence[str], reasons: dict[str, str]
) -> pd.DataFrame:
    """Return a table that needs enough patients; else one without rows, and put down why."""
    try:
        return make()
    except CytoreconError as error:
        reasons[name] = f"{error.message} Found: {error.found}. Needed: {error.allowed}."
        return typed_frame([], columns)
