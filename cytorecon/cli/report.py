"""``cytorecon report``: the report of a study, of its patients, and of its tubes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cytorecon import __version__
from cytorecon.cli.approved import approved_in
from cytorecon.cli.choices import chosen
from cytorecon.cli.console import note, print_json, progress_bar
from cytorecon.cli.options import JsonOption, ReferencesOption, StudyArgument
from cytorecon.cli.output import check_folder, check_report_folder

if TYPE_CHECKING:
    from cytorecon.knowledge.references import References
    from cytorecon.report import Making, ReportFiles, SheetFormat
    from cytorecon.results import TubeResult
    from cytorecon.store import StudyStore
    from cytorecon.study.model import Tube
    from cytorecon.study.result import StudyResult

_FORMATS: Final[tuple[SheetFormat, ...]] = ("html", "pdf")
_TUBES: Final = "tubes"


def report(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write the report into.")],
    patients: Annotated[
        list[str] | None,
        typer.Option("--patient", metavar="P", help="Only the report of this patient; may be repeated."),
    ] = None,
    formats: Annotated[str, typer.Option("--format", metavar="html,pdf", help="What to write.")] = "html",
    gates: Annotated[
        bool, typer.Option("--gates", help="Write a page for each tube with the pictures of its gates, too.")
    ] = False,
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Day to print on the reports of patients."),
    ] = None,
    references: ReferencesOption = None,
    forecasts: Annotated[
        bool | None,
        typer.Option(
            "--forecasts/--no-forecasts",
            help="Say what to expect of the next visits. On for the whole report, off for --patient.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a study.

    For each patient: trajectories, milestones and what needs a look, and the same on one page with an annex
    (sheet_*), as PDF or as HTML that needs no other file. It is marked as a draft unless its results are
    approved as they stand (cytorecon approve).
    """
    from cytorecon.cli.references import own_references
    from cytorecon.report import Making
    from cytorecon.store import StudyStore

    asked = chosen(formats, _FORMATS, option="--format")
    making = Making(asked, __version__, made_on=day.date() if day is not None else None)
    if patients or "html" not in asked:
        check_folder(out, option="--out")
    else:
        check_report_folder(out, option="--out")
    own = own_references(references)
    with StudyStore.open(study) as store:
        alone = bool(patients or "html" not in asked)
        # of chosen patients a report is wanted at once; their forecast needs the counts of all
        continued = not patients if forecasts is None else forecasts
        result = store.result_beside_others(patients) if patients else store.result(plots=False)
        # what was signed was seen with the packaged reference ranges
        approved = approved_in(study, result, patients or None) if own is None else ()
        making = replace(making, approved=approved, locked=result.locked)
        made = _write_patients(result, out, making, patients, own, continued) if alone else None
        files = None if alone else _write_study(result, out, making, own, continued, gates=gates)
        tubes = _write_tubes(store, out / _TUBES, patients) if gates else None
    if as_json:
        print_json(_as_json(files, made, tubes))


def write(study: str, out: Path) -> ReportFiles:
    """Write the report of the study at `study` under a progress bar, and say where it is."""
    from cytorecon.report import Making
    from cytorecon.store import StudyStore

    check_report_folder(out, option="--out")
    formats: tuple[SheetFormat, ...] = ("html",)
    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    return _write_study(
        result, out, Making(formats, __version__, approved_in(study, result), locked=result.locked)
    )


Made = dict[str, tuple[Path, ...]]


def _write_study(
    result: StudyResult,
    out: Path,
    making: Making,
    references: References | None = None,
    forecasts: bool = True,
    *,
    gates: bool = False,
) -> ReportFiles:
    from cytorecon.report import write_report

    with progress_bar() as advance:
        files = write_report(
            result, out, software_version=__version__,
            references=references, sheets=making, forecasts=forecasts,
            tube_pages=_TUBES if gates else "", progress=partial(advance, "writing"),
        )  # fmt: skip
    note(f"Report: {files.index}")
    return files


def _write_patients(
    result: StudyResult,
    out: Path,
    making: Making,
    patients: Sequence[str] | None,
    references: References | None,
    forecasts: bool,
) -> Made:
    from cytorecon.report import write_patient_sheets

    everybody = [patient.patient for patient in result.study.patients]
    made = write_patient_sheets(
        result, out, making,
        patients=patients or everybody, references=references, forecasts=forecasts,
    )  # fmt: skip
    for files in made.values():
        for file in files:
            note(f"Report: {file}")
    return dict(made)


def _write_tubes(store: StudyStore, out: Path, patients: Sequence[str] | None) -> Path:
    from cytorecon.report import write_tubes

    # the marks that checks between tubes set are not stored; the pictures are read one tube at a time
    result = store.result_of(patients) if patients else store.result(plots=False)
    tubes = [tube for tube in result.study.tubes if not patients or tube.patient in patients]

    def read(tube: Tube) -> TubeResult:
        plots = store.tube_result(tube.tube).plots
        return result.tube(tube.tube).model_copy(update={"plots": plots})

    with progress_bar() as advance:
        index = write_tubes(
            result.study, tubes, read, out,
            software_version=__version__, progress=partial(advance, "gates"),
        )  # fmt: skip
    note(f"Tubes: {index}")
    return index


def _as_json(files: ReportFiles | None, made: Made | None, tubes: Path | None) -> dict[str, object]:
    sheets = files.sheets if files is not None else made or {}
    content: dict[str, object] = {
        "sheets": {patient: [str(file) for file in own] for patient, own in sheets.items()}
    }
    if files is not None:
        content = {
            "index": str(files.index),
            "patients": {patient: str(page) for patient, page in files.patients.items()},
            "tables": [str(table) for table in files.tables],
            **content,
        }
    return content | ({"tubes": str(tubes)} if tubes is not None else {})
