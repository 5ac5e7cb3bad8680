from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import FcsMemoryError
from cytorecon.fcs import memory, read, read_fcs
from tests.fcs.fcs_bytes import fcs_bytes, write

N_EVENTS = 5 * 10**9


def sparse(folder: Path) -> Path:
    """A file of 100 GB that takes none: HEADER has no room for the end of its DATA, TEXT has."""
    begin = int(fcs_bytes(keywords={"$ENDDATA": "0" * 12, "$TOT": str(N_EVENTS)})[26:34])
    end = begin + N_EVENTS * 20 - 1
    content = fcs_bytes(keywords={"$ENDDATA": f"{end:012d}", "$TOT": str(N_EVENTS)})
    content = content[:26] + b"%8d%8d" % (0, 0) + content[42:]
    path = write(folder, content)
    with path.open("r+b") as handle:
        handle.truncate(end + 1)
    return path


MESSAGE = (
    "tube.fcs, $TOT: The file holds more events than fit into the memory of this computer. "
    "Found: 5000000000 events of 5 parameters, 93.1 GiB. "
    "If that is not what was measured, the file is damaged: copy or export it again."
)


def test_a_sparse_file_is_refused_before_anything_is_allocated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "installed_memory", lambda: 2.0**33)
    monkeypatch.setattr(np, "empty", None)  # not called
    with pytest.raises(FcsMemoryError) as caught:
        read_fcs(sparse(tmp_path))
    assert str(caught.value) == MESSAGE


def no_memory(*_: object, **__: object) -> None:
    raise MemoryError


def test_memory_that_the_system_does_not_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "installed_memory", lambda: float("inf"))
    monkeypatch.setattr(np, "empty", no_memory)
    with pytest.raises(FcsMemoryError) as caught:
        read_fcs(sparse(tmp_path))
    assert str(caught.value) == MESSAGE


def test_memory_that_runs_out_while_events_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "read_events", no_memory)
    with pytest.raises(FcsMemoryError, match=r"Found: 10 events of 5 parameters, 0\.0 GiB"):
        read_fcs(write(tmp_path, fcs_bytes()))


def test_a_system_that_does_not_tell_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2**28 < memory.installed_memory() < 2**60
    monkeypatch.delattr(os, "sysconf")
    assert memory.installed_memory() == float("inf")
