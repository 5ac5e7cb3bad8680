"""Write the report of a batch: one file per tube that needs no other, and an index of all tubes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cytorecon.figures.format import format_count, format_day
from cytorecon.report import words
from cytorecon.report.environment import render_alone
from cytorecon.report.folder import INDEX, delete_stale, put, report_folder
from cytorecon.report.names import page_names
from cytorecon.report.sections import ReportSpec, load_report_spec
from cytorecon.report.tube_page import TubePage, tube_page
from cytorecon.report.write_sheets import packaged_style
from cytorecon.results import TubeResult
from cytorecon.study.model import Study, Tube

#: Told after each page: pages written, pages in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TubeRow:
    """One tube in the index."""

    file: str
    tube: str
    patient: str
    day: str
    template: str
    events: str
    standing: str
    doubted: int


@dataclass(frozen=True, slots=True)
class TubesPage:
    """The index of all tubes."""

    rows: tuple[TubeRow, ...]


def write_tubes(
    study: Study,
    tubes: Sequence[Tube],
    read: Callable[[Tube], TubeResult],
    out: Path,
    *,
    software_version: str,
    progress: Progress | None = None,
) -> Path:
    """Write the pages of tubes and their index, and return the index.

    Parameters
    ----------
    study : Study
        Names the pages: each tube has the same one whichever are written.
    tubes : sequence of Tube
        Those that get a page.
    read : callable
        Gives the result of a tube with its pictures. It is asked for one tube after the other, so a large
        batch needs no more memory than a small one.
    out : Path
        Folder, made if need be. Pages of tubes that the study no longer has are deleted.
    software_version : str
        Version of cytorecon, printed on every page.
    progress : callable, optional
        Called with (pages written, pages in all) after each page.

    Raises
    ------
    StoreError
        If the folder cannot be written, or holds an ``index.html`` that is no report.
    """
    spec = load_report_spec()
    files = tube_names(study)
    rows = []
    with report_folder(out):
        for number, tube in enumerate(tubes, start=1):
            result = read(tube)
            page = tube_page(tube, result)
            put(out / files[tube.tube], _tube_html(page, study, spec, software_version))
            rows.append(_row(tube, result, page, files[tube.tube]))
            if progress is not None:
                progress(number, len(tubes))
        delete_stale(out, "tube_*.html", set(files.values()))
        return put(out / INDEX, _index_html(TubesPage(tuple(rows)), study, spec, software_version))


def tube_names(study: Study) -> dict[str, str]:
    """Return the file name of the page of each tube."""
    pages = page_names(tube.tube for tube in study.tubes)
    return {tube: name.replace("patient_", "tube_", 1) for tube, name in pages.items()}


def _row(tube: Tube, result: TubeResult, page: TubePage, file: str) -> TubeRow:
    return TubeRow(
        file=file,
        tube=tube.tube,
        patient=tube.patient,
        day=format_day(tube.day),
        template=words.without_folder(result.provenance.template or tube.template),
        events=format_count(result.n_events),
        standing=page.standing,
        doubted=sum(bool(gate.doubts) for gate in page.gates),
    )


def _tube_html(page: TubePage, study: Study, spec: ReportSpec, software_version: str) -> str:
    return render_alone(
        kind="tube",
        title=f"Tube {page.tube} · {study.name}",
        heading=f"Tube {page.tube}",
        lead=words.study_lead(study.name),
        approved=True,
        standing="",
        made_on="",
        css=packaged_style(),
        sections=spec.tube_page,
        page=page,
        terms=spec.reading,
        software_version=software_version,
    )


def _index_html(page: TubesPage, study: Study, spec: ReportSpec, software_version: str) -> str:
    return render_alone(
        kind="tubes",
        title=f"Tubes · {study.name}",
        heading="Tubes",
        lead=words.study_lead(study.name),
        approved=True,
        standing="",
        made_on="",
        css=packaged_style(),
        sections=spec.tubes_page,
        page=page,
        software_version=software_version,
    )
