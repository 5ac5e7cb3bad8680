"""``cytorecon batch``: analyse a sample sheet into a study."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cytorecon.cli.batch_staff import (
    KeepFilesOption,
    Keeping,
    LearnOnlyOption,
    ResumeOption,
    SchedulerOption,
    ShardOption,
    Staff,
    TubeMemoryOption,
    TubeSecondsOption,
    analyse_shard,
    check_shard_alone,
    waiting,
    without_waiting,
)
from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.given import NOTHING_GIVEN, GivenWords, read_given
from cytorecon.cli.options import (
    DEFAULT_JOBS,
    BlobsOption,
    InitialsOption,
    JobsOption,
    JsonOption,
    MapOption,
    SpilloverOption,
)
from cytorecon.errors import Severity

if TYPE_CHECKING:
    from cytorecon.results import TubeResult
    from cytorecon.study import StudyResult

LONGEST_NAME: Final = 80
#: So many reasons for a look fit into a line.
_REASONS: Final = 3


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
    readouts: Annotated[
        Path | None,
        typer.Option("--readouts", metavar="FILE", help="Sheet of readouts: blood counts, chimerism, IgG."),
    ] = None,
    name: NameOption = None,
    mapping: MapOption = None,
    spillover: SpilloverOption = None,
    relearn: Annotated[
        bool,
        typer.Option("--relearn", help="Learn scales and priors again from all tubes; numbers may change."),
    ] = False,
    remove_missing: Annotated[
        bool,
        typer.Option("--remove-missing", help="Take out what an earlier sheet listed and this one does not."),
    ] = False,
    consent_anew: Annotated[
        list[str] | None,
        typer.Option(
            "--consent-anew",
            metavar="PATIENT",
            help="A patient who was erased and has consented anew; rows of others who were erased stay out.",
        ),
    ] = None,
    priors: Annotated[
        Path | None,
        typer.Option(
            "--priors", metavar="FILE.json", help="Site priors (cytorecon priors learn) for small batches."
        ),
    ] = None,
    jobs: JobsOption = DEFAULT_JOBS,
    scheduler: SchedulerOption = None,
    tube_seconds: TubeSecondsOption = None,
    tube_memory_mb: TubeMemoryOption = None,
    resume: ResumeOption = False,  # noqa: ARG001 - says what is done anyway
    learn_only: LearnOnlyOption = False,
    shard: ShardOption = None,
    keep_files: KeepFilesOption = True,
    blobs: BlobsOption = "",
    by: InitialsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Analyse the tubes of a sample sheet into a study.

    A tube that is already stored is not analysed again, unless its file or the settings changed. It
    stays when the sheet does not list it, or its file cannot be read.
    A batch that was stopped in any way goes on where it was when the same command is given again.
    What --map and --spillover say is kept with the study, and holds for tubes added later.
    Limits of a tube hold in worker processes: with --jobs 2 or more, --scheduler, or a limit that is given.
    """
    given = read_given(mapping, spillover)
    staff = Staff(jobs=jobs, scheduler=scheduler, seconds=tube_seconds, memory_mb=tube_memory_mb)
    keeping = Keeping(keep_files, blobs, by)
    if shard is not None:
        others = (patients, events, readouts, name, mapping, spillover, priors)
        check_shard_alone(
            relearn, remove_missing, learn_only, bool(consent_anew), *(other is not None for other in others)
        )
        _finish(analyse_shard(manifest, out, shard, staff, keeping), out, as_json=as_json)
        return
    result = analyse(
        manifest,
        out,
        patients=patients,
        events=events,
        readouts=readouts,
        name=name,
        given=given,
        relearn=relearn,
        remove_missing=remove_missing,
        consent_anew=consent_anew or (),
        priors=priors,
        learn_only=learn_only,
        staff=staff,
        keeping=keeping,
    )
    if learn_only:
        learned = waiting(result)
        note(f"Scales and priors are learned and frozen; {learned} tubes wait for --shard 1/N to N/N.")
        note(f"Study: {out}")
        raise_for(failures_of(without_waiting(result)), done=learned + tubes_done(result))
        return
    _finish(result, out, as_json=as_json)


def _finish(result: StudyResult, out: str, *, as_json: bool) -> None:
    show(result, as_json=as_json)
    for remark in remarks_of(result):
        note(remark)
    for line in _summary(result):
        note(line)
    note(f"Study: {out}")
    raise_for(failures_of(result), done=tubes_done(result))


def _summary(result: StudyResult) -> Iterator[str]:
    """Yield how many tubes need a look, of those that have a result, and how many have none."""
    done, every = tubes_done(result), len(result.tubes)
    locked = sum(tube.patient in result.locked for tube in result.study.tubes)
    if locked:
        yield f"locked: {locked}"
    if done:
        look = sum(bool(reviewed(outcome)) for outcome in result.tubes)
        which = "tubes" if done == every else "tubes with a result"
        yield f"{look} of {done} {which} need a look; see the report or the dashboard."
    if done < every:
        yield f"{every - done} of {every} tubes have no result; the reasons are listed below."


