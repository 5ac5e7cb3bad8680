"""Compartments of the personal immune profile (``profile.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.populations import load_populations
from cytorecon.values import Frozen

PROFILE_FILE = "profile.yaml"

Measure = Literal[
    "cells_per_ul", "percent_of_parent", "percent_of_lymphocytes", "percent_of_leukocytes", "ratio"
]


class Subset(Frozen):
    """One population in one measure."""

    population: str = Field(min_length=1)
    measure: Measure


class Compartment(Frozen):
    """Subsets that belong together.

    Parameters
    ----------
    compartment, title : str
        Identifier, and the name for people.
    why : str
        What it stands for.
    subsets : tuple of Subset
        In the order of the picture.
    """

    compartment: str = Field(pattern="^[a-z_]+$")
    title: str = Field(min_length=1)
    why: str = Field(min_length=1)
    subsets: tuple[Subset, ...] = Field(min_length=1)


class DistanceLimits(Frozen):
    """Of how many subsets with a z-score, in how many compartments, a distance to health is given."""

    fewest_subsets: int = Field(ge=1)
    fewest_compartments: int = Field(ge=1)
    unit: str = Field(pattern="^subsets, compartments$")
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class ProfileParts(Frozen):
    """All compartments, in the order of the picture, and what a distance asks for."""

    distance: DistanceLimits
    compartments: tuple[Compartment, ...] = Field(min_length=1)

    def title(self, compartment: str) -> str:
        """Return the name of a compartment for people (KeyError if there is none)."""
        return {each.compartment: each.title for each in self.compartments}[compartment]


def load_profile_parts(*, folder: Path | None = None) -> ProfileParts:
    """Return the compartments of the profile.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a subset or compartment occurs twice, or a population is unknown.

    Examples
    --------
    >>> [each.title for each in load_profile_parts().compartments][:3]
    ['Innate', 'NK', 'T']
    """
    parts = validated(ProfileParts, read_yaml(PROFILE_FILE, folder=folder), subject=PROFILE_FILE)
    names = [each.compartment for each in parts.compartments]
    subsets = [f"{each.population}, {each.measure}" for part in parts.compartments for each in part.subsets]
    for field, found in (("compartment", names), ("subsets", subsets)):
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise KnowledgeError(
                "It occurs twice.", subject=PROFILE_FILE, field=field, found="; ".join(twice)
            )
    known = load_populations(folder=folder)
    unknown = sorted(
        {
            each.population
            for part in parts.compartments
            for each in part.subsets
            if known.find(each.population) is None
        }
    )
    if unknown:
        raise KnowledgeError(
            "There is no such population.",
            subject=PROFILE_FILE,
            field="population",
            found=", ".join(unknown),
            allowed="a name of populations.csv",
        )
    return parts
