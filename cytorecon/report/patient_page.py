"""What the page of one patient shows, as plain text ready to be laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.figures.crossings import Crossing, crossings, primary_crossings
from cytorecon.figures.format import (
    bare_reason,
    format_count,
    format_day,
    format_interval,
    format_method,
    format_number,
    measure_named,
    population_label,
)
from cytorecon.figures.lanes import SampleMark, SampleState
from cytorecon.figures.own_band import own_bands
from cytorecon.figures.patient import patient_figure, reference_caption
from cytorecon.figures.points import Point, reference_name
from cytorecon.figures.timeaxis import time_axis
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.report import words
from cytorecon.report.changes import ChangeRow, change_rows
from cytorecon.report.outlook import OutlookView, StandingView, outlook_view, standing_view
from cytorecon.report.plot import Plot, plot
from cytorecon.report.programme import (
    DueRow,
    ProgrammeRow,
    ReadoutRow,
    due_rows,
    in_programme_order,
    programme_row,
    readout_rows,
)
from cytorecon.report.provenance import ReferenceSet, Source, reference_sets, sources
from cytorecon.report.remarks import Remark, not_assessed, remarks, remarks_beside
from cytorecon.report.sections import ReportSpec
from cytorecon.report.sentences import sentences, value_sentences
from cytorecon.report.series import Series, before, has_value, latest, preferred
from cytorecon.report.tables import StudyTables
from cytorecon.results import TubeResult
from cytorecon.study.doses import doses_in_words
from cytorecon.study.model import Patient, Tube


@dataclass(frozen=True, slots=True)
class LatestRow:
    """Latest value of one population; all numbers of a row have its unit."""

    population: str
    value: str
    unit: str
    day: str
    interval: str
    events: str
    lloq: str
    method: str
    reference: str
    reference_set: str
    position: str
    change: str
    later: str


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """One milestone of the patient."""

    title: str
    status: str
    reading: str
    caution: str
    source: str
    effect: str
    note: str


@dataclass(frozen=True, slots=True)
class CountCell:
    """One value of the table of visits; `flag` marks one that needs a look."""

    value: str
    interval: str = ""
    reason: str = ""
    flag: bool = False


@dataclass(frozen=True, slots=True)
class CountRow:
    """One tube of the table of visits."""

    day: str
    visit: str
    tube: str
    method: str
    failed: str
    cells: tuple[CountCell, ...]


@dataclass(frozen=True, slots=True)
class PatientPage:
    """Everything on the page of one patient; the first `headlines` of the sentences are about values."""

    patient: str
    facts: tuple[tuple[str, str], ...]
    headlines: int
    sentences: tuple[str, ...]
    latest: tuple[LatestRow, ...]
    milestones: tuple[MilestoneRow, ...]
    other_rules: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]
    changes: tuple[ChangeRow, ...]
    count_columns: tuple[tuple[str, str], ...]
    counts: tuple[CountRow, ...]
    doses: tuple[str, ...]
    programme: ProgrammeRow | None
    readouts: tuple[ReadoutRow, ...]
    due: tuple[DueRow, ...]
    remarks: tuple[Remark, ...]
    sources: tuple[Source, ...]
    reference_sets: tuple[ReferenceSet, ...]
    standing: StandingView
    outlook: OutlookView


def patient_page(
    patient: Patient, tables: StudyTables, spec: ReportSpec, *, plots: bool = True
) -> PatientPage:
    """Return the page of `patient`.

    Parameters
    ----------
    patient : Patient
        One of the study's.
    tables : StudyTables
        Results and tidy tables of the whole study.
    spec : ReportSpec
        Which populations are shown.
    plots : bool
        Whether its figures are made: for paper they are drawn otherwise.
    """
    tubes = tables.tubes_of(patient.patient)
    by_measure = tables.points[patient.patient]
    programme = tables.programme(patient.programme)
    shown = preferred(by_measure, programme.in_order(spec.populations))
    headlines = value_sentences(
        preferred(by_measure, programme.in_order(spec.headline_populations)), spec.headline_sentences
    )
    found = in_programme_order(crossings(tables.applicable, patient=patient.patient), programme)
    beside = [each for each in remarks_beside(tables.study) if each.patient == patient.patient]
    noticed = (*remarks(tubes, tables.trajectories, load_review_flags()), *beside)
    return PatientPage(
        patient=patient.patient,
        facts=_facts(patient, tubes, tables),
        headlines=len(headlines),
        sentences=(*headlines, *sentences(patient.patient, tables, found, noticed)),
        latest=tuple(row for own in shown.values() if (row := _latest_row(own, tubes)) is not None),
        milestones=_milestone_rows(found, tables),
        other_rules=_other_rules(patient.patient, tables),
        plots=_plots(patient, tables, found, tubes, spec) if plots else (),
        changes=change_rows(tables.result, shown),
        count_columns=tuple((population_label(name), _unit(own)) for name, own in shown.items()),
        counts=tuple(_count_row(tube, result, shown) for tube, result in tubes),
        doses=doses_in_words(tables.doses[tables.doses["patient"] == patient.patient]),
        programme=programme_row(programme, tables.trajectories, patient.patient),
        readouts=readout_rows(tables.readouts, patient.patient),
        due=due_rows(tables.due, patient.patient),
        remarks=noticed,
        sources=sources(tubes),
        reference_sets=reference_sets(patient.patient, tables.trajectories, tables.citations),
        standing=standing_view(
            tables.standings[patient.patient].profile, tables.standings[patient.patient].distance
        ),
        outlook=outlook_view(
            tables.outlook.of(patient.patient), {name: rule.title for name, rule in tables.rules.items()}
        ),
    )


TubeResults = Sequence[tuple[Tube, TubeResult]]


def _facts(patient: Patient, tubes: TubeResults, tables: StudyTables) -> tuple[tuple[str, str], ...]:
    done = sum(result.status == "done" for _, result in tubes)
    days = [tube.day for tube, _ in tubes]
    span = f", day {format_day(min(days))} to {format_day(max(days))}" if days else ""
    absent = not_assessed(tubes)
    return (
        ("Programme", tables.programme_name(patient.programme)),
        ("Age at day 0", words.age_in_words(patient.age_years)),
        ("Sex", patient.sex if patient.sex != "unknown" else "not known"),
        ("Graft", patient.graft or "not given"),
        ("Clock", words.anchors_in_words(patient)),
        ("Visits", f"{len(set(days))}{span}"),
        ("Tubes analysed", f"{done} of {len(tubes)}"),
        *((("Not assessed", ", ".join(absent)),) if absent else ()),
    )


def _latest_row(points: Sequence[Point], tubes: TubeResults) -> LatestRow | None:
    point = latest(points)
    if point is None:
        return None
    reference, measure = point.reference, point.measure
    return LatestRow(
        population=population_label(point.population),
        value=point.number,
        unit=measure_named(measure).label,
        day=format_day(point.day),
        interval=point.interval,
        events=format_count(point.events),
        lloq="–" if point.not_detected else format_number(point.lloq, measure),
        method=format_method(point.method) if measure == "cells_per_ul" else "–",
        reference=format_interval(reference.low, reference.high, measure) if reference is not None else "–",
        reference_set=reference_name(reference) if reference is not None else "",
        position=words.position_in_words(reference),
        change=words.change(point, before(points, point)),
        later=_later(point, points, tubes),
    )


def _later(point: Point, points: Sequence[Point], tubes: TubeResults) -> str:
    """Return which later visits gave no value and why: the latest value is then not the newest draw."""
    later = [
        f"{format_day(other.day)}: {other.text}{f', {bare_reason(other.reason)}' if other.reason else ''}"
        for other in points
        if other.day > point.day
    ]
    later += [
        f"{format_day(tube.day)}: no result"
        for tube, result in tubes
        if result.status == "failed" and tube.day > point.day
    ]
    return f"No value since. {'; '.join(later)}." if later else ""


def _milestone_rows(found: Sequence[Crossing], tables: StudyTables) -> tuple[MilestoneRow, ...]:
    return tuple(
        MilestoneRow(
            title=tables.milestone_title(crossing.milestone, crossing.rule),
            status=crossing.mark,
            reading=crossing.reading,
            caution=crossing.caution,
            source=crossing.source,
            effect=tables.milestone_effect(crossing.milestone),
            note=tables.milestone_note(crossing.milestone),
        )
        for crossing in found
    )


def _other_rules(patient: str, tables: StudyTables) -> tuple[tuple[str, str], ...]:
    """Return the rules that were not judged, and why; what is only not known comes first."""
    table = tables.milestones
    every = table[table["patient"] == patient]
    own = pd.concat([every[every["status"] == status] for status in ("not_assessable", "not_applicable")])
    return tuple(
        (tables.milestone_title(str(row["milestone"]), str(row["rule"])), str(row["reading"]))
        for _, row in own.iterrows()
    )


def _plots(
    patient: Patient,
    tables: StudyTables,
    found: tuple[Crossing, ...],
    tubes: TubeResults,
    spec: ReportSpec,
) -> tuple[Plot, ...]:
    events = [event for event in tables.study.events if event.patient == patient.patient]
    days = [tube.day for tube, _ in tubes]
    days += [event.start_day for event in events]
    days += [event.end_day for event in events if event.end_day is not None]
    axis = time_axis(days, zero_label=patient.anchors[0].name)
    samples = tuple(SampleMark(tube.tube, tube.day, sample_state(result)) for tube, result in tubes)
    made = []
    for name, series in _drawn(tables.points[patient.patient], spec).items():
        figure = patient_figure(
            series,
            axis,
            events=events,
            samples=samples,
            milestones=primary_crossings(found, name),
            own_bands=own_bands(tables.event_free, measure=name),
        )
        title = f"Recovery, {measure_named(name).label}"
        made.append(plot(figure, name=f"recovery-{name}", title=title, caption=reference_caption(series)))
    return tuple(made)


def _drawn(by_measure: Mapping[str, Series], spec: ReportSpec) -> Mapping[str, Series]:
    """Return what is drawn, by measure: the declared measures, or else whatever there is."""
    measures = [name for name in spec.figure_measures if name in by_measure] or list(by_measure)[:1]
    return {
        measure: {name: by_measure[measure][name] for name in spec.populations if name in by_measure[measure]}
        or by_measure[measure]
        for measure in measures
    }


def sample_state(result: TubeResult) -> SampleState:
    """Return how the tube of a result is marked on the lane of samples.

    Parameters
    ----------
    result : TubeResult
        Of one tube.
    """
    if result.status == "failed":
        return "failed"
    return "review" if any(count.review for count in result.counts) else "done"


def _unit(points: Sequence[Point]) -> str:
    return measure_named(points[0].measure).label


def _count_row(tube: Tube, result: TubeResult, shown: Series) -> CountRow:
    cells = tuple(
        _cell(next((point for point in own if point.tube == tube.tube), None)) for own in shown.values()
    )
    methods = sorted({count.count_method for count in result.counts} - {"none"})
    return CountRow(
        day=format_day(tube.day),
        visit=tube.visit,
        tube=tube.tube,
        method=", ".join(map(format_method, methods)) or format_method("none"),
        failed=result.error if result.status == "failed" else "",
        cells=cells,
    )


def _cell(point: Point | None) -> CountCell:
    if point is None:
        return CountCell("–")
    if not has_value(point):
        return CountCell(point.text, reason=bare_reason(point.reason))
    return CountCell(
        value=point.number,
        interval=point.interval,
        flag=bool(point.review),
    )
