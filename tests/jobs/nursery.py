"""Starts workers by fork, so that each costs no imports: one for each line of JSON; says its process id."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import NoReturn

from cytorecon.jobs.worker import Pace, run_worker
from cytorecon.knowledge.jobs import load_job_rules


def main() -> None:
    _say("ready")
    for line in sys.stdin:
        worker = os.fork()
        if worker == 0:
            _work(**json.loads(line))
        _say(str(worker))


def _work(study: str, lease: float, wall_clock: int, command: list[str]) -> NoReturn:
    limits = load_job_rules().limits
    clock = limits.wall_clock.model_copy(update={"value": wall_clock})
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_worker(
        study,
        "memory://nothing",
        command,
        stop,
        pace=Pace(poll=0.1, beat=0.2, lease=lease),
        limits=limits.model_copy(update={"wall_clock": clock}),
    )
    os._exit(0)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
