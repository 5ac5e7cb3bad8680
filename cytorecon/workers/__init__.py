"""Many items by several processes, here or on other machines: none of them can stop the run."""

from __future__ import annotations

from cytorecon.workers.limits import Limits
from cytorecon.workers.pool import Pool, workers

__all__ = ["Limits", "Pool", "workers"]
