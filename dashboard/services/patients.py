"""The patient page: one patient's points, events, milestones and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import plotly.graph_objects as go

from cytorecon.figures.crossings import Crossing, crossings, primary_crossings
from cytorecon.figures.format import (
    MISSING,
    Measure,
    format_count,
    format_day,
    format_value,
    population_label,
)
from cytorecon.figures.lanes import SampleMark, SampleState
from cytorecon.figures.own_band import own_bands
from cytorecon.figures.panel_band import BandWindow
from cytorecon.figures.patient import patient_figure, reference_caption
from cytorecon.figures.points import Point, patient_points
from cytorecon.figures.timeaxis import TimeAxis, TimeScale, time_axis
from cytorecon.knowledge.milestones import MilestoneRule, load_milestone_rules
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.report.changes import ChangeRow, change_rows
from cytorecon.report.programme import in_programme_order
from cytorecon.report.words import age_in_words
from cytorecon.study.given import Basis, basis_of
from cytorecon.study.model import ClinicalEvent, Patient
from cytorecon.study.table import csv_text
from dashboard.services.besides import Besides, besides, programme_of
from dashboard.services.hints import in_browser
from dashboard.services.measures import (
    available_measures,
    available_populations,
    chosen_measure,
    patient_populations,
)
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import OfPatient, Snapshot
from dashboard.services.tubes import SHAPES, TubeState, review_notes, tube_state


@dataclass(frozen=True, slots=True)
class Card:
    """A summary card: what, the number, and a word on it (``good``, ``watch`` or ``plain``)."""

    title: str
    value: str
    note: str = ""
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """One milestone of the table, all as text."""

    title: str
    status: str
    reading: str
    caution: str
    source: str
    effect: str
    note: str


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One tube of the table under the figure: cells by population, as text."""

    day: str
    visit: str
    tube: str
    state: TubeState
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PatientView:
    """Everything the patient page shows for one selection."""

    patient: Patient
    measure: str
    measures: tuple[Measure, ...]
    populations: tuple[str, ...]
    all_populations: tuple[str, ...]
    time: TimeScale
    points: Mapping[str, tuple[Point, ...]]
    axis: TimeAxis
    events: tuple[ClinicalEvent, ...]
    samples: tuple[SampleMark, ...]
    primary: Mapping[str, Crossing]
    cards: tuple[Card, ...]
    milestones: tuple[MilestoneRow, ...]
    other_rules: tuple[tuple[str, str], ...]
    visits: tuple[VisitRow, ...]
    besides: Besides
    changes: tuple[ChangeRow, ...] = ()
    own_bands: Mapping[str, tuple[BandWindow, ...]] = field(default_factory=dict)
    band: bool = True
    band_words: str = ""
    locked: bool = False
    basis: Basis = "gated"

    @property
    def selection(self) -> TrajectorySelection:
        """What is really shown, with nothing left open."""
        return TrajectorySelection(
            self.measure, self.time, self.populations, self.patient.patient, band=self.band
        )

    @property
    def heading(self) -> str:
        """Heading of the page; says when nothing replaces the results until somebody unlocks them."""
        sign = " · locked" if self.locked else ""
        return f"{self.patient.patient} · recovery after {self.axis.zero_label}{sign}"

    @property
    def figure(self) -> go.Figure:
        """Lanes and small multiples."""
        return patient_figure(
            self.points,
            self.axis,
            events=self.events,
            samples=self.samples,
            milestones=self.primary,
            own_bands=self.own_bands if self.band else {},
        )

    @property
    def caption(self) -> str:
        """Which reference is drawn, and what the second band is."""
        return f"{reference_caption(self.points)} {self.band_words}".strip()

    @property
    def days_with_results(self) -> int:
        """Number of different days with a result in this measure."""
        return len({point.day for own in self.points.values() for point in own if point.is_result})


def chosen_patient(snapshot: Snapshot, wanted: str) -> str:
    """Return `wanted`, or the first patient when nothing was asked for; empty when unknown."""
    if not wanted:
        return snapshot.patients[0] if snapshot.patients else ""
    return wanted if wanted in snapshot.patients else ""


