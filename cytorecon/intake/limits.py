"""What one process may use: memory, processor time, size of files. POSIX only."""

from __future__ import annotations

import sys
from typing import Final

if sys.platform != "win32":
    import resource

#: What this system can hold a process to, for people; the clock on the wall is ours everywhere.
LIMITED: Final = {
    "linux": ("memory", "processor time", "size of files"),
    "darwin": ("processor time", "size of files"),
}.get(sys.platform, ())

#: One file is read, one written; modules that are still to be imported are opened one by one.
_OPEN_FILES: Final = 32


def set_limits(
    address_space_mb: int,
    processor_seconds: int,
    file_mb: int | None = None,
    *,
    open_files: int | None = _OPEN_FILES,
) -> None:
    """Limit this process, for good; does nothing where the system has no such limits.

    Parameters
    ----------
    address_space_mb : int
        Memory that can be reserved, MB.
    processor_seconds : int
        Processor time, after which the process is ended.
    file_mb : int, optional
        Size of the largest file it can write, MB.
    open_files : int, optional
        How many files it can have open.
    """
    if sys.platform == "win32":
        return
    limits = (
        (resource.RLIMIT_AS, address_space_mb << 20),
        (resource.RLIMIT_CPU, processor_seconds),
        (resource.RLIMIT_FSIZE, None if file_mb is None else file_mb << 20),
        (resource.RLIMIT_CORE, 0),  # a core dump would hold the file
        (resource.RLIMIT_NOFILE, open_files),
    )
    for kind, wanted in limits:
        if wanted is None:
            continue
        if kind == resource.RLIMIT_AS and "memory" not in LIMITED:
            continue  # macOS refuses this limit
        _, hard = resource.getrlimit(kind)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        # a second between the signal that says why and the one that only ends
        grace = 1 if kind == resource.RLIMIT_CPU and allowed == wanted else 0
        resource.setrlimit(kind, (allowed, allowed + grace if hard != allowed else hard))
