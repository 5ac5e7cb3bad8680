"""What a graft is, as far as the text of the sheet says (``grafts.yaml``)."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

GRAFTS_FILE: Final = "grafts.yaml"


class GraftKind(Frozen):
    """One kind of graft and the words that say so, in lower case."""

    graft: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    words: tuple[str, ...] = Field(min_length=1)


class Grafts(Frozen):
    """All kinds, in the order of the file."""

    grafts: tuple[GraftKind, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every kind as rules name it."""
        return tuple(kind.graft for kind in self.grafts)

    def display_name(self, graft: str) -> str:
        """Return a kind in words."""
        return next(kind.name for kind in self.grafts if kind.graft == graft)

    def said_by(self, text: str) -> frozenset[str]:
        """Return the kinds that a text names.

        Examples
        --------
        >>> sorted(load_grafts().said_by("PBSC, T-cell-depleted"))
        ['peripheral_blood', 't_cell_depleted']
        """
        plain = f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "
        return frozenset(
            kind.graft for kind in self.grafts if any(f" {word} " in plain for word in kind.words)
        )


@lru_cache(maxsize=8)
def load_grafts(*, folder: Path | None = None) -> Grafts:
    """Return the kinds of grafts.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, or a kind or a word occurs twice.
    """
    found = validated(Grafts, read_yaml(GRAFTS_FILE, folder=folder), subject=GRAFTS_FILE)
    every = [*found.names, *(word for kind in found.grafts for word in kind.words)]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise KnowledgeError("A name occurs twice.", subject=GRAFTS_FILE, found=", ".join(twice))
    return found
