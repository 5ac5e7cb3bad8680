"""Limits of counting: LLOQ, beads, plausible blood counts (``counting.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

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


class AmountLimits(Frozen):
    """What an amount can be, what it usually is, and what to say when it is not."""

    least: float = Field(ge=0)
    most: float
    usual_low: float
    usual_high: float
    unit: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    hint: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> AmountLimits:
        if not self.least <= self.usual_low < self.usual_high <= self.most:
            raise ValueError("least, usual_low, usual_high and most must be in this order")
        return self

    def is_possible(self, value: float) -> bool:
        """Return whether a tube can have this amount."""
        return self.least <= value <= self.most

    def is_usual(self, value: float) -> bool:
        """Return whether the amount raises no question."""
        return self.usual_low <= value <= self.usual_high


class Amounts(Frozen):
    """Limits of every amount a sheet may give, by column."""

    beads_per_tube: AmountLimits
    blood_volume_ul: AmountLimits
    acquired_volume_ul: AmountLimits
    dilution: AmountLimits

    def of(self, column: str) -> AmountLimits:
        """Return the limits of one column."""
        limits: AmountLimits = getattr(self, column)
        return limits


class LymphocytesOverWbc(Agreement):
    """How far lymphocytes may exceed white cells by rounding: a ratio, and `rounding` in cells/µL."""

    rounding: float = Field(ge=0)


class CountingRules(Frozen):
    """All of ``counting.yaml``."""

    lloq: LloqRules
    beads: BeadRules
    blood_count_plausible: PlausibleCounts
    blood_count_agreement: Agreement
    amounts: Amounts
    lymphocytes_over_wbc: LymphocytesOverWbc

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
