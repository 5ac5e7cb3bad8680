"""``cytorecon worker``: do the jobs of a study."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import typer

from cytorecon.cli.console import note
from cytorecon.cli.options import BlobsOption, StudyArgument


def worker(
    study: StudyArgument,
    blobs: BlobsOption = "",
    lease: Annotated[
        float,
        typer.Option(
            "--lease",
            metavar="SECONDS",
            min=1,
            help="Take over the jobs of another worker that was silent for so long.",
        ),
    ] = 20.0,
    poll: Annotated[
        float, typer.Option("--poll", metavar="SECONDS", min=0.05, help="Look for a job every so often.")
    ] = 0.5,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input is closed.")
    ] = False,
) -> None:
    """Do the jobs of a study, one at a time, until stopped.

    For more at a time, or on further machines, start more of them: they share one PostgreSQL database and one
    place for files. The jobs of a worker that is stopped or killed are done by another.
    """
    stop, at_work = threading.Event(), threading.Event()
    if with_parent:
        threading.Thread(target=_end_with_parent, args=(stop, at_work), daemon=True).start()

    from cytorecon.cli.work import MODULE
    from cytorecon.jobs.worker import Pace, run_worker
    from cytorecon.store import StudyStore

    StudyStore.open(study).close()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if not with_parent:
        note("cytorecon worker: waiting for jobs (stop with Ctrl-C)")
    at_work.set()
    pace = Pace(poll=poll, beat=min(2.0, lease / 5), lease=lease)
    run_worker(study, blobs, (sys.executable, "-P", "-m", MODULE), stop, pace=pace)
    sys.stderr.flush()
    os._exit(0)  # threads of the engine wait for jobs that others do now


def _end_with_parent(stop: threading.Event, at_work: threading.Event) -> None:
    while os.read(0, 1):
        pass
    if not at_work.is_set():  # it loads what it needs, and has nothing to finish
        os._exit(0)
    stop.set()
