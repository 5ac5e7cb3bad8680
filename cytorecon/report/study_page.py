"""What the page of the whole study shows, as plain text ready to be laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.errors import Issue, Severity
from cytorecon.figures.crossings import Crossing, crossings
from cytorecon.figures.format import format_day, measure_named, population_label
from cytorecon.figures.milestone_bars import milestone_figure
from cytorecon.figures.timeaxis import TimeAxis, time_axis
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.report import words
from cytorecon.report.cohort_answers import CohortAnswers
from cytorecon.report.cohort_page import CohortStatistics, cohort_statistics
from cytorecon.report.cohort_view import CohortView, cohort_view
from cytorecon.report.plot import Plot, plot
from cytorecon.report.remarks import Remark, not_assessed, remarks, remarks_beside
from cytorecon.report.sections import ReportSpec
from cytorecon.report.series import Series, latest, preferred
from cytorecon.report.tables import StudyTables
from cytorecon.results import TubeResult
from cytorecon.store import NOT_ANALYSED
from cytorecon.study.model import Patient


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient in the table of all patients."""

    patient: str
    page: str
    programme: str
    age: str
    tubes: str
    last_day: str
    values: tuple[tuple[str, str], ...]
    milestones: str
    look: str


@dataclass(frozen=True, slots=True)
class FailedRow:
    """One tube without a result."""

    tube: str
    patient: str
    page: str
    day: str
    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class MilestoneCount:
    """One milestone over all patients it applies to."""

    title: str
    applies: str
    reached: str
    deadline: str
    confirmed: str
    caution: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class StudyPage:
    """Everything on the page of the study."""

    name: str
    facts: tuple[tuple[str, str], ...]
    value_columns: tuple[str, ...]
    patients: tuple[PatientRow, ...]
    failed: tuple[FailedRow, ...]
    cohort: CohortView
    statistics: CohortStatistics
    milestones: tuple[MilestoneCount, ...]
    milestone_plots: tuple[Plot, ...]
    remarks: tuple[Remark, ...]
    more_remarks: int
    left_out: tuple[Issue, ...]
    sheet_remarks: tuple[Issue, ...]


def study_page(
    tables: StudyTables, answers: CohortAnswers, pages: Mapping[str, str], spec: ReportSpec
) -> StudyPage:
    """Return the page of the study.

    Parameters
    ----------
    tables : StudyTables
        Results and tidy tables.
    answers : CohortAnswers
        Statistics of all patients together.
    pages : mapping of str to str
        Patient -> file name of the page.
    spec : ReportSpec
        Which populations are shown.
    """
    patients = tables.study.patients
    series = {
        patient.patient: preferred(tables.points[patient.patient], spec.overview_populations)
        for patient in patients
    }
    columns = _columns(series.values(), spec)
    found = [
        crossing for patient in patients for crossing in crossings(tables.applicable, patient=patient.patient)
    ]
    noticed = (
        *remarks(tables.tubes, tables.trajectories, load_review_flags()),
        *remarks_beside(tables.study),
    )
    return StudyPage(
        name=tables.study.name,
        facts=_facts(tables, noticed),
        value_columns=tuple(map(population_label, columns)),
        patients=tuple(
            _patient_row(
                patient,
                pages[patient.patient],
                tables,
                series[patient.patient],
                columns,
                look=sum(remark.patient == patient.patient for remark in noticed),
            )
            for patient in patients
        ),
        failed=_failed(tables, pages),
        cohort=cohort_view(tables, spec),
        statistics=cohort_statistics(tables, answers, spec),
        milestones=_milestone_counts(found, tables),
        milestone_plots=_milestone_plots(found, tables, spec),
        remarks=noticed[: spec.study_page_remarks],
        more_remarks=max(0, len(noticed) - spec.study_page_remarks),
        left_out=tuple(issue for issue in tables.study.issues if issue.severity is Severity.ERROR),
        sheet_remarks=tuple(issue for issue in tables.study.issues if issue.severity is not Severity.ERROR),
    )


def _columns(series: Iterable[Series], spec: ReportSpec) -> tuple[str, ...]:
    present = {population for own in series for population in own}
    candidates = [population for population in spec.overview_populations if population in present]
    return tuple(candidates[: spec.overview_columns])


def _facts(tables: StudyTables, noticed: Sequence[Remark]) -> tuple[tuple[str, str], ...]:
    results = [result for _, result in tables.tubes]
    done = sum(result.status == "done" for result in results)
    waiting = sum(_is_pending(result) for result in results)
    without = [words.plural(len(results) - done - waiting, "tube") + " failed"]
    without += [f"{waiting} not analysed yet"] if waiting else []
    days = [tube.day for tube, _ in tables.tubes]
    templates = sorted({_template(result) for result in results if result.status == "done"})
    absent = not_assessed(tables.tubes)
    versions = sorted({result.provenance.software_version for result in results} - {""})
    return (
        ("Patients", str(len(tables.study.patients))),
        ("Tubes", f"{len(results)}, of which {done} analysed"),
        ("Without a result", ", ".join(without)),
        ("Days", f"{format_day(min(days))} to {format_day(max(days))}" if days else "–"),
        ("To look at again", words.plural(len(noticed), "remark")),
        *((("Not assessed", ", ".join(absent)),) if absent else ()),
        ("Gating templates", ", ".join(templates) or "–"),
        ("Analysed with", ", ".join(f"cytorecon {version}" for version in versions) or "–"),
    )


