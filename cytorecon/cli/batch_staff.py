"""Who does the work of a batch: this process, several ones, a cluster, or one of several shards."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import progress_bar
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from cytorecon.study import StudyResult
    from cytorecon.workers import Pool

SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="tcp://HOST:PORT", help="Dask scheduler of a cluster, not --jobs."),
]
TubeSecondsOption = Annotated[
    float | None,
    typer.Option("--tube-seconds", min=1, metavar="S", help="Stop a tube that takes longer (900)."),
]
TubeMemoryOption = Annotated[
    int | None,
    typer.Option(
        "--tube-memory-mb", min=1, metavar="MB", help="Fail a tube that needs more memory (8000; Linux)."
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Do only what is missing; so does a batch without this word.")
]
LearnOnlyOption = Annotated[
    bool,
    typer.Option("--learn-only", help="Learn and freeze scales and priors; --shard analyses the tubes."),
]
ShardOption = Annotated[
    str | None,
    typer.Option("--shard", metavar="i/N", help="Analyse one of N parts of the tubes, after --learn-only."),
]
KeepFilesOption = Annotated[
    bool,
    typer.Option(
        "--keep-files/--no-keep-files",
        help="Keep the files of tubes with the study, without names and dates, for decisions about gates.",
    ),
]


@dataclass(frozen=True)
class Staff:
    """Who does the work, as it was asked for on the command line."""

    jobs: int
    scheduler: str | None = None
    seconds: float | None = None
    memory_mb: int | None = None

    def pool(self) -> AbstractContextManager[Pool]:
        """Return the pool, to be opened.

        Raises
        ------
        CytoreconError
            If a cluster is asked for and what it needs is not installed.
        """
        from cytorecon.workers import Limits, workers

        usual = Limits()
        limits = Limits(
            self.seconds if self.seconds is not None else usual.seconds,
            self.memory_mb if self.memory_mb is not None else usual.memory_mb,
        )
        if self.scheduler is None:
            given = self.seconds is not None or self.memory_mb is not None
            return workers(self.jobs, limits if given else None)
        if find_spec("distributed") is None:
            raise CytoreconError(
                "A cluster needs Dask, which is not installed.",
                subject="--scheduler",
                found="no module distributed",
                hint="Install cytorecon[cluster], here and on every worker.",
            )
        from cytorecon.workers.cluster import cluster

        return cluster(self.scheduler, limits)


@dataclass(frozen=True)
class Keeping:
    """Whether files of tubes are kept and where, and who runs the batch, as asked for on the command line."""

    keep_files: bool = True
    blobs: str = ""
    by: str = ""


def analyse_shard(manifest: Path, out: str, shard: str, staff: Staff, keeping: Keeping) -> StudyResult:
    """Analyse one part of the tubes under a progress bar."""
    from cytorecon.jobs import Shard, run_shard

    part = Shard.parse(shard)
    with progress_bar() as advance, staff.pool() as pool:
        today = datetime.now().astimezone().date()
        return run_shard(
            manifest,
            out,
            part,
            today=today,
            keep_files=keeping.keep_files,
            blobs=keeping.blobs,
            by=keeping.by,
            pool=pool,
            progress=advance,
        )


def check_shard_alone(*others: bool) -> None:
    """Refuse options that say something about the whole study beside --shard."""
    if any(others):
        raise CytoreconError(
            "A shard changes nothing about the study; say this with --learn-only.",
            field="--shard",
            allowed="with MANIFEST, --out, --by, --blobs, --no-keep-files, --jobs, --scheduler, "
            "--tube-seconds, --tube-memory-mb, --json",
        )


def waiting(result: StudyResult) -> int:
    """Return how many tubes have not been analysed yet."""
    return len(result.tubes) - len(without_waiting(result).tubes)


def without_waiting(result: StudyResult) -> StudyResult:
    """Return the result without tubes that have not been analysed yet."""
    from cytorecon.store import NOT_ANALYSED

    tubes = tuple(
        outcome for outcome in result.tubes if NOT_ANALYSED not in {issue.code for issue in outcome.issues}
    )
    return result.model_copy(update={"tubes": tubes})
