"""Worker processes that live as long as a block, and end it when one of them ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cytorecon.errors import CytoreconError

#: A worker has its job stopped and says good-bye in a moment, s.
_PATIENCE: Final = 15


@contextmanager
def working(study: str, blobs: str, jobs: int) -> Iterator[None]:
    """Have `jobs` workers at work in the block, which SIGTERM interrupts as Ctrl-C does.

    They end with this process, whatever ends it: each waits at a pipe whose other end is here.

    Parameters
    ----------
    study, blobs : str
        The study, and the place of its files (empty for the usual one).
    jobs : int
        How many.

    Raises
    ------
    CytoreconError
        If a worker ends before the block; the block is interrupted then.
    """
    gone: list[int] = []
    is_over = threading.Event()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    workers = [_start(study, blobs) for _ in range(jobs)]
    for worker in workers:
        threading.Thread(target=_watch, args=(worker, is_over, gone), daemon=True).start()
    try:
        yield
    except KeyboardInterrupt:
        if not gone:
            raise
    finally:
        is_over.set()
        for worker in workers:
            _end(worker)
        signal.signal(signal.SIGTERM, before)
    if gone:
        raise CytoreconError(
            "A worker ended, and the dashboard with it.",
            found=f"signal {-gone[0]}" if gone[0] < 0 else f"exit code {gone[0]}",
            hint="Start it again: uploads that were accepted are analysed then.",
        )


def _start(study: str, blobs: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "cytorecon", "worker", study, "--with-parent"]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module; no shell
        [*command, *(("--blobs", blobs) if blobs else ())],
        stdin=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # Ctrl-C is for us, who then end it in order
    )


def _watch(worker: subprocess.Popen[bytes], is_over: threading.Event, gone: list[int]) -> None:
    code = worker.wait()
    if not is_over.is_set():
        gone.append(code)
        # not SIGINT, which is ignored where a shell started this in the background
        os.kill(os.getpid(), signal.SIGTERM)


def _end(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    worker.stdin.close()
    try:
        worker.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
