"""What the process that reads an upload says of it: plain values, checked when they arrive."""

from __future__ import annotations

from typing import Final

from cytorecon.errors import (
    CompensationError,
    CytoreconError,
    FcsAmbiguousError,
    FcsError,
    FcsTruncatedError,
    Issue,
    KnowledgeError,
    PanelError,
)
from cytorecon.intake.removed import Removed
from cytorecon.values import Frozen

#: Errors that reading can end with, by name; any other becomes an FcsError.
_KINDS: Final = {
    kind.__name__: kind
    for kind in (
        CompensationError, FcsAmbiguousError, FcsError, FcsTruncatedError, KnowledgeError, PanelError,
    )
}  # fmt: skip


class Refusal(Frozen):
    """An error in words, with its parts."""

    kind: str
    message: str
    subject: str = ""
    field: str = ""
    found: str = ""
    allowed: str = ""
    hint: str = ""

    @classmethod
    def of(cls, error: CytoreconError) -> Refusal:
        """Return the parts of `error`."""
        return cls(
            kind=type(error).__name__,
            message=error.message,
            subject=error.subject,
            field=error.field,
            found=error.found,
            allowed=error.allowed,
            hint=error.hint,
        )

    def error(self) -> CytoreconError:
        """Return the error again, of the same class and with the same text."""
        return _KINDS.get(self.kind, FcsError)(
            self.message,
            subject=self.subject,
            field=self.field,
            found=self.found,
            allowed=self.allowed,
            hint=self.hint,
        )


class Answer(Frozen):
    """What became of one upload.

    Parameters
    ----------
    issues : tuple of Issue
        What was noticed in the file.
    removed : Removed or None
        What was left out; None when the file was not written.
    written : tuple of (str, str)
        See :class:`~cytorecon.intake.clean.Cleaned`.
    refusal : Refusal or None
        Why it was not.
    too_large : bool
        Whether memory or the size of a file was the reason.
    """

    issues: tuple[Issue, ...] = ()
    removed: Removed | None = None
    written: tuple[tuple[str, str], ...] = ()
    refusal: Refusal | None = None
    too_large: bool = False
