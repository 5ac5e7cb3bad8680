"""What one item may take of time and memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if sys.platform == "linux":  # Windows has none, and others do not keep it
    import resource

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Limits:
    """What one item may take.

    Parameters
    ----------
    seconds : float
        Wall-clock time. A tube of 300,000 events takes seconds (docs/scaling.md), so the default stops
        what hangs, also on a slow or busy machine.
    memory_mb : int
        Memory beyond that of the loaded program, MB (10^6 bytes). The default leaves room for a tube of
        ten million events. Kept where the system can (Linux).
    preload : str
        Module that every item needs: loaded before its time and memory count.
    """

    seconds: float = 900.0
    memory_mb: int = 8000
    preload: str = "cytorecon.pipeline"


def limit_memory(memory_mb: int) -> None:
    """Let this process take so much more memory than it has now, MB; nothing where the system cannot.

    The limit is one of address space: what libraries reserve and never use is not to count.
    """
    if sys.platform != "linux":
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + memory_mb * MEGABYTE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
