"""The report of one patient: one page and its annex, as values that HTML and PDF lay out alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from cytorecon.figures.crossings import crossings, primary_crossings
from cytorecon.figures.format import format_day, format_method
from cytorecon.figures.lanes import SampleMark, kind_name
from cytorecon.figures.paper import recovery_svg
from cytorecon.figures.timeaxis import time_axis
from cytorecon.report import words
from cytorecon.report.patient_page import PatientPage, patient_page, sample_state
from cytorecon.report.provenance import Source
from cytorecon.report.sections import ReportSpec
from cytorecon.report.series import preferred
from cytorecon.report.tables import StudyTables
from cytorecon.results import TubeResult
from cytorecon.study.given import Basis, basis_of, is_given
from cytorecon.study.model import ClinicalEvent, Patient

_CELLS: Final = "cells_per_ul"
_FINGERPRINT_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class EventRow:
    """One clinical event in words."""

    days: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class PatientSheet:
    """Everything the report of one patient shows.

    Parameters
    ----------
    page : PatientPage
        Tables and sentences, as on the patient's page.
    study : str
        Name of the study.
    figure : str
        Recovery as SVG; empty where there is nothing to draw.
    events : tuple of EventRow
        Clinical events.
    method : tuple of str
        How the numbers were made.
    software_version : str
        Of the program that wrote the report.
    approved : bool
        Whether a person signed it; until then every page says that it is a draft.
    made_on : date or None
        Printed when given.
    locked : bool
        Whether nothing replaces the results until somebody unlocks them.
    basis : {"gated", "given", "both"}
        What the numbers rest on.
    """

    page: PatientPage
    study: str
    figure: str
    events: tuple[EventRow, ...]
    method: tuple[str, ...]
    software_version: str
    approved: bool = False
    made_on: date | None = None
    locked: bool = False
    basis: Basis = "gated"

    @property
    def standing(self) -> str:
        """What the report says about its approval, and whether its results are locked."""
        approval = "Approved" if self.approved else "Draft: not approved"
        return f"{approval} · locked" if self.locked else approval


def patient_sheet(
    patient: Patient,
    tables: StudyTables,
    spec: ReportSpec,
    *,
    software_version: str,
    approved: bool = False,
    made_on: date | None = None,
    locked: bool = False,
    page: PatientPage | None = None,
) -> PatientSheet:
    """Return the report of `patient`.

    Parameters
    ----------
    patient : Patient
        One of the study's.
    tables : StudyTables
        Results and tidy tables of the study.
    spec : ReportSpec
        What is shown.
    software_version : str
        Version of cytorecon.
    approved : bool
        Whether a person signed the results.
    made_on : date, optional
        Day to print; nothing here asks a clock.
    locked : bool
        Whether the results are locked.
    page : PatientPage, optional
        The patient's page, where it was made already.
    """
    page = replace(page, plots=()) if page is not None else patient_page(patient, tables, spec, plots=False)
    events = [event for event in tables.study.events if event.patient == patient.patient]
    return PatientSheet(
        page=page,
        study=tables.study.name,
        figure=_figure(patient, tables, spec, events),
        events=tuple(map(_event_row, sorted(events, key=lambda event: event.start_day))),
        method=_method(patient, tables, spec, page),
        software_version=software_version,
        approved=approved,
        made_on=made_on,
        locked=locked,
        basis=basis_of(result for _, result in tables.tubes_of(patient.patient)),
    )


def _figure(patient: Patient, tables: StudyTables, spec: ReportSpec, events: Sequence[ClinicalEvent]) -> str:
    shown = preferred(tables.points[patient.patient], spec.headline_populations)
    panels = dict(list(shown.items())[: spec.sheet_panels])
    if not panels:
        return ""
    tubes = tables.tubes_of(patient.patient)
    days = [tube.day for tube, _ in tubes]
    days += [event.start_day for event in events]
    days += [event.end_day for event in events if event.end_day is not None]
    return recovery_svg(
        panels,
        time_axis(days, zero_label=patient.anchors[0].name),
        events=events,
        samples=tuple(SampleMark(tube.tube, tube.day, sample_state(result)) for tube, result in tubes),
        milestones=primary_crossings(crossings(tables.applicable, patient=patient.patient), _CELLS),
    )


def _event_row(event: ClinicalEvent) -> EventRow:
    days = format_day(event.start_day)
    if event.ongoing:
        days += ", ongoing"
    elif event.end_day is not None and event.end_day != event.start_day:
        days += f" to {format_day(event.end_day)}"
    return EventRow(days, kind_name(event.kind), event.label)


def _method(patient: Patient, tables: StudyTables, spec: ReportSpec, page: PatientPage) -> tuple[str, ...]:
    done = [result for _, result in tables.tubes_of(patient.patient) if result.status == "done"]
    given = {result.tube for result in done if is_given(result)}
    gated = [result for result in done if result.tube not in given]
    basis = basis_of(done)
    interval = [term.meaning for term in spec.reading_for(basis) if term.term == "95 % interval"]
    return (
        *((_gating([one for one in page.sources if one.tube not in given], spec),) if gated else ()),
        *(text for method, text in spec.method.counting.items() if method in _methods(gated)),
        *(_given([result for result in done if result.tube in given], spec) if given else ()),
        *(f"95 % interval: {meaning}" for meaning in interval),
    )


def _gating(sources: Sequence[Source], spec: ReportSpec) -> str:
    return spec.method.gating.format(
        templates=words.listed(dict.fromkeys(source.template for source in sources)),
        versions=words.listed(dict.fromkeys(source.software_version for source in sources)),
        fingerprint=_fingerprint(sources),
    )


def _given(results: Sequence[TubeResult], spec: ReportSpec) -> Iterator[str]:
    yield spec.method.given
    if methods := sorted(_methods(results)):
        yield spec.method.given_methods.format(methods=words.listed(list(map(format_method, methods))))


def _methods(results: Sequence[TubeResult]) -> set[str]:
    found = {str(count.count_method) for result in results for count in result.counts}
    return found - {"none"}


def _fingerprint(sources: Sequence[Source]) -> str:
    """Return the first digits of one hash over files, templates and gates of all tubes."""
    rows = [
        (source.tube, source.file_sha256, source.template_sha256, source.gates_version) for source in sources
    ]
    digest = hashlib.sha256(json.dumps(rows).encode("utf-8")).hexdigest()
    return digest[:_FINGERPRINT_DIGITS]
