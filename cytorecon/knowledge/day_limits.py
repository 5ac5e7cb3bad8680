"""Between what a day or a date must lie (``day_limits.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

DAY_LIMITS_FILE = "day_limits.yaml"


class Span(Frozen):
    """First and last, both included, with unit, reason and source."""

    earliest: int
    latest: int
    unit: str = Field(pattern="^(days|year)$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.earliest >= self.latest:
            raise ValueError("earliest must lie before latest")
        return self

    def holds(self, value: int) -> bool:
        """Return whether a day, or a year, lies within.

        Examples
        --------
        >>> load_day_limits().year.holds(24)
        False
        """
        return self.earliest <= value <= self.latest

    def __str__(self) -> str:
        """Return the limits in words."""
        return f"{self.earliest} to {self.latest}"


class DayLimits(Frozen):
    """Limits of draws and of clinical events (days from day 0), and of years."""

    draw: Span
    event: Span
    year: Span


def load_day_limits(*, folder: Path | None = None) -> DayLimits:
    """Return between what days and dates must lie.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.

    Examples
    --------
    >>> print(load_day_limits().draw)
    -3650 to 36525
    """
    return validated(DayLimits, read_yaml(DAY_LIMITS_FILE, folder=folder), subject=DAY_LIMITS_FILE)
