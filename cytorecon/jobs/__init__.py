"""Work on a stored study: run a batch or a part of one into it, add one tube to it."""

from cytorecon.jobs.addition import add_tube
from cytorecon.jobs.batch import run_batch
from cytorecon.jobs.overrides import Wish, add_override, template_of, undo_override
from cytorecon.jobs.shard import Shard, run_shard

__all__ = [
    "Shard",
    "Wish",
    "add_override",
    "add_tube",
    "run_batch",
    "run_shard",
    "template_of",
    "undo_override",
]
