"""``cytorecon report``: the report of a study."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, progress_bar
from cytorecon.cli.options import StudyArgument


def report(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write the report into.")],
) -> None:
    """Write the report of a study.

    For each patient: trajectories, milestones and what needs a look.
    """
    write(study, out)


def write(study: str, out: Path) -> None:
    """Write the report of the study at `study` under a progress bar, and say where it is."""
    from cytorecon.report import write_report
    from cytorecon.store import StudyStore

    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    with progress_bar() as advance:
        files = write_report(result, out, software_version=__version__, progress=partial(advance, "writing"))
    note(f"Report: {files.index}")
