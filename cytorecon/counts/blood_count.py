"""Doubts about a blood count: whether its unit is right, and whether it agrees with the tube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cytorecon.counts.quantities import TubeQuantities
from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.counting import CountingRules
from cytorecon.results import CountMethod

#: Blood count -> population it counts, and its name for people.
_COUNTED = {"blood_count_wbc": ("leukocytes", "white cell"), "blood_count_alc": ("lymphocytes", "lymphocyte")}


def doubts(
    method: CountMethod, measured: Mapping[str, float], quantities: TubeQuantities, limits: CountingRules
) -> Iterator[Issue]:
    """Yield what is doubtful about the blood counts of one tube.

    Parameters
    ----------
    method : str
        The count method used.
    measured : mapping of str to float
        Leukocytes and lymphocytes by that method, cells/µL, as far as they are evaluable.
    quantities : TubeQuantities
        What the sheet says.
    limits : CountingRules
        Plausible range and least agreement.

    Yields
    ------
    Issue
        ``count.unit_suspect`` when the result rests on an implausible count;
        ``count.disagrees_with_blood_count`` when beads or volume say something else.
    """
    plausible, least = limits.blood_count_plausible.cells_per_ul, limits.blood_count_agreement.value
    for name, value in (
        ("blood_count_wbc", quantities.wbc_cells_per_ul),
        ("blood_count_alc", quantities.lymphocytes_cells_per_ul),
    ):
        population, words = _COUNTED[name]
        if value is None:
            continue
        if method == name and not plausible.low <= value <= plausible.high:
            message = f"All concentrations rest on a {words} count of {value:g} cells/µL, which is unusual."
            hint = "If it is in 10^9/L, multiply it by 1000."
            yield Issue("count.unit_suspect", Severity.WARNING, "cells/µL", message, hint)
        own = measured.get(population, 0.0)
        if method in ("beads", "volumetric") and own > 0 and _apart(own, value, plausible.low) > least:
            message = (
                f"The tube shows {own:.0f} {population} per µL, "
                f"but the {words} count of the sheet is {value:g}."
            )
            hint = "Check beads per tube, volumes, dilution and that both are of the same draw."
            yield Issue("count.disagrees_with_blood_count", Severity.WARNING, "cells/µL", message, hint)


def _apart(own: float, stated: float, floor: float) -> float:
    """Return the ratio of two counts; an analyser's 0 stands for anything up to `floor`."""
    return max(own / stated, stated / own) if stated > 0 else own / floor
