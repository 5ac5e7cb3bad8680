"""Milestone rules (``milestones.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.values import Frozen

MILESTONES_FILE = "milestones.yaml"

Operator = Literal[">", ">="]
Measure = Literal["cells_per_ul", "percent_of_parent", "percent_of_lymphocytes", "percent_of_leukocytes"]


class AppliesTo(Frozen):
    """For whom a rule was shown: programmes (empty = all), age at day 0 in years (None = no limit)."""

    programmes: tuple[str, ...] = ()
    age_from: float | None = Field(default=None, ge=0)
    age_below: float | None = Field(default=None, gt=0)


class MilestoneRule(Frozen):
    """One milestone: when does `population` first meet the threshold.

    Parameters
    ----------
    milestone, title : str
        Identifier, and the rule in words.
    population, measure : str
        What is measured; `measure` is a column of the counts table.
    operator : {">", ">="}
        As the source writes it.
    threshold : float
        In `unit`.
    unit : str
        Unit of the threshold, e.g. ``"cells/µL"``.
    confirmation : int
        Consecutive evaluable visits that must meet the threshold.
    by_day : int or None
        The source's deadline, days after the anchor.
    applies_to : AppliesTo
        Patients the rule was shown for.
    source, effect, note : str
        Citation, what was found there, and how our reading differs.
    """

    milestone: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    population: str = Field(min_length=1)
    measure: Measure
    operator: Operator
    threshold: float = Field(ge=0)
    unit: str = Field(min_length=1)
    confirmation: int = Field(ge=1, le=10)
    by_day: int | None = Field(default=None, ge=1)
    applies_to: AppliesTo
    source: str = Field(min_length=1)
    effect: str = Field(min_length=1)
    note: str = ""

    def meets(self, value: float) -> bool:
        """Return whether `value`, in `unit`, meets the threshold."""
        return value > self.threshold if self.operator == ">" else value >= self.threshold


class MilestoneRules(Frozen):
    """All rules; visits from `first_day` on count."""

    first_day: int
    milestones: tuple[MilestoneRule, ...]


def load_milestone_rules(*, folder: Path | None = None) -> MilestoneRules:
    """Return the milestone rules.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a milestone occurs twice, or a programme is unknown.

    Examples
    --------
    >>> load_milestone_rules().milestones[0].threshold
    50.0
    """
    rules = validated(MilestoneRules, read_yaml(MILESTONES_FILE, folder=folder), subject=MILESTONES_FILE)
    names = [rule.milestone for rule in rules.milestones]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KnowledgeError(
            "A milestone occurs twice.", subject=MILESTONES_FILE, field="milestone", found=", ".join(twice)
        )
    allowed = load_programmes(folder=folder).names
    for rule in rules.milestones:
        unknown = [name for name in rule.applies_to.programmes if name not in allowed]
        if unknown:
            raise KnowledgeError(
                "There is no such programme.",
                subject=MILESTONES_FILE,
                field=f"{rule.milestone}.applies_to.programmes",
                found=", ".join(unknown),
                allowed=", ".join(allowed),
            )
    return rules
