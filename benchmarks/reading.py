"""Reading FCS files against peers, in CPU time, and in memory: ``python -m benchmarks.reading``.

300,000 events of 14 parameters: float32, and 32-bit integers whose ``$PnR`` masks them to 18 bits. The
file stays in the system's cache, so the figures are about the programmes and not about the disk.
"""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import flowio
import flowkit
import numpy as np

from benchmarks.turns import cpu_seconds
from cytorecon.fcs import read_fcs, write_fcs
from cytorecon.sample import Channel, ChannelRole, Events
from tests.fcs.fcs_bytes import fcs_bytes

EVENTS = 300_000
MANY_EVENTS = 2_000_000
NAMES = (
    "FSC-A", "FSC-H", "SSC-A", "FITC-A", "PE-A", "PerCP-Cy5-5-A", "PE-Cy7-A", "APC-A", "AF700-A", "APC-Cy7-A",
    "BV421-A", "BV510-A", "BV605-A", "Time",
)  # fmt: skip
CHANNELS = [Channel(index, name, "", ChannelRole.OTHER, maximum=262144) for index, name in enumerate(NAMES)]


def main() -> None:
    """Print ratios of CPU time, then the peak memory of one large file."""
    with tempfile.TemporaryDirectory() as folder:
        floats, integers = write_files(Path(folder), EVENTS)
        print(
            f"read {EVENTS:,} events of {len(NAMES)} parameters, CPU seconds, medians of interleaved turns\n"
        )
        _compare("float32", floats)
        _compare("32-bit integers, masked", integers)
        many = Path(folder) / "many.fcs"
        write_fcs(many, _values(MANY_EVENTS), CHANNELS, checksum=False)
        segment = MANY_EVENTS * len(NAMES) * 4 / 1024**2
        print(f"\npeak memory above imports: {MANY_EVENTS:,} events, DATA of {segment:.0f} MB")
        for name in PEERS:
            print(f"{name:28s}{memory_of(name, many) / segment:8.2f} x DATA")


def write_files(folder: Path, events: int) -> tuple[Path, Path]:
    """Write a float file and an integer file of the same values."""
    values = _values(events)
    step: dict[str, str | None] = {"$TIMESTEP": "0.01"}
    floats, integers = folder / "float.fcs", folder / "integer.fcs"
    floats.write_bytes(fcs_bytes(values, NAMES, keywords=step))
    counts = np.minimum(values, 2**18 - 1).astype(np.uint32)
    integers.write_bytes(fcs_bytes(counts, NAMES, datatype="I", limit=2**18, keywords=step))
    return floats, integers


def _values(events: int) -> Events:
    return np.random.default_rng(1).lognormal(6, 1.5, (events, len(NAMES))).astype(np.float32)


def _with_hash(path: Path) -> str:
    return read_fcs(path).sha256


PEERS: dict[str, Callable[[Path], object]] = {
    "cytorecon": read_fcs,
    "cytorecon, and its SHA-256": _with_hash,
    "numpy.fromfile": lambda path: np.fromfile(path, np.float32),
    "flowkit.Sample": lambda path: flowkit.Sample(str(path)),
    "flowio as_array": lambda path: flowio.FlowData(str(path)).as_array(),
}


def _compare(what: str, path: Path) -> None:
    spent = cpu_seconds({name: partial(read, path) for name, read in PEERS.items()}, turns=9)
    print(f"{what:32s}{'seconds':>10s}{'/ cytorecon':>14s}")
    for name, seconds in spent.items():
        print(f"  {name:30s}{seconds:10.4f}{seconds / spent['cytorecon']:14.2f}")


def memory_of(name: str, path: Path) -> float:
    """Return the megabytes by which reading `path` raises the peak of a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_memory, name, path).result()


def _memory(name: str, path: Path) -> float:
    before = _peak()
    kept = PEERS[name](path)
    after = _peak()
    del kept
    return after - before


def _peak() -> float:
    """Return this process's peak in megabytes; ``ru_maxrss`` would be that of the parent, if higher."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024


if __name__ == "__main__":
    main()
