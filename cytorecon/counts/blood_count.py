"""Doubts about a blood count: whether its unit is right, and whether it agrees with the tube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cytorecon.counts.quantities import TubeQuantities
from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.counting import CountingRules
from cytorecon.results import CountMethod

#: Blood count -> population it counts, its name for people, and how its columns begin.
_COUNTED = {
    "blood_count_wbc": ("leukocytes", "white cell", "wbc"),
    "blood_count_alc": ("lymphocytes", "lymphocyte", "lymphocytes"),
}


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
        Usual counts and least agreement.

    Yields
    ------
    Issue
        ``count.unit_suspect`` when the result rests on an implausible count;
        ``count.disagrees_with_blood_count`` when beads or volume say something else;
        ``count.beyond_blood`` when they say more cells than a sample of reconstitution holds.
    """
    if method in ("beads", "volumetric") and quantities.is_blood:
        yield from _beyond_blood(measured, limits)
    agreement = limits.blood_count_agreement
    for name, value, per_l in (
        ("blood_count_wbc", quantities.wbc_cells_per_ul, quantities.wbc_given_per_l),
        ("blood_count_alc", quantities.lymphocytes_cells_per_ul, quantities.lymphocytes_given_per_l),
    ):
        population, words, column = _COUNTED[name]
        if value is None:
            continue
        usual = limits.blood_counts.of(column)
        if method == name and not usual.is_usual(value, per_l=per_l):
            message = f"All concentrations rest on a {words} count {usual.unusual(value)}, which is unusual."
            hint = f"Is it in the column of its unit, {column}_cells_per_ul or {column}_10e9_per_l?"
            yield Issue("count.unit_suspect", Severity.WARNING, "cells/µL", message, hint)
        own = measured.get(population, 0.0)
        if (
            method in ("beads", "volumetric")
            and own > 0
            and _apart(own, value, agreement.zero_up_to) > agreement.value
        ):
            message = (
                f"The tube shows {own:.0f} {population} per µL, "
                f"but the {words} count of the sheet is {value:g}."
            )
            hint = "Check beads per tube, volumes, dilution and that both are of the same draw."
            yield Issue("count.disagrees_with_blood_count", Severity.WARNING, "cells/µL", message, hint)


def _beyond_blood(measured: Mapping[str, float], limits: CountingRules) -> Iterator[Issue]:
    for population, _, column in _COUNTED.values():
        own, most = measured.get(population, 0.0), limits.blood_counts.of(column).usual_high
        if own > most:
            message = (
                f"The tube shows {own:.0f} {population} per µL; blood hardly holds more than {most:.0f}."
            )
            hint = "Check beads per tube and its unit, volumes and dilution on the sheet."
            yield Issue("count.beyond_blood", Severity.WARNING, "cells/µL", message, hint)


def _apart(own: float, stated: float, floor: float) -> float:
    """Return the ratio of two counts; an analyser's 0 stands for anything up to `floor`."""
    return max(own / stated, stated / own) if stated > 0 else own / floor