def _is_pending(result: TubeResult) -> bool:
    return any(issue.code == NOT_ANALYSED for issue in result.issues)


def _template(result: TubeResult) -> str:
    made = result.provenance
    return f"{words.without_folder(made.template)} {made.template_version}".strip() or "not stated"


def _patient_row(
    patient: Patient, page: str, tables: StudyTables, series: Series, columns: Sequence[str], look: int
) -> PatientRow:
    tubes = tables.tubes_of(patient.patient)
    done = sum(result.status == "done" for _, result in tubes)
    days = [tube.day for tube, _ in tubes]
    found = crossings(tables.applicable, patient=patient.patient)
    judged = [one for one in found if one.judged and not one.is_danger]
    return PatientRow(
        patient=patient.patient,
        page=page,
        programme=tables.programme_name(patient.programme),
        age=words.age_in_words(patient.age_years),
        tubes=f"{done} of {len(tubes)}",
        last_day=format_day(max(days)) if days else "–",
        values=tuple(_value(series, population) for population in columns),
        milestones=f"{sum(one.met for one in judged)} of {len(judged)}" if judged else "–",
        look=f"▲ {look}" if look else "–",
    )


def _value(series: Series, population: str) -> tuple[str, str]:
    """Return the latest value of a population and the day it is of."""
    point = latest(series.get(population, ()))
    if point is None:
        return ("–", "")
    unit = measure_named(point.measure).label
    return (f"{point.number} {unit}".strip(), f"day {format_day(point.day)}")


def _failed(tables: StudyTables, pages: Mapping[str, str]) -> tuple[FailedRow, ...]:
    return tuple(
        FailedRow(
            tube=tube.tube,
            patient=tube.patient,
            page=pages[tube.patient],
            day=format_day(tube.day),
            row=str(tube.row) if tube.row else "upload",
            reason=result.error,
        )
        for tube, result in tables.tubes
        if result.status == "failed"
    )


def _milestone_counts(found: Sequence[Crossing], tables: StudyTables) -> tuple[MilestoneCount, ...]:
    table = tables.milestones[tables.milestones["status"] != "not_applicable"]
    order = {name: place for place, name in enumerate(tables.rules)}
    measured = filter(tables.is_measured, dict.fromkeys(map(str, table["milestone"])))
    names = sorted(measured, key=lambda name: order.get(name, len(order)))
    return tuple(_milestone_count(table[table["milestone"] == name], found, tables) for name in names)


def _milestone_count(own: pd.DataFrame, found: Sequence[Crossing], tables: StudyTables) -> MilestoneCount:
    first = own.iloc[0]
    name = str(first["milestone"])
    mine = [crossing for crossing in found if crossing.milestone == name]
    unknown = int((own["status"] == "not_assessable").sum())
    day = first["deadline_day"]
    judged = [crossing for crossing in mine if crossing.judged]
    standing = words.by_the_deadline(judged)
    return MilestoneCount(
        title=tables.milestone_title(name, str(first["rule"])),
        applies=f"{len(mine)} ({unknown} not assessable)" if unknown else str(len(mine)),
        reached=_reached(mine) if mine else "–",
        deadline=f"day {day}: {standing}" if standing else "–",
        confirmed=str((own["confirmed"] == "yes").sum()) if (own["confirmed"] != "").any() else "–",
        caution=str(sum(bool(crossing.caution) for crossing in judged) or "–"),
        source=str(first["source"]),
        note=tables.milestone_note(name),
    )


def _reached(found: Sequence[Crossing]) -> str:
    """Return how many patients reached a milestone, and for how many nobody can tell."""
    unjudged = sum(not crossing.judged for crossing in found)
    if unjudged == len(found):
        return "could not be judged"
    reached = f"{'danger: ' if found[0].is_danger else ''}{sum(crossing.met for crossing in found)}"
    return f"{reached} ({unjudged} could not be judged)" if unjudged else reached


def _milestone_plots(found: Sequence[Crossing], tables: StudyTables, spec: ReportSpec) -> tuple[Plot, ...]:
    last_days: dict[str, int] = {}
    for tube, _ in tables.tubes:
        last_days[tube.patient] = max(tube.day, last_days.get(tube.patient, tube.day))
    axis: TimeAxis = time_axis(last_days.values(), zero_label="day 0")
    made = []
    for name in spec.milestone_figures:
        own = [crossing for crossing in found if crossing.milestone == name]
        if 0 < len(own) <= spec.milestone_figure_patients:
            figure = milestone_figure(own, last_days, axis)
            made.append(plot(figure, name=f"milestone-{name}", title=tables.milestone_title(name, name)))
    return tuple(made)
