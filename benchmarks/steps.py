"""The steps that are measured, each on input it makes or finds itself, so that each can run alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import cytorecon as cr
from cytorecon.jobs import run_batch
from cytorecon.report import write_report
from cytorecon.simulate import simulate_tube, tube_spec, write_fcs

#: Cells/µL of a patient half a year after transplant: every population is there.
BLOOD = {"CD4_T": 300, "CD8_T": 400, "B": 120, "NK": 150, "monocytes": 400, "granulocytes": 3000}
SAMPLE_MANIFEST = Path(__file__).parents[1] / "sample_data" / "manifest.csv"

#: Marks the part that is measured; what is before it prepares the input.
Clock = Callable[[], None]


@contextmanager
def tube_file(events: int) -> Iterator[Path]:
    """Give a file of one simulated tube of about `events` events."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tube.fcs"
        write_fcs(simulate_tube(tube_spec(concentrations=BLOOD, events=events), seed=1), path)
        yield path


def simulate(events: int, start: Clock) -> None:
    """Simulate one tube."""
    start()
    simulate_tube(tube_spec(concentrations=BLOOD, events=events), seed=1)


def read(events: int, start: Clock) -> None:
    """Read one file."""
    with tube_file(events) as path:
        start()
        cr.read_fcs(path)


def gate(events: int, start: Clock) -> None:
    """Compensate, transform and gate one sample: three passes, as in a batch of one."""
    with tube_file(events) as path:
        sample = cr.read_fcs(path)
        start()
        cr.gate(sample, "tbnk")


def batch(events: int, start: Clock) -> None:
    """Analyse the sample cohort in one process."""
    with tempfile.TemporaryDirectory() as folder:
        start()
        run_batch(SAMPLE_MANIFEST, Path(folder) / "study", jobs=1)


def batch_two(events: int, start: Clock) -> None:
    """Analyse the sample cohort in two processes, their start included."""
    with tempfile.TemporaryDirectory() as folder:
        start()
        run_batch(SAMPLE_MANIFEST, Path(folder) / "study", jobs=2)


def report(events: int, start: Clock) -> None:
    """Write the report of the sample cohort."""
    with tempfile.TemporaryDirectory() as folder:
        result = run_batch(SAMPLE_MANIFEST, Path(folder) / "study", jobs=1)
        start()
        write_report(result, Path(folder) / "report", software_version=cr.__version__)


STEPS: Mapping[str, Callable[[int, Clock], None]] = {
    "simulate a tube": simulate,
    "read a file": read,
    "gate a sample": gate,
    "sample cohort, 1 process": batch,
    "sample cohort, 2 processes": batch_two,
    "report of the sample cohort": report,
}


def measure(name: str, events: int) -> tuple[float, float]:
    """Run one step in this process; return its seconds and the process's peak memory in MB."""
    marks: list[float] = []
    STEPS[name](events, lambda: marks.append(perf_counter()))
    seconds = perf_counter() - marks[-1]
    return seconds, peak_megabytes()


def peak_megabytes() -> float:
    """Return the peak resident memory of this process, children not included; NaN on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan")
    # Kilobytes on Linux, bytes on macOS.
    unit = 1024 if hasattr(resource, "RUSAGE_THREAD") else 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
