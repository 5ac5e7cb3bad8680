"""Whether results were gated by the program, or given to it as a table of counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from cytorecon.results import TubeResult

#: Stands as the panel of a tube and as the template of its result where counts were given.
GIVEN: Final = "given, not gated here"

#: What the numbers of a page rest on.
Basis = Literal["gated", "given", "both"]


def is_given(result: TubeResult) -> bool:
    """Return whether the counts of a tube were given as a table."""
    return result.provenance.template == GIVEN


def basis_of(results: Iterable[TubeResult]) -> Basis:
    """Return what the results of analysed tubes rest on; ``gated`` where there are none.

    Examples
    --------
    >>> from cytorecon.results import Provenance
    >>> gated = TubeResult(tube="P01/d30/1", status="done", provenance=Provenance(template="tbnk"))
    >>> given = TubeResult(tube="P01/d60/1", status="done", provenance=Provenance(template=GIVEN))
    >>> basis_of([gated]), basis_of([given]), basis_of([gated, given])
    ('gated', 'given', 'both')
    """
    found = {is_given(result) for result in results if result.status == "done"}
    if found == {True, False}:
        return "both"
    return "given" if found == {True} else "gated"
