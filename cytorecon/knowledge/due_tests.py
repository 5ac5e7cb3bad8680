"""Which test is due when (``due_tests.yaml``)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.readouts import load_readouts
from cytorecon.values import Frozen

DUE_TESTS_FILE: Final = "due_tests.yaml"


class Stated(Frozen):
    """A number with its reason and source."""

    value: float = Field(gt=0)
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class Trigger(Frozen):
    """A concentration above which a test becomes due."""

    population: str
    above: float = Field(ge=0)
    unit: Literal["cells/µL"]


class Every(Frozen):
    """Days after which a test is due again."""

    from_days: int = Field(ge=1)
    to_days: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_days > self.to_days:
            raise ValueError("from_days must not be later than to_days")
        return self


class DueTest(Frozen):
    """One test of the schedule.

    Parameters
    ----------
    test : str
        In words.
    measured_by : tuple of str
        Populations or series of readouts that answer it.
    months : bool
        Due at each month of the schedule; then all of `measured_by` are asked for.
    trigger : Trigger or None
        Due once another value passed a limit; then any of `measured_by` is enough.
    every : Every or None
        Due again and again.
    until : {"normal", "native", ""}
        When it is no longer due.
    note : str
        How our reading differs from the source.
    """

    test: str = Field(min_length=1)
    measured_by: tuple[str, ...]
    months: bool = False
    trigger: Trigger | None = None
    every: Every | None = None
    until: Literal["normal", "native", ""] = ""
    note: str = ""

    @model_validator(mode="after")
    def _one_reason(self) -> Self:
        if sum((self.months, self.trigger is not None, self.every is not None)) != 1:
            raise ValueError("a test has one of months, trigger and every")
        return self


class DueTests(Frozen):
    """The schedule."""

    days_per_month: Stated
    tolerance_days: Stated
    source: str = Field(min_length=1)
    programmes: tuple[str, ...] = Field(min_length=1)
    months_after_infusion: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    tests: tuple[DueTest, ...]

    @property
    def days(self) -> tuple[int, ...]:
        """Days of the months of the schedule.

        Examples
        --------
        >>> load_due_tests().days
        (30, 61, 91, 183, 274, 365, 548, 731)
        """
        return tuple(round(month * self.days_per_month.value) for month in self.months_after_infusion)

    def next_day(self, last: int | None) -> int | None:
        """Return the first day of the schedule that a sample of day `last` does not count for.

        Examples
        --------
        >>> [load_due_tests().next_day(day) for day in (None, 70, 76, 900)]
        [30, 91, 183, None]
        """
        reached = -self.tolerance_days.value if last is None else last
        return next((day for day in self.days if day - self.tolerance_days.value > reached), None)


@lru_cache(maxsize=8)
@packaged_once
def load_due_tests(*, folder: Path | None = None) -> DueTests:
    """Return the schedule.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, or a programme, population or readout is unknown.
    """
    found = validated(DueTests, read_yaml(DUE_TESTS_FILE, folder=folder), subject=DUE_TESTS_FILE)
    populations, readouts = load_populations(folder=folder), load_readouts(folder=folder).series
    asked = [name for test in found.tests for name in test.measured_by]
    asked += [test.trigger.population for test in found.tests if test.trigger is not None]
    unknown = [name for name in asked if populations.find(name) is None and name not in readouts]
    programmes = load_programmes(folder=folder).names
    for field, names, allowed in (
        ("measured_by", unknown, "a population of populations.csv or a series of readouts.yaml"),
        (
            "programmes",
            [name for name in found.programmes if name not in programmes],
            ", ".join(programmes),
        ),
    ):
        if names:
            raise KnowledgeError(
                "This is not known.",
                subject=DUE_TESTS_FILE,
                field=field,
                found=", ".join(names),
                allowed=allowed,
            )
    return found
