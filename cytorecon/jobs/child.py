"""One job in a process of its own: with limits, told to stop, and gone when its worker is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from signal import Signals
from typing import IO, Final

from pydantic import ValidationError

from cytorecon.jobs.model import Outcome, Request
from cytorecon.knowledge.jobs import JobLimits
from cytorecon.values import Frozen

#: One thread: each more reserves tens of MB of the address space.
_ONE_THREAD: Final = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


class Errand(Frozen):
    """What the process is told, as one line on its standard input, which stays open as long as its worker.

    Parameters
    ----------
    study, blobs : str
        The study, and the place of its files (empty for the usual one).
    key : str
        Of the job.
    request : Request
        What is asked.
    limits : JobLimits
        What it may use.
    """

    study: str
    blobs: str
    key: str
    request: Request
    limits: JobLimits


class Line(Frozen):
    """What the process says, one a line on its standard output: how far it is, at last what came of it."""

    stage: str = ""
    outcome: Outcome | None = None


class StoppedError(Exception):
    """The job is not ours any more."""


def start_child(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start the process that will do one job; it loads what it needs and waits to be told what.

    Parameters
    ----------
    command : sequence of str
        What starts it.
    """
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module; no shell
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | _ONE_THREAD | {"PYTHONPATH": path},
        text=True,
        encoding="utf-8",
    )


def run_apart(
    process: subprocess.Popen[str],
    errand: Errand,
    *,
    told: Callable[[str], None],
    goes_on: Callable[[], bool],
    look_every: float,
) -> Outcome:
    """Do a job in a process of its own, which has ended when this returns.

    Parameters
    ----------
    process : subprocess.Popen
        :func:`start_child`.
    errand : Errand
        What to do.
    told : callable
        Called with what is being done.
    goes_on : callable
        Asked every `look_every` seconds; the process is killed when it says no.

    Raises
    ------
    StoppedError
        If it did.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    said: list[Outcome] = []
    listener = threading.Thread(target=_listen, args=(process.stdout, told, said), daemon=True)
    listener.start()
    try:
        late = _send_and_wait(process, errand, goes_on, look_every)
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
    if said:
        return said[0]
    return Outcome(done=False, message=_ending(process.returncode, errand.limits, late=late))


def _send_and_wait(
    process: subprocess.Popen[str], errand: Errand, goes_on: Callable[[], bool], look_every: float
) -> bool:
    """Return whether it took too long."""
    assert process.stdin is not None
    try:
        process.stdin.write(errand.model_dump_json() + "\n")
        process.stdin.flush()
    except BrokenPipeError:  # it ended before it was told
        return False
    waited = 0.0
    while waited < errand.limits.wall_clock.value:
        try:
            process.wait(look_every)
        except subprocess.TimeoutExpired:
            waited += look_every
        else:
            return False
        if not goes_on():
            raise StoppedError
    return True


def _listen(lines: IO[str], told: Callable[[str], None], said: list[Outcome]) -> None:
    for text in lines:
        try:
            line = Line.model_validate_json(text)
        except ValidationError:
            continue  # a library that prints
        if line.outcome is not None:
            said.append(line.outcome)
        else:
            told(line.stage)


def _ending(code: int, limits: JobLimits, *, late: bool) -> str:
    if late:
        return f"It takes longer than {limits.wall_clock.value} s."
    if code < 0 and Signals(-code).name == "SIGXCPU":
        return f"It needs more than {limits.processor_time.value} s of processor time."
    ended = f" with signal {-code}" if code < 0 else f" with code {code}"
    return f"The process that did it ended{ended}; it may have needed more memory than there is."
