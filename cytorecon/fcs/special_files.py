"""Tell files from what merely stands where a file should: reading a pipe or a device may never end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

_KINDS: Final = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def special_file(path: Path) -> str:
    """Return what `path` is when it is neither a file nor a folder; empty when it is one, or is not there.

    Examples
    --------
    >>> import os
    >>> special_file(Path(os.devnull)), special_file(Path("no-such-file"))
    ('a device', '')
    """
    try:
        return special_kind(path.stat().st_mode)
    except OSError:
        return ""  # whoever opens it says why it cannot be opened


def special_kind(mode: int) -> str:
    """Return the same of something whose mode is known."""
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "")