def patient_view(snapshot: Snapshot, selection: TrajectorySelection) -> PatientView:
    """Return what the patient page shows.

    Parameters
    ----------
    snapshot : Snapshot
        The study.
    selection : TrajectorySelection
        With a patient of the study.
    """
    patient = snapshot.study.patient(selection.patient)
    own = snapshot.of(patient.patient)
    measures = available_measures(snapshot, patient.patient)
    measure = chosen_measure(measures, selection.measure)
    programme = programme_of(patient)
    populations = patient_populations(snapshot, measure, selection.populations, programme) if measure else ()
    every = _points(own, patient.patient, measure, available_populations(snapshot, measure))
    points = {name: every[name] for name in populations if name in every}
    events = tuple(event for event in snapshot.study.events if event.patient == patient.patient)
    samples = _samples(own)
    found = in_programme_order(crossings(own.milestones, patient=patient.patient), programme)
    applicable = tuple(crossing for crossing in found if crossing.applies)
    if not any(crossing.judged for crossing in applicable):
        applicable = ()
    return PatientView(
        patient=patient,
        measure=measure,
        measures=measures,
        populations=tuple(points),
        all_populations=available_populations(snapshot, measure),
        time=selection.time,
        points=points,
        axis=patient_axis(patient, events, samples, selection.time),
        events=events,
        samples=samples,
        primary=primary_crossings(found, measure) if measure else {},
        cards=_cards(patient, points, found, samples),
        milestones=_milestone_rows(applicable),
        other_rules=_other_rules([one for one in found if one not in applicable]),
        visits=_visit_rows(own, points),
        changes=change_rows(own.result, points),
        besides=besides(snapshot, patient),
        own_bands=own_bands(snapshot.event_free, measure=measure) if measure else {},
        band=selection.band,
        band_words=_band_words(snapshot, selection.band),
        locked=patient.patient in snapshot.result.locked,
        basis=basis_of(own.result.tubes),
    )


def band_label(snapshot: Snapshot) -> str:
    """Return what the second band shows; empty where there is none."""
    if not (~snapshot.event_free["suppressed"].astype(bool)).any():
        return ""
    return f"event-free recipients of this study, n = {len(snapshot.event_free_patients)}"


def _band_words(snapshot: Snapshot, shown: bool) -> str:
    label = band_label(snapshot)
    if not label:
        why = (
            f"of fewer than {load_visit_windows().minimum_patients} it is known"
            if snapshot.study.events
            else "the sheet lists no events"
        )
        return f"No band of event-free recipients of this study: {why}."
    if not shown:
        return ""
    return f"Second band: {label}; median and quartiles by visit window, with the n of each window on hover."


def _points(
    own: OfPatient, patient: str, measure: str, populations: tuple[str, ...]
) -> Mapping[str, tuple[Point, ...]]:
    if not measure:
        return {}
    return patient_points(
        own.trajectories, own.counts, patient=patient, measure=measure, populations=populations
    )


def patient_axis(
    patient: Patient, events: tuple[ClinicalEvent, ...], samples: tuple[SampleMark, ...], scale: TimeScale
) -> TimeAxis:
    """Return the time axis over all samples and events of a patient."""
    days = [sample.day for sample in samples]
    for event in events:
        days.append(event.start_day)
        if event.end_day is not None:
            days.append(event.end_day)
    return time_axis(days, scale=scale, zero_label=zero_label(patient))


def zero_label(patient: Patient) -> str:
    """Return the name of day 0: the first anchor, ``HCT1`` shortened to ``HCT``."""
    return patient.anchors[0].name.rstrip("0123456789") or patient.anchors[0].name


_MARKS: dict[TubeState, SampleState] = {
    "analysed": "done",
    "needs a look": "review",
    "failed": "failed",
    "not analysed": "failed",
}


def _samples(own: OfPatient) -> tuple[SampleMark, ...]:
    marks = []
    for tube, result in zip(own.result.study.tubes, own.result.tubes, strict=True):
        note = in_browser(result.error) or "<br>".join(review_notes(result)[:3])
        marks.append(SampleMark(tube.tube, tube.day, _MARKS[tube_state(result)], note))
    return tuple(sorted(marks, key=lambda mark: mark.day))


def _cards(
    patient: Patient,
    points: Mapping[str, tuple[Point, ...]],
    found: tuple[Crossing, ...],
    samples: tuple[SampleMark, ...],
) -> tuple[Card, ...]:
    latest = [card for own in list(points.values()) if (card := _latest_card(own)) is not None]
    wanted = [name for name in ("CD4_T", "lymphocytes", "CD3_T") if name in points]
    chosen = _latest_card(points[wanted[0]]) if wanted else (latest[0] if latest else None)
    cards = [_about_card(patient)]
    if chosen is not None:
        cards.append(chosen)
    milestone = primary_crossings(found, "cells_per_ul").get("CD4_T")
    if milestone is not None and milestone.judged:
        cards.append(_milestone_card(milestone))
    return (*cards, _samples_card(samples))


