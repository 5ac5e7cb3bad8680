"""Write the report of a study into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from plotly.offline import get_plotlyjs

from cytorecon.knowledge.references import References
from cytorecon.report import words
from cytorecon.report.environment import render
from cytorecon.report.folder import INDEX, delete_stale, put, report_folder
from cytorecon.report.names import page_names
from cytorecon.report.patient_page import patient_page
from cytorecon.report.sections import ReportSpec, load_report_spec
from cytorecon.report.study_page import study_page
from cytorecon.report.tables import StudyTables, study_tables
from cytorecon.report.write_sheets import Making, sheet_names, write_sheet
from cytorecon.study.model import Patient
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
)


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
    progress : callable, optional
        Called with (pages written, pages in all) after each page.

    Raises
    ------
    StoreError
        If the folder cannot be written, or holds an ``index.html`` that is no report.
    """
    spec = load_report_spec()
    with report_folder(out):
        tables = study_tables(result, references=references)
        people = [patient.patient for patient in tables.study.patients]
        pages, places = page_names(people), sheet_names(people)
        _write_assets(out)
        written = _write_tables(out, tables)
        made: dict[str, tuple[Path, ...]] = {}
        for number, patient in enumerate(tables.study.patients, start=1):
            put(out / pages[patient.patient], _patient_html(patient, tables, spec, software_version))
            if sheets is not None:
                made[patient.patient] = write_sheet(
                    patient, tables, spec, sheets, out / places[patient.patient]
                )
            if progress is not None:
                progress(number, len(pages) + 1)
        delete_stale(out, "patient_*.html", set(pages.values()))
        for suffix in ("html", "pdf"):
            delete_stale(out, f"sheet_*.{suffix}", {f"{place}.{suffix}" for place in places.values()})
        put(out / INDEX, _study_html(tables, pages, spec, software_version))
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


def _write_tables(out: Path, tables: StudyTables) -> tuple[Path, ...]:
    frames = {
        "counts.csv": tables.counts,
        **({} if tables.doses.empty else {_DOSES: tables.doses}),
        "trajectories.csv": tables.trajectories,
        "milestones.csv": tables.milestones,
        **({} if tables.readouts.empty else {_READOUTS: tables.readouts}),
        "due_tests.csv": tables.due,
        "cohort.csv": tables.cohort,
        "event_free.csv": tables.event_free,
        "tubes.csv": tables.status,
    }
    for name in (_DOSES, _READOUTS):
        (out / name).unlink(missing_ok=True)  # of an earlier report, whose sheets named some
    for name, frame in frames.items():
        put(out / name, csv_text(frame))
    return tuple(out / name for name in frames)


def _study_html(
    tables: StudyTables, pages: Mapping[str, str], spec: ReportSpec, software_version: str
) -> str:
    missing = [name for name, own in ((_DOSES, tables.doses), (_READOUTS, tables.readouts)) if own.empty]
    return render(
        kind="study",
        title=f"{tables.study.name} · cytorecon report",
        heading=tables.study.name,
        home="",
        lead="Immune reconstitution: counts, recovery and milestones of all patients.",
        sections=spec.study_page,
        page=study_page(tables, pages, spec),
        pages=pages,
        downloads=[each for each in _DOWNLOADS if each[0] not in missing],
        terms=spec.reading,
        software_version=software_version,
    )


def _patient_html(patient: Patient, tables: StudyTables, spec: ReportSpec, software_version: str) -> str:
    return render(
        kind="patient",
        title=f"Patient {patient.patient} · {tables.study.name}",
        heading=f"Patient {patient.patient}",
        home=INDEX,
        lead=words.study_lead(tables.study.name),
        sections=spec.patient_page,
        page=patient_page(patient, tables, spec),
        stands_alone=False,
        terms=spec.reading,
        software_version=software_version,
    )
