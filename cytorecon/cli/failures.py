"""How a command says that it is done although some of its files failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """One file, tube or row that could not be processed.

    Parameters
    ----------
    subject : str
        As the user named it: the path on the command line, ``"P01/d30/1"`` or ``"row 7"``.
    reason : str
        Why, in one clear message.
    what : str
        What became of it, for the start of its line: ``"failed"`` or ``"skipped"``.
    """

    subject: str
    reason: str
    what: str = "failed"

    def __str__(self) -> str:
        """Return ``subject: reason``."""
        return f"{self.subject}: {self.reason}"


class SomeFilesFailedError(Exception):
    """Ends a command that did its work except for `failures`.

    Parameters
    ----------
    failures : iterable of Failure
        At least one.
    done : int
        Number of files that succeeded; 0 means that nothing was done.
    """

    def __init__(self, failures: Iterable[Failure], *, done: int) -> None:
        self.failures = tuple(failures)
        self.done = done
        super().__init__(f"{len(self.failures)} failed, {done} done")


def raise_for(failures: Iterable[Failure], *, done: int) -> None:
    """Raise :class:`SomeFilesFailedError` when there are `failures`; otherwise do nothing."""
    failed = tuple(failures)
    if failed:
        raise SomeFilesFailedError(failed, done=done)