def analyse(
    manifest: Path,
    out: str,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    readouts: Path | None = None,
    name: str | None = None,
    given: GivenWords = NOTHING_GIVEN,
    relearn: bool = False,
    remove_missing: bool = False,
    consent_anew: Sequence[str] = (),
    priors: Path | None = None,
    learn_only: bool = False,
    staff: Staff,
    keeping: Keeping,
) -> StudyResult:
    """Run a batch under a progress bar."""
    from cytorecon.jobs import run_batch
    from cytorecon.pipeline import SitePriors

    site = None if priors is None else SitePriors.from_json(priors.read_text(encoding="utf-8"))
    with progress_bar() as advance, staff.pool() as pool:
        return run_batch(
            manifest,
            out,
            patients=patients,
            events=events,
            readouts=readouts,
            name=name,
            mapping=given.mapping,
            spillover=given.spillover,
            relearn=relearn,
            site=site,
            remove_missing=remove_missing,
            consent_anew=consent_anew,
            today=datetime.now().astimezone().date(),
            learn_only=learn_only,
            keep_files=keeping.keep_files,
            blobs=keeping.blobs,
            by=keeping.by,
            pool=pool,
            progress=advance,
        )


def show(result: StudyResult, *, as_json: bool) -> None:
    """Print one line per tube."""
    from cytorecon.study import tube_status

    kept = kept_tubes(result)
    rows = json.loads(tube_status(result).to_json(orient="records"))
    for row in rows:
        codes = reviewed(result.tube(row["tube"]))
        row["needs_a_look"] = len(codes)
        row["review"] = sorted({code for found in codes.values() for code in found})
        row["kept"] = kept.get(row["tube"], "")
        row["locked"] = row["patient"] in result.locked
    if as_json:
        print_json(rows)
        return
    print_table(_HEADER, (_shown(row) for row in rows))


_HEADER: Final = (
    "patient",
    "days after transplant",
    "tube",
    "status",
    "n events",
    "errors",
    "warnings",
    "needs a look",
    "remark",
)


def _shown(row: Mapping[str, object]) -> list[str]:
    """Return the cells of one tube; populations that need a look are counted, with the reasons."""
    from cytorecon.knowledge.review_flags import flag_in_short

    codes, look = row["review"], row["needs_a_look"]
    assert isinstance(codes, list)
    reasons = list(dict.fromkeys(flag_in_short(code) for code in codes))
    more = f", {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    known = {
        "status": "locked" if row["locked"] else "kept" if row["kept"] else row["status"],
        "needs a look": f"{look}: {', '.join(reasons[:_REASONS])}{more}" if look else "",
        "remark": row["kept"] or row["error"],
    }
    cells = (known.get(name, row.get(name.replace(" ", "_"))) for name in _HEADER)
    return ["" if cell is None else str(cell) for cell in cells]


def reviewed(outcome: TubeResult) -> dict[str, tuple[str, ...]]:
    """Return population -> codes, for the populations of a tube that need a look."""
    return {count.population: count.review for count in outcome.counts if count.review}


def kept_tubes(result: StudyResult) -> dict[str, str]:
    """Return tube -> why its result is one of an earlier run."""
    from cytorecon.store import KEPT

    return {issue.subject: issue.message for issue in result.study.issues if issue.code == KEPT}


def remarks_of(result: StudyResult) -> Iterator[str]:
    """Yield what is worth knowing although nothing failed: of the sheets, then of the batches."""
    kept = kept_tubes(result)
    for issue in result.study.issues:
        if issue.severity is not Severity.ERROR and issue.subject not in kept:
            yield str(issue)
    said = (issue for outcome in result.tubes for issue in outcome.issues)
    # what holds for a batch is noted with each of its tubes
    yield from dict.fromkeys(str(issue) for issue in said if issue.code.startswith("batch."))


def failures_of(result: StudyResult) -> Iterator[Failure]:
    """Yield what could not be analysed: what was left out of the sheets, tubes that are kept, tubes."""
    for issue in result.study.issues:
        if issue.severity is Severity.ERROR:
            yield Failure(issue.subject, " ".join(part for part in (issue.message, issue.hint) if part))
    for tube, reason in kept_tubes(result).items():
        yield Failure(tube, reason)
    for outcome in result.tubes:
        if outcome.status == "failed":
            yield Failure(outcome.tube, outcome.error)


def tubes_done(result: StudyResult) -> int:
    """Return the number of tubes that have results."""
    return sum(outcome.status == "done" for outcome in result.tubes)
