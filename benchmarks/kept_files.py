"""What it costs to keep the file of a tube that was analysed: CPU and wall-clock seconds, bytes.

Run it with ``python -m benchmarks.kept_files --events 2000 300000``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from cytorecon.jobs.keeping import kept, place_of
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import Task
from cytorecon.pipeline.source import Source
from cytorecon.simulate import simulate_tube, tube_spec, write_fcs
from cytorecon.store.blobs import FolderBlobs
from cytorecon.study.model import Tube

_ROUNDS = 7
#: Cells per µL; which ones does not matter here.
_BLOOD = {"granulocytes": 3000.0, "monocytes": 400.0, "B": 200.0, "NK": 200.0}


def main() -> None:
    """Print one line per size: the median of some rounds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kept_files")
    parser.add_argument("--events", type=int, nargs="+", default=[2000, 300_000])
    for events in parser.parse_args().events:
        with tempfile.TemporaryDirectory() as folder:
            print(measured(Path(folder), events))


def measured(folder: Path, events: int) -> str:
    """Keep a simulated tube some times, as if it came for the first time."""
    file = folder / "tube.fcs"
    write_fcs(simulate_tube(tube_spec(concentrations=_BLOOD, events=events), seed=1), file)
    task = Task(
        Tube(tube="P01/d30/1", patient="P01", day=30), Source("tube", load_template("tbnk"), file), "batch"
    )
    read = task.source.read()
    place = place_of(folder, "")
    assert place is not None
    processor, clock = [], []
    size = 0
    for _ in range(_ROUNDS):
        started = time.process_time(), time.monotonic()
        kept(read, read.sample.sha256, task, place)
        processor.append(time.process_time() - started[0])
        clock.append(time.monotonic() - started[1])
        blobs = FolderBlobs(folder / "blobs")
        (held,) = blobs.held()
        size = held.size
        blobs.remove(held.name)
    rows, columns = read.sample.events.shape
    return (
        f"{rows} events of {columns} channels: {1000 * median(processor):.1f} ms of CPU, "
        f"{1000 * median(clock):.0f} ms, {size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
