"""Limits of counting: LLOQ, beads, plausible blood counts (``counting.yaml``)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import Field, model_validator

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.values import Frozen

COUNTING_FILE = "counting.yaml"


class EventLimit(Frozen):
    """A number of events with its unit, the reason for it and where it comes from."""

    value: int = Field(gt=0)
    unit: str = Field(pattern="^events$")
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


class Agreement(Frozen):
    """Largest ratio of two counts of the same blood that raises no question."""

    value: float = Field(gt=1)
    unit: str = Field(pattern="^ratio$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class BloodCountAgreement(Agreement):
    """Largest ratio of a count in the tube to the blood count, which as 0 is up to `zero_up_to` cells/µL."""

    zero_up_to: float = Field(gt=0)


#: Cells/µL in 10^9/L.
PER_UL_OF_10E9_PER_L: Final = 1000.0


class BloodCountLimits(Frozen):
    """What a blood count can be and usually is, cells/µL."""

    usual_low: float = Field(ge=0)
    usual_high: float
    most: float
    unit: str = Field(pattern="^cells/µL$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> BloodCountLimits:
        if not self.usual_low < self.usual_high <= self.most:
            raise ValueError("usual_low, usual_high and most must be in this order")
        return self

    def is_usual(self, value: float, *, per_l: bool = False) -> bool:
        """Return whether a count, cells/µL, raises no question about its unit.

        `per_l` tells that it was given in 10^9/L, where a low count is what it is.

        Examples
        --------
        >>> wbc = load_counting_rules().blood_counts.wbc
        >>> wbc.is_usual(50), wbc.is_usual(50, per_l=True), wbc.is_usual(120_000)
        (False, True, False)
        """
        return value <= self.usual_high and (per_l or value >= self.usual_low)

    def unusual(self, value: float) -> str:
        """Return an unusual count in both units; of a high one, only that it is, for it may be a date.

        Examples
        --------
        >>> load_counting_rules().blood_counts.wbc.unusual(310324)
        'above 100000 cells/µL (100 x 10^9/L)'
        """
        if value > self.usual_high:
            return f"above {in_both_units(self.usual_high)}"
        return f"of {in_both_units(value)}"


class BloodCounts(Frozen):
    """Limits of the blood counts a sheet may give."""

    wbc: BloodCountLimits
    lymphocytes: BloodCountLimits

    def of(self, cells: str) -> BloodCountLimits:
        """Return the limits of ``"wbc"`` or ``"lymphocytes"``, or of a column that begins so."""
        return self.wbc if cells.startswith("wbc") else self.lymphocytes


def in_both_units(cells_per_ul: float) -> str:
    """Return a blood count in both units.

    Examples
    --------
    >>> in_both_units(25)
    '25 cells/µL (0.025 x 10^9/L)'
    """
    return f"{cells_per_ul:.15g} cells/µL ({cells_per_ul / PER_UL_OF_10E9_PER_L:.15g} x 10^9/L)"


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
    product_volume_ml: AmountLimits
    recipient_weight_kg: AmountLimits

    def of(self, column: str) -> AmountLimits:
        """Return the limits of one column."""
        limits: AmountLimits = getattr(self, column)
        return limits


class Imprecision(Frozen):
    """Coefficient of variation of something that is measured outside the tube.

    Parameters
    ----------
    usual_percent : float or None
        Taken where the sheet states none; None takes none.
    most : float
        Largest that a sheet may state.
    unit, reason, source : str
        Of `usual_percent`; why there is none.
    """

    usual_percent: float | None = Field(default=None, ge=0)
    most: float = Field(gt=0)
    unit: str = Field(pattern="^percent$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)

    def taken(self, stated: float | None) -> float:
        """Return the CV that is used, percent: the stated one, else the usual one, else 0."""
        return stated if stated is not None else self.usual_percent or 0.0


class Imprecisions(Frozen):
    """CV of each quantity a sheet may give."""

    pipetting: Imprecision
    beads: Imprecision
    wbc: Imprecision
    lymphocytes: Imprecision

    def of(self, column: str) -> Imprecision:
        """Return what is known about the column ``"pipetting_cv_percent"`` and its like."""
        known: Imprecision = getattr(self, column.removesuffix("_cv_percent"))
        return known


class GateErrorPercent(Frozen):
    """Error of a count, and of its share of the lymphocytes and of the leukocytes, percent."""

    events: float = Field(default=0.0, ge=0, le=100)
    of_lymphocytes: float = Field(default=0.0, ge=0, le=100)
    of_leukocytes: float = Field(default=0.0, ge=0, le=100)


class GateError(Frozen):
    """What gates leave out or let in wherever they lie, by population; none where it was not measured."""

    populations: dict[str, GateErrorPercent]
    unit: str = Field(pattern="^percent$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)

    def of(self, population: str) -> GateErrorPercent:
        """Return the error of `population`, 0 where it was not measured."""
        return self.populations.get(population, GateErrorPercent())


class LymphocytesOverWbc(Agreement):
    """How far lymphocytes may exceed white cells by rounding: a ratio, and `rounding` in cells/µL."""

    rounding: float = Field(ge=0)


class CountingRules(Frozen):
    """All of ``counting.yaml``."""

    lloq: LloqRules
    beads: BeadRules
    blood_counts: BloodCounts
    blood_count_agreement: BloodCountAgreement
    amounts: Amounts
    lymphocytes_over_wbc: LymphocytesOverWbc
    imprecision: Imprecisions
    gate_error: GateError

    def lloq_events(self, population: str) -> int:
        """Return the events below which `population` is not quantified."""
        return self.lloq.populations.get(population, self.lloq.events).value


@lru_cache(maxsize=8)
@packaged_once
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
