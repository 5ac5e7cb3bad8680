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
    confirm_by_deadline : bool
        Whether every visit of the confirmation must lie within the deadline, not the first only.
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
    confirm_by_deadline: bool = False
    applies_to: AppliesTo
    source: str = Field(min_length=1)
    effect: str = Field(min_length=1)
    note: str = ""

    def meets(self, value: float) -> bool:
        """Return whether `value`, in `unit`, meets the threshold."""
        return value > self.threshold if self.operator == ">" else value >= self.threshold


class MilestoneRules(Frozen):
    """All rules.

    Parameters
    ----------
    first_day : int
        Visits from this day on count.
    drawn_first : tuple of str
        Milestones that a figure prefers; see :meth:`in_order_of_drawing`.
    milestones : tuple of MilestoneRule
        In the order of the file.
    """

    first_day: int
    drawn_first: tuple[str, ...] = ()
    milestones: tuple[MilestoneRule, ...]

    @property
    def in_order_of_drawing(self) -> tuple[str, ...]:
        """Milestones in the order in which a figure that has room for one prefers them."""
        return tuple(dict.fromkeys((*self.drawn_first, *(rule.milestone for rule in self.milestones))))


def load_milestone_rules(*, folder: Path | None = None) -> MilestoneRules:
    """Return the milestone rules.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a milestone occurs twice, one that does not exist is to be drawn
        first, a confirmation by a deadline lacks one of the two, or a programme is unknown.

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
    undrawn = [name for name in rules.drawn_first if name not in names]
    if undrawn:
        raise KnowledgeError(
            "There is no such milestone.",
            subject=MILESTONES_FILE,
            field="drawn_first",
            found=", ".join(undrawn),
            allowed=", ".join(names),
        )
    allowed = load_programmes(folder=folder).names
    for rule in rules.milestones:
        _check_confirmation(rule)
        _check_programmes(rule, allowed)
    return rules


def _check_confirmation(rule: MilestoneRule) -> None:
    if rule.confirm_by_deadline and (rule.confirmation < 2 or rule.by_day is None):
        raise KnowledgeError(
            "A confirmation by the deadline needs a confirmation and a deadline.",
            subject=MILESTONES_FILE,
            field=f"{rule.milestone}.confirm_by_deadline",
            found="true",
            allowed="false, or a confirmation of 2 or more visits and a by_day",
        )


def _check_programmes(rule: MilestoneRule, allowed: tuple[str, ...]) -> None:
    unknown = [name for name in rule.applies_to.programmes if name not in allowed]
    if unknown:
        raise KnowledgeError(
            "There is no such programme.",
            subject=MILESTONES_FILE,
            field=f"{rule.milestone}.applies_to.programmes",
            found=", ".join(unknown),
            allowed=", ".join(allowed),
        )
