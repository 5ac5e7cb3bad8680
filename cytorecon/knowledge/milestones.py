"""Milestone rules (``milestones.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple, Self

from pydantic import Field, model_validator

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.grafts import load_grafts
from cytorecon.knowledge.once import packaged_once
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.readouts import Within, load_readouts
from cytorecon.values import Frozen

MILESTONES_FILE = "milestones.yaml"

Operator = Literal[">", ">=", "<"]
Measure = Literal[
    "cells_per_ul", "percent_of_parent", "percent_of_lymphocytes", "percent_of_leukocytes", "readout"
]
Kind = Literal["milestone", "at_visit", "danger"]


class AppliesTo(Frozen):
    """For whom a rule was shown.

    Parameters
    ----------
    programmes, grafts : tuple of str
        Empty = all. Grafts are those of ``grafts.yaml``; one of them is enough.
    age_from, age_below : float or None
        Age at day 0 in years; None = no limit.
    """

    programmes: tuple[str, ...] = ()
    grafts: tuple[str, ...] = ()
    age_from: float | None = Field(default=None, ge=0)
    age_below: float | None = Field(default=None, gt=0)


class Condition(Frozen):
    """A measure against a threshold.

    Parameters
    ----------
    population, measure : str
        What is measured. `measure` is a column of the counts table, or ``readout``: then `population` is a
        series of ``readouts.yaml``, e.g. ``anc`` or ``chimerism:myeloid``.
    operator : {">", ">=", "<"}
        As the source writes it.
    threshold : float
        In `unit`.
    unit : str
        Unit of the threshold, e.g. ``"cells/µL"``.
    """

    population: str = Field(min_length=1)
    measure: Measure
    operator: Operator
    threshold: float = Field(ge=0)
    unit: str = Field(min_length=1)

    def meets(self, value: float) -> bool:
        """Return whether `value`, in `unit`, meets the threshold."""
        if self.operator == "<":
            return value < self.threshold
        return value > self.threshold if self.operator == ">" else value >= self.threshold


class NamedCondition(Condition):
    """A further condition of a rule, with its name for people."""

    name: str = Field(min_length=1)


class AtVisit(Frozen):
    """The sample that a rule judges: of those within the window, the one closest to `day`."""

    day: int = Field(ge=1)
    from_day: int = Field(ge=1)
    to_day: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.from_day <= self.day <= self.to_day:
            raise ValueError("day must lie between from_day and to_day")
        return self


class MilestoneRule(Condition):
    """One milestone: when does `population` first meet the threshold.

    The fields of :class:`Condition` say what is asked first; the others narrow it.

    Parameters
    ----------
    milestone, title : str
        Identifier, and the rule in words.
    all_of, any_of : tuple of NamedCondition
        Further conditions: of one day all must be met, or one of them or the first is enough.
    confirmation : int
        Consecutive evaluable visits that must meet the threshold.
    consecutive : {"visits", "days"}
        Whether the confirmation asks for consecutive days instead: a day without a value is none of them.
    free_of : Within or None
        An event on or within so many days before a value because of which it does not meet the rule.
    after_fall : bool or tuple of str
        Whether it counts only after a value below the threshold was seen, in all patients or in those of
        these programmes.
    by_day : int or None
        The source's deadline, days after the anchor.
    confirm_by_deadline : bool
        Whether every visit of the confirmation must lie within the deadline, not the first only.
    at_visit : AtVisit or None
        The rule judges one sample instead of dating a crossing.
    applies_to : AppliesTo
        Patients the rule was shown for.
    source, effect, note : str
        Citation, what was found there, and how our reading differs.
    """

    milestone: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    all_of: tuple[NamedCondition, ...] = ()
    any_of: tuple[NamedCondition, ...] = ()
    confirmation: int = Field(ge=1, le=10)
    consecutive: Literal["visits", "days"] = "visits"
    free_of: Within | None = None
    after_fall: bool | tuple[str, ...] = False
    by_day: int | None = Field(default=None, ge=1)
    confirm_by_deadline: bool = False
    at_visit: AtVisit | None = None
    applies_to: AppliesTo
    source: str = Field(min_length=1)
    effect: str = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.all_of and self.any_of:
            raise ValueError("all_of and any_of exclude each other")
        if self.at_visit is not None and (self.by_day is not None or self.confirmation > 1):
            raise ValueError("a rule at a visit has neither by_day nor a confirmation")
        if self.consecutive == "days" and self.confirmation == 1:
            raise ValueError("consecutive days need a confirmation of 2 or more")
        if self.after_fall and self.kind != "milestone":
            raise ValueError("only a rule that dates a milestone has after_fall")
        if len({condition.operator == "<" for condition in self.conditions}) > 1:
            raise ValueError("conditions with < and with > do not make one rule")
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition, that of the rule itself first."""
        return (self, *self.all_of, *self.any_of)

    @property
    def kind(self) -> Kind:
        """Whether the rule dates a milestone, judges one visit, or warns of a danger."""
        if self.operator == "<":
            return "danger"
        return "milestone" if self.at_visit is None else "at_visit"

    def asks_for_a_fall(self, programme: str) -> bool:
        """Return whether, in a patient of `programme`, it counts only after a value below the threshold."""
        return self.after_fall if isinstance(self.after_fall, bool) else programme in self.after_fall

    @property
    def is_plain(self) -> bool:
        """Whether values of one population alone, visit after visit, decide when it is reached."""
        narrowed = self.free_of is not None or self.consecutive == "days"
        return self.kind == "milestone" and len(self.conditions) == 1 and not narrowed


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


