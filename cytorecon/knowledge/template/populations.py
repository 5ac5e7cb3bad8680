"""The populations of a template: words over gates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from cytorecon.values import Frozen

#: A marker that belongs to the definition where the tube holds it: ``[CCR7+]``.
_OPTIONAL_MARKER: Final = re.compile(r"\[(?P<marker>[^\[\]]+?)(?P<staining>\+|-|hi|lo|dim|bright)\]")


class PopulationSpec(Frozen):
    """One reported population: the events of `parent` for which `where` holds.

    `definition` says in words what it is where a template differs from ``populations.csv``; `source` cites
    who defines it so. `gate_definition` is what a reference range must match, where it is another one than
    in ``populations.csv``; a marker in brackets belongs to it where the tube holds that marker.
    """

    population: str
    parent: str
    where: str
    definition: str = ""
    gate_definition: str = ""
    source: str = ""

    def counted_as(self, measured: Callable[[str], bool]) -> str:
        """Return the gate definition in a tube, of whose markers `measured` tells whether it holds them.

        Examples
        --------
        >>> naive = PopulationSpec(
        ...     population="CD4_naive", parent="CD4_T", where="a", gate_definition="CD3+CD4+CD45RA+[CCR7+]"
        ... )
        >>> naive.counted_as(lambda marker: False), naive.counted_as(lambda marker: marker == "CCR7")
        ('CD3+CD4+CD45RA+', 'CD3+CD4+CD45RA+CCR7+')
        """
        return _OPTIONAL_MARKER.sub(
            lambda found: found["marker"] + found["staining"] if measured(found["marker"]) else "",
            self.gate_definition,
        )

    def optional_in_definition(self) -> Iterator[str]:
        """Yield the markers of the gate definition that a tube may lack."""
        yield from (found["marker"] for found in _OPTIONAL_MARKER.finditer(self.gate_definition))
