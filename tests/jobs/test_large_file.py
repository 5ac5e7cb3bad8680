"""A file of ten million events where memory is short costs that tube, with the reason, and no other (F20)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from benchmarks.batch_faults import made
from cytorecon.jobs import run_batch
from cytorecon.workers import Limits, workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a limit that only Linux keeps")

EVENTS = 10_000_000


def grow(file: Path, events: int) -> None:
    """Make `file` one of so many events, all zero; on disk they take no room."""
    content = file.read_bytes()
    begin, end, data = (int(content[at : at + 8]) for at in (10, 18, 26))
    text = content[begin : end + 1].decode()
    parameters = int(re.findall(r"/\$PAR/(\d+)/", text)[0])
    size = events * parameters * 4
    for keyword, value in (("TOT", events), ("ENDDATA", data + size - 1)):
        text = re.sub(rf"/\${keyword}/\d+/", f"/${keyword}/{value}/", text)
    start = end + 1 - len(text)
    # DATA of more than 8 digits stands in TEXT only
    header = f"{content[:10].decode()}{start:>8}{end:>8}{0:>8}{0:>8}{0:>8}{0:>8}"
    with file.open("wb") as out:
        out.write(header.encode().ljust(start) + text.encode())
        out.truncate(data + size)


def test_ten_million_events_under_a_limit_of_memory(tmp_path: Path) -> None:
    manifest = made(tmp_path / "cohort", tubes=9, events=1000)
    large = sorted((manifest.parent / "fcs").iterdir())[4]
    grow(large, EVENTS)
    assert large.stat().st_size > 400_000_000
    with workers(2, Limits(memory_mb=300)) as pool:
        result = run_batch(manifest, tmp_path / "study", pool=pool)
    failed = [outcome for outcome in result.tubes if outcome.status == "failed"]
    assert len(result.tubes) - len(failed) == 8
    (outcome,) = failed
    assert outcome.error == (
        "Manifest row 3: $TOT: The file holds more events than fit into the memory of this computer. "
        "Found: 10000000 events of 10 parameters, 0.4 GiB. "
        "If that is not what was measured, the file is damaged: copy or export it again."
    )
