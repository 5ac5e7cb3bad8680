"""Criteria of products (``criteria.yaml``): limits of the share of cells that carry a marker."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

FILE = "criteria.yaml"

Rule = Literal["at_least", "at_most"]


class Criterion(Frozen):
    """One row: populations that answer it, and the limit of their share or number.

    Parameters
    ----------
    criterion : str
        What is asked, in words.
    any_of : tuple of str
        Populations; one that could be evaluated is enough, and each that could must meet the limit.
    measure : {"percent_of_parent", "events"}
        What is held against the limit.
    rule : {"at_least", "at_most"}
        Which side of the limit is met.
    limit : float or None
        In `unit`. None where no source states one; then the row tells the value, and why it is not judged.
    without_limit : str
        Why there is no limit.
    unit : str
        Of the limit, in words.
    """

    criterion: str
    any_of: Annotated[tuple[str, ...], Field(min_length=1)]
    measure: Literal["percent_of_parent", "events"] = "percent_of_parent"
    rule: Rule
    limit: Annotated[float, Field(ge=0)] | None
    without_limit: str = ""
    unit: Annotated[str, Field(pattern="^(percent of .+|events)$")]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.unit.startswith("percent") != (self.measure == "percent_of_parent"):
            raise ValueError("unit and measure disagree")
        if self.measure == "percent_of_parent" and self.limit is not None and self.limit > 100:
            raise ValueError("a limit in percent is at most 100")
        if (self.limit is None) != bool(self.without_limit):
            raise ValueError("say why there is no limit under without_limit, and only then")
        return self


class CriteriaSet(Frozen):
    """Criteria that belong together, and who set them."""

    criteria: str
    title: str
    source: str
    note: str = ""
    rows: Annotated[tuple[Criterion, ...], Field(min_length=1)]


class _Criteria(Frozen):
    sets: tuple[CriteriaSet, ...]


@lru_cache(maxsize=8)
def load_criteria(name: str, folder: Path | None = None) -> CriteriaSet:
    """Return the set of criteria called `name`.

    Raises
    ------
    KnowledgeError
        If there is none of this name, or the file is malformed.

    Examples
    --------
    >>> load_criteria("msc_isct_2006").rows[0].limit
    95.0
    """
    content = validated(_Criteria, read_yaml(FILE, folder=folder), subject=FILE)
    for each in content.sets:
        if each.criteria == name:
            return each
    raise KnowledgeError(
        "There is no such set of criteria.",
        subject=FILE,
        found=name,
        allowed=", ".join(each.criteria for each in content.sets),
    )
