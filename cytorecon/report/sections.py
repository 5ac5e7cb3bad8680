"""The declared list of what a report shows (``knowledge/report.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.results import CountMethod
from cytorecon.study.given import Basis
from cytorecon.values import Frozen

REPORT_FILE: Final = "report.yaml"

StudySection = Literal[
    "facts",
    "patients",
    "failed",
    "cohort",
    "milestones",
    "times",
    "landmark",
    "comparison",
    "areas",
    "alike",
    "review",
    "left_out",
    "sheet_remarks",
    "downloads",
    "reading",
]
PatientSection = Literal[
    "summary",
    "standing",
    "outlook",
    "programme",
    "latest",
    "milestones",
    "trajectories",
    "counts",
    "readouts",
    "due",
    "review",
    "provenance",
    "reading",
]
SheetSection = Literal[
    "summary",
    "standing",
    "outlook",
    "latest",
    "recovery",
    "milestones",
    "all_milestones",
    "review",
    "all_remarks",
    "counts",
    "events",
    "method",
    "provenance",
    "reading",
]
TubeSection = Literal["summary", "gates", "populations", "review", "provenance", "reading"]


class _Section(Frozen):
    title: str = Field(min_length=1)
    intro: str = ""
    empty: str = ""


class StudyPageSection(_Section):
    """A section of the page of the study."""

    section: StudySection


class PatientPageSection(_Section):
    """A section of the page of a patient."""

    section: PatientSection


class PatientSheetSection(_Section):
    """A section of the report of one patient."""

    section: SheetSection


class TubePageSection(_Section):
    """A section of the page of one tube."""

    section: TubeSection


class TubesPageSection(_Section):
    """A section of the index of all tubes."""

    section: Literal["tubes"]


class MethodText(Frozen):
    """Sentences of the section "method".

    Parameters
    ----------
    gating : str
        May name ``{templates}``, ``{versions}`` and ``{fingerprint}``.
    given, given_methods : str
        Of counts that were given as a table; the second names ``{methods}``.
    counting : mapping of str to str
        Count method -> sentence.
    """

    gating: str = Field(min_length=1)
    given: str = Field(min_length=1)
    given_methods: str = Field(min_length=1)
    counting: Mapping[CountMethod, str]


class Term(Frozen):
    """One line of "how to read the numbers"; `of_given` is what it means for counts given as a table."""

    term: str = Field(min_length=1)
    meaning: str = Field(min_length=1)
    of_given: str = ""

    def for_basis(self, basis: Basis) -> Term:
        """Return the term with the meaning it has for numbers that rest on `basis`."""
        if basis == "gated" or not self.of_given:
            return self
        both = f"{self.meaning} Of counts that were given as a table: {self.of_given}"
        return self.model_copy(update={"meaning": self.of_given if basis == "given" else both})


class ReportSpec(Frozen):
    """What a report shows.

    Parameters
    ----------
    study_page, patient_page, patient_sheet, patient_annex
        Sections in their order: of the pages of study and patient, and of the first page and the
        further pages of the report of one patient.
    tube_page, tubes_page
        Sections of the page of one tube, and of the index of all tubes.
    sheet_panels, sheet_milestones, sheet_remarks : int
        How many of each fit the first page.
    method : MethodText
        How the numbers were made, in words.
    populations : tuple of str
        Rows of the summary tables.
    figure_measures : tuple of str
        Measures that get a figure on a patient's page, the first of them open.
    overview_populations, overview_columns
        Candidates for, and number of, the columns of the table of patients.
    headline_populations, headline_sentences
        Candidates for, and number of, the sentences at the top of a patient's page.
    cohort_populations : tuple of str
        Panels of the cohort figure.
    milestone_figures : tuple of str
        Milestones that get a figure over all patients, where they apply to somebody.
    milestone_figure_patients : int
        Most patients of such a figure.
    compare_by : tuple of str
        Columns of the sheet of patients that groups are made by.
    study_page_remarks : int
        Most remarks on the page of the study; each patient's page has all of the patient's.
    reading : tuple of Term
        Explanations for the reader.
    """

    study_page: tuple[StudyPageSection, ...] = Field(min_length=1)
    patient_page: tuple[PatientPageSection, ...] = Field(min_length=1)
    patient_sheet: tuple[PatientSheetSection, ...] = Field(min_length=1)
    patient_annex: tuple[PatientSheetSection, ...]
    tube_page: tuple[TubePageSection, ...] = Field(min_length=1)
    tubes_page: tuple[TubesPageSection, ...] = Field(min_length=1)
    sheet_panels: int = Field(ge=1)
    sheet_milestones: int = Field(ge=0)
    sheet_remarks: int = Field(ge=0)
    method: MethodText
    populations: tuple[str, ...] = Field(min_length=1)
    figure_measures: tuple[str, ...]
    overview_populations: tuple[str, ...]
    overview_columns: int = Field(ge=0, le=8)
    headline_populations: tuple[str, ...]
    headline_sentences: int = Field(ge=0)
    cohort_populations: tuple[str, ...]
    milestone_figures: tuple[str, ...]
    milestone_figure_patients: int = Field(ge=0)
    compare_by: tuple[str, ...]
    study_page_remarks: int = Field(ge=1)
    reading: tuple[Term, ...]

    def reading_for(self, basis: Basis) -> tuple[Term, ...]:
        """Return the explanations for numbers that rest on `basis`."""
        return tuple(term.for_basis(basis) for term in self.reading)


def load_report_spec() -> ReportSpec:
    """Return what a report shows.

    Raises
    ------
    KnowledgeError
        If the file cannot be used or lists a section twice.

    Examples
    --------
    >>> [section.section for section in load_report_spec().study_page][:3]
    ['facts', 'patients', 'failed']
    """
    spec = validated(ReportSpec, read_yaml(REPORT_FILE), subject=REPORT_FILE)
    pages: dict[str, list[str]] = {
        "study_page": [section.section for section in spec.study_page],
        "patient_page": [section.section for section in spec.patient_page],
        "tube_page": [section.section for section in spec.tube_page],
        "patient_sheet, patient_annex": [
            section.section for section in (*spec.patient_sheet, *spec.patient_annex)
        ],
    }
    for page, names in pages.items():
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise KnowledgeError(
                "A section is listed twice.", subject=REPORT_FILE, field=page, found=", ".join(twice)
            )
    return spec
