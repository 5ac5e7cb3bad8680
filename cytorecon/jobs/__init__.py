"""Work on a stored study: run a batch into it, add one tube to it."""

from cytorecon.jobs.addition import add_tube
from cytorecon.jobs.batch import run_batch

__all__ = ["add_tube", "run_batch"]
