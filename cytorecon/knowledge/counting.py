"""Limits of counting: LLOQ, beads, plausible blood counts (``counting.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

COUNTING_FILE = "counting.yaml"


class EventLimit(Frozen):
    """A number of events with its unit, the reason for it and where it comes from."""

    value: int = Field(gt=0)
    unit: str = Field(pattern="^events$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class PlausibleRange(Frozen):
    """Range within which a blood count raises no question about its unit."""

    low: float = Field(ge=0)
    high: float = Field(gt=0)
    unit: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class LloqRules(Frozen):
    """Events below which a population is not quantified, with exceptions by population."""

    events: EventLimit
    populations: dict[str, EventLimit] = Field(default_factory=dict)


class BeadRules(Frozen):
    """How many bead events are needed, and from how many on nobody needs to look."""

    minimum_events: EventLimit
    review_events: EventLimit


class PlausibleCounts(Frozen):
    """Plausible blood counts in each unit a sheet may use."""

    cells_per_ul: PlausibleRange
    cells_10e9_per_l: PlausibleRange


class Agreement(Frozen):
    """Largest ratio of two counts of the same blood that raises no question."""

    value: float = Field(gt=1)
    unit: str = Field(pattern="^ratio$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class CountingRules(Frozen):
    """All of ``counting.yaml``."""

    lloq: LloqRules
    beads: BeadRules
    blood_count_plausible: PlausibleCounts
    blood_count_agreement: Agreement

    def lloq_events(self, population: str) -> int:
        """Return the events below which `population` is not quantified."""
        return self.lloq.populations.get(population, self.lloq.events).value


def load_counting_rules(*, folder: Path | None = None) -> CountingRules:
    """Return the limits of counting.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its ``counting.yaml`` replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.

    Examples
    --------
    >>> load_counting_rules().lloq_events("CD4_T")
    50
    """
    return validated(CountingRules, read_yaml(COUNTING_FILE, folder=folder), subject=COUNTING_FILE)
