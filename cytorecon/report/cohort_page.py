"""What the page of the study says about all patients beyond medians: milestones in time, groups, likeness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytorecon.figures.cohort_map import cohort_map_figure
from cytorecon.figures.incidence import incidence_figure
from cytorecon.figures.timeaxis import TimeAxis, time_axis
from cytorecon.report import words
from cytorecon.report.cohort_answers import CohortAnswers
from cytorecon.report.cohort_words import (
    WordTable,
    area_words,
    cluster_words,
    comparison_words,
    few,
    group_table,
    landmark_words,
    milestone_curves,
    milestone_table,
)
from cytorecon.report.plot import Plot, plot
from cytorecon.report.sections import ReportSpec
from cytorecon.report.tables import StudyTables


@dataclass(frozen=True, slots=True)
class MilestoneTimes:
    """One milestone: curves and table; `plot` is None where patients are too few."""

    title: str
    plot: Plot | None
    table: WordTable


@dataclass(frozen=True, slots=True)
class GroupComparison:
    """Groups by one column: counts by visit, and time to milestones; `small` says what is left out."""

    by: str
    counts: WordTable
    times: WordTable
    small: str


@dataclass(frozen=True, slots=True)
class CohortStatistics:
    """What the page of the study shows of :mod:`cytorecon.cohort`; words stand where numbers cannot.

    Parameters
    ----------
    times : tuple of MilestoneTimes
        In the order of the settings.
    landmark, areas, clusters : WordTable
        Tables.
    landmark_small : str
        What is left out of it for want of patients.
    comparisons : tuple of GroupComparison
        By column.
    no_groups : str
        Why groups are not compared; empty where they are.
    map : Plot or None
        Patients near each other where their counts are alike.
    alike_reasons : tuple of str
        Why there are no clusters or no map.
    methods : mapping of str to str
        How each was made; without what has nothing to show.
    """

    times: tuple[MilestoneTimes, ...]
    landmark: WordTable
    landmark_small: str
    comparisons: tuple[GroupComparison, ...]
    no_groups: str
    areas: WordTable
    clusters: WordTable
    map: Plot | None
    alike_reasons: tuple[str, ...]
    methods: Mapping[str, str]


def cohort_statistics(tables: StudyTables, answers: CohortAnswers, spec: ReportSpec) -> CohortStatistics:
    """Return the statistics of a cohort in words and figures.

    Parameters
    ----------
    tables : StudyTables
        Of the whole study.
    answers : CohortAnswers
        Its statistics.
    spec : ReportSpec
        Which groups were asked for.
    """
    titles = {name: rule.title for name, rule in tables.rules.items()}
    labels = {name: programme.name for name, programme in tables.programmes.items()}
    landmark, small = landmark_words(answers.landmark, titles)
    return CohortStatistics(
        times=_times(answers, titles),
        landmark=landmark,
        landmark_small=_left_out(small, "milestone"),
        comparisons=_comparisons(answers, titles, labels),
        no_groups=_no_groups(answers, spec),
        areas=area_words(answers.areas),
        clusters=cluster_words(answers.clusters),
        map=_map(tables, answers),
        alike_reasons=tuple(answers.reasons.values()),
        methods={
            name: str(table["method"].iloc[0])
            for name, table in {
                "times": answers.incidence,
                "landmark": answers.landmark,
                "comparison": answers.comparison,
                "areas": answers.areas,
                "clusters": answers.clusters,
                "map": answers.map,
            }.items()
            if len(table)
        },
    )


def _times(answers: CohortAnswers, titles: Mapping[str, str]) -> tuple[MilestoneTimes, ...]:
    made = []
    for name in dict.fromkeys(answers.incidence["milestone"]):
        curves = milestone_curves(answers.times, answers.incidence, name)
        axis: TimeAxis = time_axis([day for curve in curves for day in curve.days], zero_label="day 0")
        figure = incidence_figure(curves, axis, bands=[curve.name for curve in curves[:1]])
        title = titles.get(name, name)
        drawn = plot(figure, name=f"times-{name}", title=title) if curves else None
        made.append(MilestoneTimes(title, drawn, milestone_table(answers.times, answers.incidence, name)))
    return tuple(made)


def _comparisons(
    answers: CohortAnswers, titles: Mapping[str, str], labels: Mapping[str, str]
) -> tuple[GroupComparison, ...]:
    made = []
    for column, own in answers.comparison.groupby("by", sort=False):
        counts, small = comparison_words(own, labels)
        times = answers.grouped_times[answers.grouped_times["by"] == column]
        when = group_table(times, titles, labels)
        made.append(GroupComparison(str(column), counts, when, _left_out(small, "comparison")))
    return tuple(made)


def _left_out(number: int, noun: str) -> str:
    return f"{words.plural(number, noun)} left out: {few()} in one of the groups." if number else ""


def _no_groups(answers: CohortAnswers, spec: ReportSpec) -> str:
    if len(answers.comparison):
        return ""
    columns = words.listed(spec.compare_by)
    return f"Not compared: by {columns} there are no two groups of which neither has {few()}."


def _map(tables: StudyTables, answers: CohortAnswers) -> Plot | None:
    if not len(answers.map):
        return None
    programmes = {
        patient.patient: tables.programme_name(patient.programme) for patient in tables.study.patients
    }
    figure = cohort_map_figure(answers.map, programmes)
    window = answers.map["window"].iloc[0]
    return plot(
        figure,
        name="map",
        title=f"Map of the cohort, {window}",
        caption="One mark per patient. Patients near each other have similar counts; the axes name what "
        "weighs most in them, and have no unit of their own.",
    )
