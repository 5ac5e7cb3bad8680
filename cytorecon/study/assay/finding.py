"""What a check between tubes found."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.errors import Issue, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A value outside its limits, with what it may come from.

    Parameters
    ----------
    check : str
        Name; the review code is ``assay.<check>``.
    tube : str
        ``Tube.tube`` of the tube it is about.
    populations : tuple of str
        Whose numbers it casts doubt on; empty when it is only worth knowing.
    value, limit : float
        What was found and what is allowed, in `unit`.
    unit : str
        For people.
    explained : bool
        Whether something known explains it; then no number is doubted.
    subject, message : str
        What it is about, and what was found, in words.
    causes, source : str
        What it may come from, and who set the limit.
    """

    check: str
    tube: str
    populations: tuple[str, ...]
    value: float
    limit: float
    unit: str
    subject: str
    message: str
    causes: str
    source: str
    explained: bool = False

    @property
    def code(self) -> str:
        """The review code."""
        return f"assay.{self.check}"

    @property
    def issue(self) -> Issue:
        """The finding in words: value, limit, causes, source."""
        severity = Severity.INFO if self.explained else Severity.WARNING
        return Issue(self.code, severity, self.subject, self.message, f"{self.causes} ({self.source})")
