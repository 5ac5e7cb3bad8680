"""One worker process that can be ended and replaced, with the item that ended it known.

A pool of the standard library breaks as a whole when one of its processes dies, and does not say which
item it was; nor can it stop an item that hangs. A lane has one process and one item at a time.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

from cytorecon.running import Failure, Lost
from cytorecon.workers.answers import Raised, Ready, Request, Returned, Work, WorkersError
from cytorecon.workers.limits import Limits

Item = TypeVar("Item")

#: An item whose process ended is tried so often in all.
TRIES: Final = 2
_PROGRAM: Final = (
    "import sys; memory_mb, preload = int(sys.argv[1]), sys.argv[2]; sys.path[:] = sys.argv[3:]; "
    "from cytorecon.workers.child import main; main(memory_mb, preload)"
)
#: The processes are the parallelism: no threads of numerical libraries in each of them.
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class _EndedError(Exception):
    """The process ended before it answered."""

    def __init__(self, *, late: bool, code: int | None) -> None:
        self.late, self.code = late, code


class Lane:
    """One worker process at a time, started when it is needed; not to be asked by two threads at once.

    Parameters
    ----------
    limits : Limits
        Of each item.
    idle_seconds : float, optional
        The process ends when it had no work for so long; by default it waits.
    """

    def __init__(self, limits: Limits, idle_seconds: float | None = None) -> None:
        self._limits = limits
        self._idle_seconds = idle_seconds
        self._busy = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._has = ""
        self._asked = 0
        self._closed = False
        self._lock = threading.Lock()

    def ask(self, work: Work, item: object) -> Returned | Raised | Failure:
        """Return what `work` makes of `item`, or why there is nothing.

        An item that takes too long is given up; one whose process is ended by somebody else, for want
        of memory mostly, is tried once more.

        Raises
        ------
        WorkersError
            If no process can be started.
        """
        with self._busy:
            try:
                return self._tried(work, pickle.dumps(item))
            finally:
                self._rest_later()

    def close(self) -> None:
        """End the process, in the middle of its work too; whoever waits for an answer gets a failure."""
        with self._lock:
            self._closed = True
        self._end()

    def _tried(self, work: Work, packed: bytes) -> Returned | Raised | Failure:
        code = None
        self._asked += 1
        for _ in range(TRIES):
            try:
                return self._once(work, packed)
            except _EndedError as ended:
                self._end()
                if ended.late:
                    return Lost(
                        f"It took longer than {self._limits.seconds:g} s and was stopped. "
                        "If it is large, allow more with --tube-seconds."
                    )
                code = ended.code
            if self._closed:
                return Lost("The run was stopped.")
        return Lost(
            f"The process that worked on it was ended {TRIES} times ({_how(code)}). "
            "The computer may have too little memory for so many tubes at a time."
        )

    def _rest_later(self) -> None:
        if self._idle_seconds is not None and not self._closed:
            child = self._child
            timer = threading.Timer(self._idle_seconds, self._rest, args=(child, self._asked))
            timer.daemon = True
            timer.start()

    def _rest(self, child: subprocess.Popen[bytes] | None, asked: int) -> None:
        """End the process unless it was given work since."""
        if self._busy.acquire(blocking=False):
            try:
                if self._child is child and self._asked == asked:
                    self._end()
            finally:
                self._busy.release()

    def _once(self, work: Work, item: bytes) -> Returned | Raised:
        child = self._started()
        request = Request(work.key, None if self._has == work.key else work.packed, item)
        with _deadline(child, self._limits.seconds) as passed:
            try:
                _write(child, request)
                answer = _read(child)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # ended, or closed meanwhile
                raise _EndedError(late=passed.is_set(), code=_exit_code(child)) from None
        if passed.is_set():
            # the answer came as the time ran out: it counts, and the process that was ended does not
            self._end()
        self._has = work.key
        assert isinstance(answer, Returned | Raised)
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise _EndedError(late=False, code=None)
            if self._child is not None and self._child.poll() is None:
                return self._child
        self._end()  # one that ended between two items
        with self._lock:
            if self._closed:
                raise _EndedError(late=False, code=None)
            child = self._child = _start(self._limits)
        try:
            assert isinstance(_read(child), Ready)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self._end()
            if self._closed:
                raise _EndedError(late=False, code=None) from None
            raise WorkersError(
                "A worker process ended before it had loaded the program.",
                subject="workers",
                found=_how(child.wait()),
                hint="What it said stands above; is there enough memory for so many processes?",
            ) from None
        return child

    def _end(self) -> None:
        with self._lock:
            child, self._child, self._has = self._child, None, ""
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            assert stream is not None
            with suppress(OSError):  # what was still to be written goes nowhere
                stream.close()


class Crew:
    """Lanes for so many threads.

    Parameters
    ----------
    size : int
        How many items are worked on at a time.
    limits : Limits
        Of each item.
    idle_seconds : float, optional
        See :class:`Lane`.
    """

    def __init__(self, size: int, limits: Limits, *, idle_seconds: float | None = None) -> None:
        self._lanes = [Lane(limits, idle_seconds) for _ in range(size)]
        self._free: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        for lane in self._lanes:
            self._free.put(lane)

    def ask(self, work: Work, item: object) -> Returned | Raised | Failure:
        """Let the next free lane do it, see :meth:`Lane.ask`."""
        lane = self._free.get()
        try:
            return lane.ask(work, item)
        finally:
            self._free.put(lane)

    def close(self) -> None:
        """End all processes."""
        for lane in self._lanes:
            lane.close()


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", _PROGRAM, str(limits.memory_mb), limits.preload, *sys.path]
    return subprocess.Popen(  # noqa: S603 - this program itself
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **_ONE_THREAD}
    )


def _write(child: subprocess.Popen[bytes], request: Request) -> None:
    assert child.stdin is not None
    pickle.dump(request, child.stdin)
    child.stdin.flush()


def _read(child: subprocess.Popen[bytes]) -> object:
    assert child.stdout is not None
    return pickle.load(child.stdout)  # noqa: S301 - written by the child, through a pipe of its own


@contextmanager
def _deadline(child: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """End `child` after so many seconds; the event yielded says that it was."""
    passed = threading.Event()

    def end() -> None:
        passed.set()
        child.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def _exit_code(child: subprocess.Popen[bytes]) -> int:
    """Return how a process ended whose pipe is closed."""
    child.kill()
    return child.wait()


def _how(code: int | None) -> str:
    if code is None:
        return "it was stopped"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