@packaged_once
def load_milestone_rules(*, folder: Path | None = None) -> MilestoneRules:
    """Return the milestone rules.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a milestone occurs twice, one that does not exist is to be drawn
        first, a confirmation by a deadline lacks one of the two, or a programme, graft, event or readout is
        unknown.

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
    words = _Words(
        load_programmes(folder=folder).names,
        load_grafts(folder=folder).names,
        load_event_kinds(folder=folder).names,
        load_readouts(folder=folder).series,
    )
    for rule in rules.milestones:
        _check_confirmation(rule)
        _check_words(rule, words)
    return rules


class _Words(NamedTuple):
    programmes: tuple[str, ...]
    grafts: tuple[str, ...]
    events: tuple[str, ...]
    readouts: tuple[str, ...]


def _check_confirmation(rule: MilestoneRule) -> None:
    if rule.confirm_by_deadline and (rule.confirmation < 2 or rule.by_day is None):
        raise KnowledgeError(
            "A confirmation by the deadline needs a confirmation and a deadline.",
            subject=MILESTONES_FILE,
            field=f"{rule.milestone}.confirm_by_deadline",
            found="true",
            allowed="false, or a confirmation of 2 or more visits and a by_day",
        )


def _check_words(rule: MilestoneRule, words: _Words) -> None:
    readouts = [condition.population for condition in rule.conditions if condition.measure == "readout"]
    events = [] if rule.free_of is None else [rule.free_of.event]
    fall = () if isinstance(rule.after_fall, bool) else rule.after_fall
    for field, what, names, allowed in (
        ("applies_to.programmes", "programme", rule.applies_to.programmes, words.programmes),
        ("after_fall", "programme", fall, words.programmes),
        ("applies_to.grafts", "graft", rule.applies_to.grafts, words.grafts),
        ("free_of.event", "kind of event", events, words.events),
        ("population", "readout", readouts, words.readouts),
    ):
        unknown = [name for name in names if name not in allowed]
        if unknown:
            raise KnowledgeError(
                f"There is no such {what}.",
                subject=MILESTONES_FILE,
                field=f"{rule.milestone}.{field}",
                found=", ".join(unknown),
                allowed=", ".join(allowed),
            )