def _about_card(patient: Patient) -> Card:
    age = "age unknown" if patient.age_years is None else age_in_words(patient.age_years)
    unknown = patient.programme == UNKNOWN_PROGRAMME
    programme = "programme unknown" if unknown else programme_of(patient).name
    about = [patient.sex if patient.sex != "unknown" else "", programme, patient.graft]
    return Card("On day 0", age, " · ".join(filter(None, about)))


def _latest_card(points: tuple[Point, ...]) -> Card | None:
    known = [point for point in points if point.is_result and not point.is_after_death]
    if not known:
        return None
    last = known[-1]
    title = f"{population_label(last.population)} on day {format_day(last.day)}"
    if last.reference is None or not last.reference.position:
        return Card(title, last.text, "no reference for this age" if last.reference is None else "")
    position = last.reference.position
    return Card(title, last.text, f"{position} reference", "good" if position == "within" else "watch")


def _milestone_card(crossing: Crossing) -> Card:
    sign = "≥" if crossing.rule.startswith("≥") else ">"
    threshold = format_value(crossing.threshold, "cells_per_ul")
    title = f"{population_label(crossing.population)} {sign} {threshold}"
    note = f"{crossing.mark}{' · ▲ with caution' if crossing.caution else ''}"
    if not crossing.reached:
        return Card(title, crossing.words, note)
    sound = crossing.met and not crossing.caution and crossing.deadline in ("", "in_time")
    return Card(title, crossing.words, note, "good" if sound else "watch")


def _samples_card(samples: tuple[SampleMark, ...]) -> Card:
    done = sum(sample.state != "failed" for sample in samples)
    review = sum(sample.state == "review" for sample in samples)
    failed = len(samples) - done
    notes = [f"{review} to look at"] if review else []
    notes += [f"{failed} without result"] if failed else []
    return Card(
        "Tubes analysed",
        f"{format_count(done)} of {format_count(len(samples))}",
        " · ".join(notes) or "nothing to look at",
        "watch" if notes else "good",
    )


@cache
def _rules() -> Mapping[str, MilestoneRule]:
    return {rule.milestone: rule for rule in load_milestone_rules().milestones}


def milestone_title(milestone: str) -> str:
    """Return a milestone in words; one whose rule is not packaged by its identifier."""
    rule = _rules().get(milestone)
    return milestone if rule is None else rule.title


def _milestone_rows(found: tuple[Crossing, ...]) -> tuple[MilestoneRow, ...]:
    return tuple(_milestone_row(crossing, _rules().get(crossing.milestone)) for crossing in found)


def _milestone_row(crossing: Crossing, rule: MilestoneRule | None) -> MilestoneRow:
    return MilestoneRow(
        title=milestone_title(crossing.milestone),
        status=crossing.mark,
        reading=crossing.reading,
        caution=crossing.caution,
        source=crossing.source,
        effect="" if rule is None else rule.effect,
        note="" if rule is None else rule.note,
    )


def _other_rules(found: Sequence[Crossing]) -> tuple[tuple[str, str], ...]:
    """Return the rules that were not judged, and why; what is only not known comes first."""
    ordered = sorted(found, key=lambda crossing: crossing.status != "not_assessable")
    return tuple((milestone_title(crossing.milestone), crossing.reading) for crossing in ordered)


def _visit_rows(own: OfPatient, points: Mapping[str, tuple[Point, ...]]) -> tuple[VisitRow, ...]:
    cells: dict[str, dict[str, str]] = {}
    for population, series in points.items():
        for point in series:
            cells.setdefault(point.tube, {})[population] = cell_text(point)
    pairs = zip(own.result.study.tubes, own.result.tubes, strict=True)
    return tuple(
        VisitRow(
            format_day(tube.day),
            tube.visit,
            tube.tube,
            tube_state(result),
            cells.get(tube.tube, {}),
        )
        for tube, result in sorted(pairs, key=lambda pair: pair[0].day)
    )


def cell_text(point: Point) -> str:
    """Return a result with its interval for a table, e.g. ``58 (51–66)``; the unit is in the head.

    What needs a look ends with its shape.
    """
    has_interval = point.is_result and point.interval != MISSING
    text = f"{point.number} ({point.interval})" if has_interval else point.number
    return f"{text} {SHAPES['needs a look']}" if point.is_result and point.review else text


def patient_csv(snapshot: Snapshot, patient: str) -> str:
    """Return the patient's rows of the trajectory table as CSV, all measures and populations."""
    return csv_text(snapshot.of(patient).trajectories)
