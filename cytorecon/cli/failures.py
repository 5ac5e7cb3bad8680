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
    """

    subject: str
    reason: str

    def __str__(self) -> str:
        """Return ``subject: reason``."""
        return f"{self.subject}: {self.reason}"


class SomeFilesFailedError(Exception):
    """Ends a command that did its work except for `failures`.

    Parameters
    ----------
    failures : iterable of Failure
        At least one.
    attempted : int
        Number of files the command was asked for. When all of them failed, nothing was done.
    """

    def __init__(self, failures: Iterable[Failure], *, attempted: int) -> None:
        self.failures = tuple(failures)
        self.attempted = attempted
        super().__init__(f"{len(self.failures)} of {attempted} failed")

    @property
    def nothing_done(self) -> bool:
        """Whether not a single file succeeded."""
        return len(self.failures) >= self.attempted


def raise_for(failures: Iterable[Failure], *, attempted: int) -> None:
    """Raise :class:`SomeFilesFailedError` when there are `failures`; otherwise do nothing."""
    failed = tuple(failures)
    if failed:
        raise SomeFilesFailedError(failed, attempted=attempted)
