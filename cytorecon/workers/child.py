"""The inside of a worker process: read an item, work, write the answer; end with the parent.

Run by :class:`~cytorecon.workers.lane.Lane`. Requests come on standard input and answers go to standard
output, both pickled by this program; whatever else is printed goes to standard error.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO

from threadpoolctl import threadpool_limits

from cytorecon.workers.answers import Raised, Ready, Request, Returned
from cytorecon.workers.limits import limit_memory


def main(memory_mb: int, preload: str) -> None:
    """Answer requests until the parent is gone, however it went.

    Parameters
    ----------
    memory_mb : int
        See :class:`~cytorecon.workers.limits.Limits`.
    preload : str
        Module to import before the clock runs and before memory counts; none if empty.
    """
    # Control-C reaches every process of a terminal: the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming = sys.stdin.buffer
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if preload:
        import_module(preload)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(incoming, requests), daemon=True).start()
    with threadpool_limits(1):
        limit_memory(memory_mb)
        _write(outgoing, Ready())
        _answer_all(requests, outgoing)


def _read(incoming: BinaryIO, requests: queue.SimpleQueue[Request]) -> None:
    """Hand requests on; end this process, in the middle of its work too, when the parent has gone."""
    try:
        while True:
            requests.put(pickle.load(incoming))  # noqa: S301 - written by the parent, through a pipe of its own
    except (EOFError, OSError):
        os._exit(0)


def _answer_all(requests: queue.SimpleQueue[Request], outgoing: BinaryIO) -> None:
    key, function = "", None
    while True:
        request = requests.get()
        try:
            if request.work is not None:
                key, function = request.key, pickle.loads(request.work)  # noqa: S301 - as above
            assert function is not None
            assert key == request.key
            _write(outgoing, Returned(_done(function, request.item)))
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            _write(outgoing, _raised(error))


def _done(function: Callable[[object], object], item: bytes) -> object:
    return function(pickle.loads(item))  # noqa: S301 - as above


def _raised(error: Exception) -> Raised:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - tells whether the parent will be able to
    except Exception:  # noqa: BLE001 - whatever it is that cannot be packed
        return Raised(RuntimeError(f"{type(error).__name__}: {error}"))
    return Raised(error)


def _write(outgoing: BinaryIO, answer: object) -> None:
    # packed whole before anything is written: half an answer would be none
    packed = pickle.dumps(answer)
    outgoing.write(packed)
    outgoing.flush()
