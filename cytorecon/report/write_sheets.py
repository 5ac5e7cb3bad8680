"""Write the reports of single patients: one HTML file that needs no other, and one PDF."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from cytorecon.errors import CytoreconError
from cytorecon.knowledge.references import References
from cytorecon.report import words
from cytorecon.report.environment import render_alone
from cytorecon.report.folder import put_ours, report_folder
from cytorecon.report.names import page_names
from cytorecon.report.patient_page import PatientPage
from cytorecon.report.pdf import sheet_pdf
from cytorecon.report.sections import ReportSpec, load_report_spec
from cytorecon.report.sheet import PatientSheet, patient_sheet
from cytorecon.report.tables import StudyTables, study_tables
from cytorecon.study.model import Patient
from cytorecon.study.result import StudyResult

SheetFormat = Literal["html", "pdf"]


@dataclass(frozen=True, slots=True)
class Making:
    """How reports of patients are made.

    Parameters
    ----------
    formats : collection of {"html", "pdf"}
        Which files are written.
    software_version : str
        Version of cytorecon, printed on every page.
    approved : collection of str
        Patients whose results were signed as they stand; of others, every page says that it is a draft.
    made_on : date or None
        Day to print; there is no clock in a report.
    locked : collection of str
        Patients whose results nothing replaces until somebody unlocks them.
    """

    formats: Collection[SheetFormat]
    software_version: str
    approved: Collection[str] = ()
    made_on: date | None = None
    locked: Collection[str] = ()


def write_patient_sheets(
    result: StudyResult,
    out: Path,
    making: Making,
    *,
    patients: Sequence[str],
    references: References | None = None,
    forecasts: bool = False,
) -> Mapping[str, tuple[Path, ...]]:
    """Write the reports of some patients of a study, and nothing else.

    The same arguments give the same bytes.

    Parameters
    ----------
    result : StudyResult
        With the results of these patients; the pictures of the gates are not needed.
    out : Path
        Folder, made if need be.
    making : Making
        Formats, version, and what is printed.
    patients : sequence of str
        Pseudonyms.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.
    forecasts : bool
        Whether recovery is modelled, which needs the counts of all patients and takes seconds; else the
        reports say that it was not.

    Returns
    -------
    mapping of str to tuple of Path
        Patient -> files.

    Raises
    ------
    CytoreconError
        If the study has no such patient.
    StoreError
        If the folder cannot be written, or holds an ``index.html`` that is no report.
    """
    everybody = [patient.patient for patient in result.study.patients]
    chosen = [known_patient(patient, everybody) for patient in patients]
    spec, names = load_report_spec(), sheet_names(everybody)
    with report_folder(out):
        tables = study_tables(
            result, references=references, patients=chosen, cohort=False, forecasts=forecasts
        )
        return {
            patient.patient: write_sheet(patient, tables, spec, making, out / names[patient.patient])
            for patient in tables.study.patients
        }


def write_sheet(
    patient: Patient,
    tables: StudyTables,
    spec: ReportSpec,
    making: Making,
    place: Path,
    *,
    page: PatientPage | None = None,
) -> tuple[Path, ...]:
    """Write the report of one patient to `place` with the suffix of each format; return the files."""
    sheet = patient_sheet(
        patient, tables, spec, page=page,
        software_version=making.software_version, approved=patient.patient in making.approved,
        made_on=making.made_on, locked=patient.patient in making.locked,
    )  # fmt: skip
    made = []
    if "html" in making.formats:
        made.append(put_ours(place.with_name(f"{place.name}.html"), sheet_html(sheet, spec)))
    if "pdf" in making.formats:
        made.append(put_ours(place.with_name(f"{place.name}.pdf"), sheet_pdf(sheet, spec)))
    return tuple(made)


def sheet_html(sheet: PatientSheet, spec: ReportSpec) -> str:
    """Return the report of one patient as HTML that loads nothing: style and figure are in it.

    Parameters
    ----------
    sheet : PatientSheet
        What is shown.
    spec : ReportSpec
        In which order.
    """
    return render_alone(
        kind="sheet",
        title=f"Patient {sheet.page.patient} · {sheet.study}",
        heading=f"Patient {sheet.page.patient}",
        lead=words.study_lead(sheet.study),
        approved=sheet.approved,
        standing=sheet.standing,
        made_on=sheet.made_on.isoformat() if sheet.made_on is not None else "",
        css=packaged_style(),
        sections=(*spec.patient_sheet, *spec.patient_annex),
        spec=spec,
        sheet=sheet,
        page=sheet.page,
        figure=Markup(sheet.figure),  # noqa: S704 - our own drawing, in which all text is escaped
        terms=spec.reading_for(sheet.basis),
        stands_alone=True,
        software_version=sheet.software_version,
    )


def packaged_style() -> Markup:
    """Return the style sheet of the pages, to be put into one."""
    text = resources.files("cytorecon.report").joinpath("assets", "report.css").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this package


def sheet_names(patients: Sequence[str]) -> Mapping[str, str]:
    """Return the file name of each patient's report, without suffix.

    Examples
    --------
    >>> sheet_names(["P01"])
    {'P01': 'sheet_P01'}
    """
    pages = page_names(patients)
    return {
        patient: f"sheet_{name.removeprefix('patient_').removesuffix('.html')}"
        for patient, name in pages.items()
    }


def known_patient(patient: str, everybody: Sequence[str]) -> str:
    """Return `patient`, one of `everybody`.

    Raises
    ------
    CytoreconError
        If it is none of them.
    """
    if patient not in everybody:
        raise CytoreconError(
            "The study has no such patient.",
            subject="patient",
            found=patient,
            allowed=", ".join(everybody) or "none: the study has no patients",
        )
    return patient
