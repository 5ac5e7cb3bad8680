"""Names, order and kinds of populations (``populations.csv``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.values import Frozen

POPULATIONS_FILE = "populations.csv"

PopulationKind = Literal["events", "beads", "cells", "ratio"]


class Population(Frozen):
    """One population.

    Parameters
    ----------
    population, parent : str
        Names used everywhere; `parent` is its usual parent, ``root`` for a top population.
    kind : {"events", "beads", "cells", "ratio"}
        ``events`` is a cleaning step without a concentration, ``ratio`` is derived.
    display_name : str
        For people.
    gate : str
        How it is gated, in words.
    gate_definition : str
        What a reference range must match; empty when none is tied to it.
    panel, alternative_definition, notes, confidence : str
        Where it is measured, other usual gates, traps, and how well this row is known.
    """

    population: str = Field(min_length=1)
    parent: str = Field(min_length=1)
    kind: PopulationKind
    display_name: str = Field(min_length=1)
    gate: str = Field(min_length=1)
    gate_definition: str
    panel: str
    alternative_definition: str
    notes: str
    confidence: str = Field(min_length=1)


class Populations(Frozen):
    """All populations in their order."""

    rows: tuple[Population, ...]

    def find(self, population: str) -> Population | None:
        """Return the row of `population`, or None for a name only a template knows."""
        return next((row for row in self.rows if row.population == population), None)

    def kind_of(self, population: str) -> PopulationKind:
        """Return the kind of `population`; a name only a template knows is ``cells``."""
        row = self.find(population)
        return "cells" if row is None else row.kind

    def display_name(self, population: str) -> str:
        """Return the name for people; a name only a template knows is shown as it is."""
        row = self.find(population)
        return population if row is None else row.display_name

    def order(self, population: str) -> tuple[int, str]:
        """Return a sort key: the order of the file, then unknown names by alphabet."""
        names = [row.population for row in self.rows]
        return (names.index(population) if population in names else len(names), population)


@packaged_once
def load_populations(*, folder: Path | None = None) -> Populations:
    """Return all populations in their order.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a name occurs twice, or a parent is not in the file.

    Examples
    --------
    >>> load_populations().display_name("CD4_T")
    'CD4 T'
    """
    rows = tuple(
        validated(Population, row, subject=f"{POPULATIONS_FILE}, data row {number}")
        for number, row in enumerate(read_csv_rows(POPULATIONS_FILE, folder=folder), start=1)
    )
    names = [row.population for row in rows]
    for number, row in enumerate(rows, start=1):
        if names.index(row.population) != number - 1:
            raise KnowledgeError(
                "A population occurs twice.",
                subject=f"{POPULATIONS_FILE}, data row {number}",
                field="population",
                found=row.population,
            )
        if row.parent != "root" and row.parent not in names:
            raise KnowledgeError(
                "The parent is not a population of this file.",
                subject=f"{POPULATIONS_FILE}, data row {number}",
                field="parent",
                found=row.parent,
                allowed="root or a name of the population column",
            )
    return Populations(rows=rows)
