"""What gates are measured by: right and wrong, simulated laboratories, and what has to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.template import PopulationSpec, names_in
from cytorecon.values import Frozen

NAME = "evaluation.yaml"

Share = Annotated[float, Field(ge=0, le=1)]
Measure = Literal["f1", "not_detected", "most_found", "detected", "close", "accepted", "wrong_accepted"]


class Sourced(Frozen):
    """A number with its unit and where it comes from."""

    value: Annotated[float, Field(ge=0)]
    unit: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]


class WrongRule(Frozen):
    """When a count is wrong: off by more than `share`, and by more than chance."""

    share: Sourced
    deviations: Sourced
    cells: Sourced


class CloseRule(Frozen):
    """When a small number is right: off by no more than chance."""

    deviations: Sourced
    cells: Sourced


class LaboratoryRow(Frozen):
    """How much the tubes of one simulated laboratory differ."""

    name: str
    title: str
    gain_ln_sd: Sourced
    scatter_gain_factor: Sourced
    stain_log10_sd: Sourced
    spillover_error: Sourced


class Scored(Frozen):
    """A population whose events are compared, and the population its percentage is of."""

    population: str
    parent: str = "root"


class BaselineWords(Frozen):
    """Populations in the plainest words, for rules that only place one threshold per marker.

    Parameters
    ----------
    inside : str
        Population of the template in which all of it happens.
    markers : mapping of str to str
        Marker that a word stands for, where the word is not the marker itself.
    populations : tuple of PopulationSpec
        Parents first. A threshold is looked for in the parent of the population that names it.
    """

    inside: str
    markers: Mapping[str, str] = {}
    populations: Annotated[tuple[PopulationSpec, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _parents_first(self) -> Self:
        known = [self.inside]
        for entry in self.populations:
            names_in(entry.where)
            if entry.parent not in known:
                allowed = ", ".join(known)
                raise ValueError(
                    f"population '{entry.population}': its parent '{entry.parent}' is none of {allowed}"
                )
            known.append(entry.population)
        return self

    def marker(self, word: str) -> str:
        """Return the marker a word stands for."""
        return self.markers.get(word, word)


class Target(Frozen):
    """One figure that has to be reached.

    Parameters
    ----------
    measure : str
        ``f1``: median over tubes; ``not_detected``, ``detected``, ``close``: share of results;
        ``most_found``: largest number of events found; ``accepted``: share of results that need
        no look; ``wrong_accepted``: share of wrong ones among these.
    population : str
        Empty for all that are scored.
    cells : int or None
        Only results with exactly so many true cells, planted or left by dilution.
    least_cells : int
        Only results with at least so many true cells.
    laboratory : str
        Only this simulated laboratory; empty for all.
    at_least, at_most : float or None
        What has to be reached; one of the two.
    """

    measure: Measure
    population: str = ""
    cells: Annotated[int, Field(ge=0)] | None = None
    least_cells: Annotated[int, Field(ge=0)] = 0
    laboratory: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a target needs either at_least or at_most")
        return self

    @property
    def limit(self) -> str:
        """The limit in words."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def is_met(self, value: float) -> bool:
        """Whether `value` reaches the target."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most


class PlantedRow(Frozen):
    """So many true cells in this share of the tubes."""

    cells: Annotated[int, Field(ge=0)]
    share: Share


class Planted(Frozen):
    """Which populations are planted in known small numbers, and how often."""

    populations: tuple[str, ...]
    cells: tuple[PlantedRow, ...]


class SimulatedProtocol(Frozen):
    """What is judged of a simulated batch."""

    template: str
    baselines: BaselineWords
    scored: Annotated[tuple[Scored, ...], Field(min_length=1)]
    planted: Planted
    targets: tuple[Target, ...]


class EvaluationRules(Frozen):
    """Everything in ``evaluation.yaml``."""

    wrong: WrongRule
    close: CloseRule
    f1_least_cells: Sourced
    bootstrap_draws: Sourced
    laboratories: Annotated[tuple[LaboratoryRow, ...], Field(min_length=1)]
    simulated: SimulatedProtocol


@cache
def load_evaluation_rules() -> EvaluationRules:
    """Return what gates are measured by.

    Examples
    --------
    >>> [row.name for row in load_evaluation_rules().laboratories]
    ['good_lab', 'stress']
    """
    return validated(EvaluationRules, read_yaml(NAME), subject=NAME)
