"""Files for tests of batches."""

from __future__ import annotations

from pathlib import Path


def copy_with_other_bytes(file: Path, folder: Path) -> Path:
    """Copy a file so that it holds the same events but is, by its bytes, another file."""
    copy = folder / f"copy_{file.name}"
    copy.write_bytes(file.read_bytes() + b" ")
    return copy
