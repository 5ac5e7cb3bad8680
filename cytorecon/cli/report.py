"""``cytorecon report``: the report of a study."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, print_json, progress_bar
from cytorecon.cli.options import JsonOption, StudyArgument
from cytorecon.cli.output import check_report_folder

if TYPE_CHECKING:
    from cytorecon.report import ReportFiles


def report(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write the report into.")],
    references: Annotated[
        Path | None,
        typer.Option(
            "--references",
            metavar="FILE",
            help="Reference ranges of your own, shown before the packaged ones.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a study.

    For each patient: trajectories, milestones and what needs a look.
    """
    files = write(study, out, references=references)
    if as_json:
        pages = {patient: str(page) for patient, page in files.patients.items()}
        print_json(
            {"index": str(files.index), "patients": pages, "tables": [str(table) for table in files.tables]}
        )


def write(study: str, out: Path, *, references: Path | None = None) -> ReportFiles:
    """Write the report of the study at `study` under a progress bar, and say where it is."""
    from cytorecon.knowledge.reference_files import with_own_references
    from cytorecon.report import write_report
    from cytorecon.store import StudyStore

    check_report_folder(out, option="--out")
    own = None if references is None else with_own_references(references)
    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    with progress_bar() as advance:
        files = write_report(
            result, out, software_version=__version__, references=own, progress=partial(advance, "writing")
        )
    note(f"Report: {files.index}")
    return files
