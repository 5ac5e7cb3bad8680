"""When a given count, or an own reference range, is most likely in another unit (``given_counts.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.knowledge.populations import load_populations
from cytorecon.values import Frozen

GIVEN_COUNTS_FILE = "given_counts.yaml"


class _Sourced(Frozen):
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class SmallestCount(_Sourced):
    """A count, cells/µL, below which another unit is meant."""

    value: float = Field(gt=0)
    unit: str = Field(pattern="^cells/µL$")


class UnitJump(_Sourced):
    """Ratios of two values of one patient that say that their units differ: from `least` to `most`."""

    least: float = Field(gt=1)
    most: float
    unit: str = Field(pattern="^ratio$")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.least < self.most:
            raise ValueError("least must be below most")
        return self

    def holds(self, one: float, other: float) -> bool:
        """Return whether two values, above 0, lie as far apart as the same count in two units."""
        return self.least <= max(one / other, other / one) <= self.most


class AboveParent(_Sourced):
    """How far a part may exceed the whole: a ratio, and `rounding` in the unit of the values."""

    value: float = Field(ge=1)
    rounding: float = Field(ge=0)
    unit: str = Field(pattern="^ratio$")

    def is_beyond(self, part: float, whole: float) -> bool:
        """Return whether a part exceeds the whole by more than rounding and two tubes explain."""
        return part > max(whole * self.value, whole + self.rounding)


class GivenCountLimits(Frozen):
    """All of ``given_counts.yaml``."""

    populations: tuple[str, ...] = Field(min_length=1)
    smallest: SmallestCount
    jump: UnitJump
    above_parent: AboveParent
    smallest_reference_limit: SmallestCount


@packaged_once
def load_given_count_limits(*, folder: Path | None = None) -> GivenCountLimits:
    """Return when a given count is doubtful.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, or names an unknown population.

    Examples
    --------
    >>> load_given_count_limits().jump.holds(0.35, 400)
    True
    """
    found = validated(
        GivenCountLimits, read_yaml(GIVEN_COUNTS_FILE, folder=folder), subject=GIVEN_COUNTS_FILE
    )
    known = load_populations(folder=folder)
    unknown = [name for name in found.populations if known.find(name) is None]
    if unknown:
        raise KnowledgeError(
            "There is no such population.",
            subject=GIVEN_COUNTS_FILE,
            field="populations",
            found=", ".join(unknown),
            allowed="a name of populations.csv",
        )
    return found
