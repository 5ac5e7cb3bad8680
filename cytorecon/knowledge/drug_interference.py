"""Drugs that hide a marker from the stain (``drug_interference.yaml``)."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.populations import load_populations
from cytorecon.values import Frozen

FILE = "drug_interference.yaml"


class HidingDrug(Frozen):
    """One marker and the drugs that hide it.

    Parameters
    ----------
    names : tuple of str
        As written in labels of events, any case.
    kinds : tuple of str
        Kinds of events whose label is looked at.
    marker : str
        What is hidden.
    populations : tuple of str
        What is counted by it.
    use : str
        What to count by instead, in words.
    source : str
        Who says so.
    window_days : int
        How long after the last day it may be hidden.
    window_source : str
        Who says so.
    """

    names: tuple[str, ...] = Field(min_length=1)
    kinds: tuple[str, ...] = Field(min_length=1)
    marker: str = Field(min_length=1)
    populations: tuple[str, ...] = Field(min_length=1)
    use: str = Field(min_length=1)
    source: str = Field(min_length=1)
    window_days: int = Field(ge=1)
    window_source: str = Field(min_length=1)

    def named_in(self, label: str) -> str:
        """Return which of the drugs `label` names; empty when none."""
        words = re.sub(r"[\s_-]+", " ", label.casefold())
        for name in self.names:
            wanted = re.sub(r"[\s_-]+", " ", name.casefold())
            if re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", words):
                return name
        return ""


class _HidingDrugs(Frozen):
    drugs: tuple[HidingDrug, ...]


def load_hiding_drugs(*, folder: Path | None = None) -> tuple[HidingDrug, ...]:
    """Return all drugs that hide a marker.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, or names kinds of events or populations that there are not.

    Examples
    --------
    >>> [drug.marker for drug in load_hiding_drugs() if drug.named_in("Daratumumab 16 mg/kg")]
    ['CD38']
    """
    drugs = validated(_HidingDrugs, read_yaml(FILE, folder=folder), subject=FILE).drugs
    known = {*load_event_kinds(folder=folder).names}
    known |= {row.population for row in load_populations(folder=folder).rows}
    unknown = sorted({name for drug in drugs for name in (*drug.kinds, *drug.populations)} - known)
    if unknown:
        raise KnowledgeError(
            "Names that are neither a kind of event nor a population.", subject=FILE, found=", ".join(unknown)
        )
    return drugs
