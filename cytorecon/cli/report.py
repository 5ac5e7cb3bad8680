"""``cytorecon report``: the report of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.console import note
from cytorecon.cli.options import StudyArgument


def report(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write the report into.")],
) -> None:
    """Write the report of a study.

    For each patient: trajectories, milestones and what needs a look.
    """
    from cytorecon.report import write_report
    from cytorecon.store import StudyStore

    with StudyStore.open(study) as store:
        page = write_report(store.result(), out)
    note(f"Report: {page}")
