"""``cytorecon batch``: analyse a sample sheet into a study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.given import NOTHING_GIVEN, GivenWords, read_given
from cytorecon.cli.options import DEFAULT_JOBS, JobsOption, JsonOption, MapOption, SpilloverOption
from cytorecon.errors import Severity

if TYPE_CHECKING:
    from cytorecon.study import StudyResult

LONGEST_NAME: Final = 80


def _checked_name(name: str | None) -> str | None:
    if name is None:
        return None
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"A name has 1 to {LONGEST_NAME} characters and one line.")
    return name


NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        callback=_checked_name,
        help="Name of the study, for its pages; kept when it is continued.",
    ),
]


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
    name: NameOption = None,
    mapping: MapOption = None,
    spillover: SpilloverOption = None,
    relearn: Annotated[
        bool,
        typer.Option("--relearn", help="Learn scales and priors again from all tubes; numbers may change."),
    ] = False,
    jobs: JobsOption = DEFAULT_JOBS,
    as_json: JsonOption = False,
) -> None:
    """Analyse the tubes of a sample sheet into a study.

    A tube that is already stored is not analysed again, unless its file or the settings changed.
    What --map and --spillover say is kept with the study, and holds for tubes added later.
    """
    given = read_given(mapping, spillover)
    result = analyse(
        manifest, out, patients=patients, events=events, name=name, given=given, relearn=relearn, jobs=jobs
    )
    show(result, as_json=as_json)
    for remark in remarks_of(result):
        note(remark)
    note(f"Study: {out}")
    raise_for(failures_of(result), done=tubes_done(result))


def analyse(
    manifest: Path,
    out: str,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    name: str | None = None,
    given: GivenWords = NOTHING_GIVEN,
    relearn: bool = False,
    jobs: int,
) -> StudyResult:
    """Run a batch under a progress bar."""
    from cytorecon.jobs import run_batch

    with progress_bar() as advance:
        return run_batch(
            manifest,
            out,
            patients=patients,
            events=events,
            name=name,
            mapping=given.mapping,
            spillover=given.spillover,
            relearn=relearn,
            jobs=jobs,
            progress=advance,
        )


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


def remarks_of(result: StudyResult) -> Iterator[str]:
    """Yield what is worth knowing although nothing failed: of the sheets, then of the batches."""
    for issue in result.study.issues:
        if issue.severity is not Severity.ERROR:
            yield str(issue)
    said = (issue for outcome in result.tubes for issue in outcome.issues)
    # what holds for a batch is noted with each of its tubes
    yield from dict.fromkeys(str(issue) for issue in said if issue.code.startswith("batch."))


def failures_of(result: StudyResult) -> Iterator[Failure]:
    """Yield what could not be analysed: what was left out of the sheets, then tubes."""
    for issue in result.study.issues:
        if issue.severity is Severity.ERROR:
            yield Failure(issue.subject, " ".join(part for part in (issue.message, issue.hint) if part))
    for outcome in result.tubes:
        if outcome.status == "failed":
            yield Failure(outcome.tube, outcome.error)


def tubes_done(result: StudyResult) -> int:
    """Return the number of tubes that have results."""
    return sum(outcome.status == "done" for outcome in result.tubes)
