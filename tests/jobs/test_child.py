"""The process of one job: what it says, how it ends, what it may use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cytorecon.cli.work import MODULE
from cytorecon.intake.limits import LIMITED
from cytorecon.jobs.child import Errand, StoppedError, run_apart, start_child
from cytorecon.jobs.model import Outcome, Request
from cytorecon.knowledge.jobs import JobLimits, load_job_rules

REQUEST = Request(kind="export", formats=("csv",))


def limits(**changed: int) -> JobLimits:
    usual = load_job_rules().limits
    update = {
        name: getattr(usual, name).model_copy(update={"value": value}) for name, value in changed.items()
    }
    return usual.model_copy(update=update)


def errand(study: Path, allowed: JobLimits | None = None) -> Errand:
    return Errand(study=str(study), blobs="", key="k", request=REQUEST, limits=allowed or limits())


def run(command: list[str], asked: Errand, told: list[str] | None = None, *, goes_on: bool = True) -> Outcome:
    return run_apart(
        start_child(command),
        asked,
        told=(told if told is not None else []).append,
        goes_on=lambda: goes_on,
        look_every=0.1,
    )


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


REAL = [sys.executable, "-m", MODULE]


def test_what_is_said_comes_back_and_what_a_library_prints_does_not(tmp_path: Path) -> None:
    text = (
        'input(); print("hello"); print(\'{"stage": "gating"}\'); '
        'print(\'{"outcome": {"done": true, "message": "yes"}}\')'
    )
    told: list[str] = []
    assert run(script(text), errand(tmp_path), told) == Outcome(done=True, message="yes")
    assert told == ["gating"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The process that did it ended with code 0; it may have needed more memory than there is."),
        (
            "import os; input(); os.kill(os.getpid(), 9)",
            "The process that did it ended with signal 9; it may have needed more memory than there is.",
        ),
        ("import os; input(); os.kill(os.getpid(), 24)", "It needs more than 1800 s of processor time."),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_process_that_says_nothing_is_a_reason(tmp_path: Path, text: str, message: str) -> None:
    assert run(script(text), errand(tmp_path)) == Outcome(done=False, message=message)


def test_a_process_is_killed_when_its_job_is_somebody_else_s(tmp_path: Path) -> None:
    told: list[str] = []
    process = start_child(script("import time; input(); time.sleep(600)"))
    with pytest.raises(StoppedError):
        run_apart(process, errand(tmp_path), told=told.append, goes_on=lambda: False, look_every=0.1)
    assert process.returncode is not None


def test_what_goes_wrong_in_a_real_job_is_its_outcome(tmp_path: Path) -> None:
    assert run(REAL, errand(tmp_path)) == Outcome(
        done=False,
        message="The folder holds no study. Found: no study.sqlite in it. Allowed: a study folder made by "
        "cytorecon, which holds study.sqlite. Make a study with: cytorecon batch MANIFEST --out FOLDER.",
    )


@pytest.mark.skipif("memory" not in LIMITED, reason="this system has no limit on memory")
def test_a_job_that_needs_too_much_memory_fails_with_the_reason(tmp_path: Path) -> None:
    text = (
        f"import numpy; import {MODULE} as work; work._performed = lambda *_: numpy.ones(10**9); work.main()"
    )
    assert run(script(text), errand(tmp_path, limits(address_space=2000))) == Outcome(
        done=False, message="It needs more than 2000 MB of memory."
    )


def test_a_process_that_gets_no_job_ends_with_its_worker() -> None:
    process = start_child(REAL)
    assert process.communicate()[0] == ""
    assert process.returncode == 0


def test_a_process_ends_when_its_worker_does(tmp_path: Path) -> None:
    """The worker's end of the pipe is closed by the system, whatever ended it."""
    text = f"import time; import {MODULE} as work; work.perform = lambda *_: time.sleep(600); work.main()"
    process = start_child(script(text))
    assert process.stdin is not None
    process.stdin.write(errand(tmp_path).model_dump_json() + "\n")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.communicate()
    assert process.returncode == 1
