"""Which counted cells of a product are given per kg (``product_doses.yaml``)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

PRODUCT_DOSES_FILE = "product_doses.yaml"


class DoseRule(Frozen):
    """One kind of dose.

    Parameters
    ----------
    population : str
        The counted cells.
    cells : str
        What people call them.
    unit : {"10^6/kg"}
        Of the dose.
    why, source : str
        Why these cells, and who says so.
    """

    population: str = Field(min_length=1)
    cells: str = Field(min_length=1)
    unit: Literal["10^6/kg"]
    why: str = Field(min_length=1)
    source: str = Field(min_length=1)


class DoseRules(Frozen):
    """All of ``product_doses.yaml``."""

    doses: Annotated[tuple[DoseRule, ...], Field(min_length=1)]

    def find(self, population: str) -> DoseRule | None:
        """Return how `population` is dosed, or None when it is not."""
        return next((rule for rule in self.doses if rule.population == population), None)


@lru_cache(maxsize=8)
def load_dose_rules(*, folder: Path | None = None) -> DoseRules:
    """Return which populations are dosed.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.

    Examples
    --------
    >>> [rule.population for rule in load_dose_rules().doses]
    ['CD34_ISHAGE', 'MSC_positive', 'CAR_T']
    """
    return validated(DoseRules, read_yaml(PRODUCT_DOSES_FILE, folder=folder), subject=PRODUCT_DOSES_FILE)
