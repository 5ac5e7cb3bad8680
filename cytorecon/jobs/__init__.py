"""Work on a stored study: run a batch into it, add one tube to it."""

from cytorecon.jobs.addition import add_tube
from cytorecon.jobs.batch import run_batch
from cytorecon.jobs.overrides import Wish, add_override, template_of, undo_override

__all__ = ["Wish", "add_override", "add_tube", "run_batch", "template_of", "undo_override"]
