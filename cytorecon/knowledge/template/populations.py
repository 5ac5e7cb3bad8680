"""The populations of a template: words over gates."""

from __future__ import annotations

from cytorecon.values import Frozen


class PopulationSpec(Frozen):
    """One reported population: the events of `parent` for which `where` holds.

    `definition` says in words what it is where a template differs from ``populations.csv``; `source` cites
    who defines it so.
    """

    population: str
    parent: str
    where: str
    definition: str = ""
    source: str = ""
