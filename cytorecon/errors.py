"""What can go wrong: exceptions for broken calls, issues for imperfect data.

A broken call (a file that is not there, a template that contradicts itself) raises a
:class:`CytoreconError`. Imperfect data (no CD19 mode, a sheet row without a day) never raises:
it is an :class:`Issue`, a value that travels with the result and ends up in every report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much an :class:`Issue` matters to somebody who acts on the numbers."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem in data, as a value.

    Parameters
    ----------
    code : str
        Stable, machine-readable name in lower case with dots, e.g. ``"gate.not_evaluable"``.
    severity : Severity
        ``info`` is worth knowing, ``warning`` needs a look, ``error`` cost a result.
    subject : str
        What it is about: a channel, a gate, ``"row 7, column day"``. Never a patient's name.
    message : str
        What was found and what is allowed, in one sentence.
    hint : str
        What to try.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return the issue as one line for people."""
        line = f"{self.severity.value}: {self.subject}: {self.message}"
        return f"{line} {self.hint}" if self.hint else line


class CytoreconError(Exception):
    """A call that cannot be answered; the text says where, what was found and what to try.

    Parameters
    ----------
    message : str
        What is wrong.
    subject : str
        The file, sheet or object it is about.
    field : str
        The keyword, column or option within the subject.
    found, allowed : str
        What was found there and what is allowed there.
    hint : str
        What to try.
    """

    def __init__(
        self,
        message: str,
        *,
        subject: str = "",
        field: str = "",
        found: str = "",
        allowed: str = "",
        hint: str = "",
    ) -> None:
        self.message = message
        self.subject = subject
        self.field = field
        self.found = found
        self.allowed = allowed
        self.hint = hint
        super().__init__(self._text())

    def _text(self) -> str:
        place = ", ".join(part for part in (self.subject, self.field) if part)
        text = f"{place}: {self.message}" if place else self.message
        if self.found:
            text += f" Found: {self.found}."
        if self.allowed:
            text += f" Allowed: {self.allowed}."
        return f"{text} {self.hint}" if self.hint else text


class FcsError(CytoreconError):
    """A file cannot be read as FCS."""


class FcsTruncatedError(FcsError):
    """The file is shorter than it says: the copy or the upload was broken off."""


class FcsAmbiguousError(FcsError):
    """The file can be read in more than one way, with different results; none is taken."""


class FcsMemoryError(FcsError):
    """The file holds more events than there is memory for."""


class PanelError(CytoreconError):
    """A panel lacks, or is ambiguous about, a marker that a template needs."""


class CompensationError(CytoreconError):
    """A spillover matrix cannot be used."""


class TransformError(CytoreconError):
    """A transform's parameters are outside what its formula allows."""


class KnowledgeError(CytoreconError):
    """A template, reference set or other knowledge file is malformed."""


class OverrideError(CytoreconError):
    """What a person decided about a gate cannot be used."""


class NotEvaluableError(CytoreconError):
    """A population was asked for that could not be found in this sample."""


class StoreError(CytoreconError):
    """A study folder or database cannot be opened or written."""


class StudyError(CytoreconError):
    """A sample sheet cannot be used at all; ``issues`` lists every problem found.

    Parameters
    ----------
    message : str
        Summary.
    issues : iterable of Issue
        All problems, in the order of the sheet.
    subject : str
        The sheet.
    """

    def __init__(self, message: str, issues: Iterable[Issue] = (), *, subject: str = "") -> None:
        self.issues = tuple(issues)
        super().__init__(message, subject=subject)

    def _text(self) -> str:
        head = super()._text()
        return "\n".join([head, *(f"  {issue}" for issue in self.issues)])
