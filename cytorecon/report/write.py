"""Write the report of a study into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import pandas as pd
from plotly.offline import get_plotlyjs

from cytorecon.knowledge.references import References
from cytorecon.report import words
from cytorecon.report.cohort_answers import CohortAnswers, cohort_answers
from cytorecon.report.environment import render
from cytorecon.report.folder import INDEX, delete_stale, put, report_folder
from cytorecon.report.names import page_names
from cytorecon.report.patient_page import PatientPage, patient_page
from cytorecon.report.sections import ReportSpec, load_report_spec
from cytorecon.report.study_page import study_page
from cytorecon.report.tables import StudyTables, study_tables
from cytorecon.report.write_sheets import Making, sheet_names, write_sheet
from cytorecon.report.write_tube_pages import tube_names
from cytorecon.study.given import basis_of
from cytorecon.study.result import StudyResult
from cytorecon.study.table import csv_text

#: Told after each page: pages written, pages in all.
Progress = Callable[[int, int], None]

_DOSES: Final = "product_dose.csv"
_READOUTS: Final = "readouts.csv"
_DOWNLOADS: Final[tuple[tuple[str, str], ...]] = (
    ("counts.csv", "every population of every tube: events, percentages, cells/µL, interval, provenance"),
    (_DOSES, "cells per kg of each cell product, with interval"),
    ("trajectories.csv", "what the curves show: value, interval, LLOQ, reference at the age of the visit"),
    ("milestones.csv", "one line per patient and milestone"),
    (_READOUTS, "values from outside of the cytometer: blood counts, chimerism, immunoglobulins"),
    ("due_tests.csv", "which test a published schedule asks for next"),
    ("cohort.csv", "medians and quartiles by visit window"),
    ("event_free.csv", "the same of patients without relapse, GVHD of grade II or more and the like"),
    ("tubes.csv", "one line per tube, with the reason where there is no result"),
    ("profiles.csv", "immune profile of each patient: position, z-score, visit before, comparable patients"),
    ("expected_visits.csv", "bands of the next planned visits, or why there are none"),
    ("expected_milestones.csv", "probability of each open milestone by the next planned visits"),
    ("course_remarks.csv", "slower than comparable patients, drops beyond noise, lineages that disagree"),
    ("time_to_milestone.csv", "who has reached a milestone by when, as if nothing competed"),
    ("cumulative_incidence.csv", "the milestone, or what came first"),
    ("landmark.csv", "survival after day 100 by what was reached until then"),
    ("comparison.csv", "groups of patients, by visit window and population"),
    ("mean_levels.csv", "mean level of each patient and population over the first 100 days"),
    ("clusters.csv", "patients whose CD4 T recover alike"),
    ("cohort_map.csv", "position of each patient on the map of day 100"),
)


@dataclass(frozen=True, slots=True)
class Links:
    """Files beside a page: reports of the patient as (words, file), and the page of each tube."""

    sheets: tuple[tuple[str, str], ...]
    tubes: Mapping[str, str]


NO_LINKS: Final = Links((), {})


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """What was written.

    Parameters
    ----------
    folder : Path
        The folder of the report.
    index : Path
        The page to open.
    patients : mapping of str to Path
        Patient -> page.
    tables : tuple of Path
        CSV files.
    sheets : mapping of str to tuple of Path
        Patient -> files of the patient's own report.
    """

    folder: Path
    index: Path
    patients: Mapping[str, Path]
    tables: tuple[Path, ...]
    sheets: Mapping[str, tuple[Path, ...]]


def write_report(
    result: StudyResult,
    out: Path,
    *,
    software_version: str,
    references: References | None = None,
    sheets: Making | None = None,
    forecasts: bool = True,
    tube_pages: str = "",
    progress: Progress | None = None,
) -> ReportFiles:
    """Write the report of a study.

    The same result gives the same bytes: there is no time, path or machine in a report.

    Parameters
    ----------
    result : StudyResult
        A study with its results; the pictures of the gates are not needed.
    out : Path
        Folder, made if need be. Files of an earlier report in it are replaced, and its pages of
        patients who are no longer in the study are deleted; other files stay.
    software_version : str
        Version of cytorecon, printed on every page.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.
    sheets : Making, optional
        Write the report of each patient too, so.
    forecasts : bool
        Whether recovery is modelled and continued; else the pages say that it was not.
    tube_pages : str
        Folder of the pages of tubes as seen from `out`, where they are written too.
    progress : callable, optional
        Called with (pages written, pages in all) after each page.

    Raises
    ------
    StoreError
        If the folder cannot be written, or holds an ``index.html`` that is no report.
    """
    spec = load_report_spec()
    with report_folder(out):
        tables = study_tables(result, references=references, forecasts=forecasts)
        answers = cohort_answers(tables, spec)
        people = [patient.patient for patient in tables.study.patients]
        pages, places = page_names(people), sheet_names(people)
        _write_assets(out)
        written = _write_tables(out, tables, answers)
        tubes = tube_names(tables.study) if tube_pages else {}
        made: dict[str, tuple[Path, ...]] = {}
        for number, patient in enumerate(tables.study.patients, start=1):
            place = out / places[patient.patient]
            page = patient_page(patient, tables, spec)
            links = Links(
                _sheet_links(place.name, sheets),
                {tube: f"{tube_pages}/{name}" for tube, name in tubes.items()},
            )
            put(out / pages[patient.patient], _patient_html(page, tables, spec, software_version, links))
            if sheets is not None:
                made[patient.patient] = write_sheet(patient, tables, spec, sheets, place, page=page)
            if progress is not None:
                progress(number, len(pages) + 1)
        delete_stale(out, "patient_*.html", set(pages.values()))
        for suffix in ("html", "pdf"):
            delete_stale(out, f"sheet_*.{suffix}", {f"{place}.{suffix}" for place in places.values()})
        put(out / INDEX, _study_html(tables, answers, pages, spec, software_version))
        if progress is not None:
            progress(len(pages) + 1, len(pages) + 1)
    return ReportFiles(out, out / INDEX, {name: out / page for name, page in pages.items()}, written, made)


def _write_assets(out: Path) -> None:
    assets = out / "assets"
    assets.mkdir(exist_ok=True)
    for name in ("report.css", "report.js"):
        packaged = resources.files("cytorecon.report").joinpath("assets", name)
        put(assets / name, packaged.read_text(encoding="utf-8"))
    put(assets / "plotly.min.js", get_plotlyjs())


def _frames(tables: StudyTables, answers: CohortAnswers) -> dict[str, pd.DataFrame]:
    """Return the tables that are written, by file; optional ones only where they have rows."""
    profiles = [each.profile for each in tables.standings.values()]
    optional = {
        _DOSES: tables.doses,
        _READOUTS: tables.readouts,
        "profiles.csv": pd.concat(profiles, ignore_index=True) if profiles else pd.DataFrame(),
        "expected_visits.csv": tables.outlook.visits,
        "expected_milestones.csv": tables.outlook.milestones,
        "course_remarks.csv": tables.outlook.flags,
        "time_to_milestone.csv": answers.times,
        "cumulative_incidence.csv": answers.incidence,
        "landmark.csv": answers.landmark,
        "comparison.csv": answers.comparison,
        "mean_levels.csv": answers.areas,
        "clusters.csv": answers.clusters,
        "cohort_map.csv": answers.map,
    }
    return {
        "counts.csv": tables.counts,
        "trajectories.csv": tables.trajectories,
        "milestones.csv": tables.milestones,
        "due_tests.csv": tables.due,
        "cohort.csv": tables.cohort,
        "event_free.csv": tables.event_free,
        "tubes.csv": tables.status,
        **{name: frame for name, frame in optional.items() if len(frame)},
    }


def _write_tables(out: Path, tables: StudyTables, answers: CohortAnswers) -> tuple[Path, ...]:
    frames = _frames(tables, answers)
    for name, _ in _DOWNLOADS:
        if name not in frames:
            (out / name).unlink(missing_ok=True)  # of an earlier report, which had something to say
    for name, frame in frames.items():
        put(out / name, csv_text(frame))
    return tuple(out / name for name in frames)


def _sheet_links(place: str, making: Making | None) -> tuple[tuple[str, str], ...]:
    """Return (words, file) of the reports of a patient that are written beside the page."""
    formats = making.formats if making is not None else ()
    words = {"html": "one page with annex, in one file", "pdf": "the same as PDF"}
    return tuple((words[name], f"{place}.{name}") for name in words if name in formats)


def _study_html(
    tables: StudyTables,
    answers: CohortAnswers,
    pages: Mapping[str, str],
    spec: ReportSpec,
    software_version: str,
) -> str:
    written = _frames(tables, answers)
    return render(
        kind="study",
        title=f"{tables.study.name} · cytorecon report",
        heading=tables.study.name,
        home="",
        lead="Immune reconstitution: counts, recovery and milestones of all patients.",
        sections=spec.study_page,
        page=study_page(tables, answers, pages, spec),
        pages=pages,
        links=NO_LINKS,
        downloads=[each for each in _DOWNLOADS if each[0] in written],
        terms=spec.reading_for(basis_of(result for _, result in tables.tubes)),
        software_version=software_version,
    )


def _patient_html(
    page: PatientPage, tables: StudyTables, spec: ReportSpec, software_version: str, links: Links
) -> str:
    return render(
        kind="patient",
        title=f"Patient {page.patient} · {tables.study.name}",
        heading=f"Patient {page.patient}",
        home=INDEX,
        lead=words.study_lead(tables.study.name),
        sections=spec.patient_page,
        page=page,
        links=links,
        stands_alone=False,
        terms=spec.reading_for(basis_of(result for _, result in tables.tubes_of(page.patient))),
        software_version=software_version,
    )
