"""``cytorecon batch``: analyse a sample sheet into a study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import DEFAULT_JOBS, JobsOption, JsonOption
from cytorecon.errors import Severity

if TYPE_CHECKING:
    from cytorecon.study import StudyResult


def batch(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="Sample sheet, CSV or XLSX.")],
    out: Annotated[
        str,
        typer.Option(
            "--out", metavar="STUDY", help="Study folder or PostgreSQL URL; an earlier run is continued."
        ),
    ],
    patients: Annotated[
        Path | None, typer.Option("--patients", metavar="FILE", help="Sheet of patients.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option("--events", metavar="FILE", help="Sheet of clinical events.")
    ] = None,
    jobs: JobsOption = DEFAULT_JOBS,
    as_json: JsonOption = False,
) -> None:
    """Analyse the tubes of a sample sheet into a study.

    A tube that is already stored is not analysed again, unless its file or the settings changed.
    """
    result = analyse(manifest, out, patients=patients, events=events, jobs=jobs)
    show(result, as_json=as_json)
    note(f"Study: {out}")
    raise_for(failures_of(result), done=tubes_done(result))


def analyse(
    manifest: Path, out: str, *, patients: Path | None = None, events: Path | None = None, jobs: int
) -> StudyResult:
    """Run a batch under a progress bar."""
    from cytorecon.jobs import run_batch

    with progress_bar() as advance:
        return run_batch(manifest, out, patients=patients, events=events, jobs=jobs, progress=advance)


def show(result: StudyResult, *, as_json: bool) -> None:
    """Print one line per tube."""
    from cytorecon.study import tube_status

    rows = json.loads(tube_status(result).to_json(orient="records"))
    if as_json:
        print_json(rows)
        return
    header = ("patient", "days_after_transplant", "tube", "status", "n_events", "errors", "warnings")
    cells = (["" if row[column] is None else str(row[column]) for column in header] for row in rows)
    print_table([column.replace("_", " ") for column in header], cells)


def failures_of(result: StudyResult) -> Iterator[Failure]:
    """Yield what could not be analysed: rows of the sheet that were left out, then tubes."""
    for issue in result.study.issues:
        if issue.severity is Severity.ERROR:
            yield Failure(issue.subject, " ".join(part for part in (issue.message, issue.hint) if part))
    for outcome in result.tubes:
        if outcome.status == "failed":
            yield Failure(outcome.tube, outcome.error)


def tubes_done(result: StudyResult) -> int:
    """Return the number of tubes that have results."""
    return sum(outcome.status == "done" for outcome in result.tubes)
