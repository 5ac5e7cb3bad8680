"""From the concentration of a product to the dose per kg of the recipient, with its interval."""

from __future__ import annotations

import math
from typing import Final

from cytorecon.counts.reported import not_detected_text
from cytorecon.knowledge.product_doses import DoseRule
from cytorecon.results import CountMethod, PopulationCount
from cytorecon.values import Frozen

#: Put on a dose of a tube without a viability dye: dead cells are counted, too.
VIABILITY_UNKNOWN: Final = "dose.viability_unknown"

_UL_PER_ML: Final = 1000.0
_MILLION: Final = 1e6


class ProductDose(Frozen):
    """The dose of one product.

    Parameters
    ----------
    population, cells : str
        What was counted, by our name and for people.
    dose, dose_low, dose_high : float or None
        In `unit`, with the exact 95 % interval of the count. None when it is below the LLOQ, or `reason`
        says why there is none.
    dose_lloq : float or None
        What the LLOQ of the tube is as a dose.
    unit : str
        ``10^6/kg``.
    reported : str
        For people, e.g. ``5.23``, ``<0.12``; empty when there is none.
    events : int or None
        Cells counted.
    living_only : bool or None
        Whether dead cells were left out by a dye; None when nothing was counted.
    count_method : str
        How cells/µL came about.
    reason : str
        Why there is no dose.
    review : tuple of str
        Codes that say it needs a look.
    """

    population: str
    cells: str
    dose: float | None = None
    dose_low: float | None = None
    dose_high: float | None = None
    dose_lloq: float | None = None
    unit: str
    reported: str = ""
    events: int | None = None
    living_only: bool | None = None
    count_method: CountMethod = "none"
    reason: str = ""
    review: tuple[str, ...] = ()


def product_dose(
    count: PopulationCount,
    rule: DoseRule,
    *,
    product_volume_ml: float | None,
    recipient_weight_kg: float | None,
    living_only: bool,
) -> ProductDose:
    """Return the dose of a product; without volume, weight or concentration, why there is none.

    Parameters
    ----------
    count : PopulationCount
        With cells/µL of the product (of the undiluted one: the sheet's dilution is in it).
    rule : DoseRule
        What is dosed, in which unit.
    product_volume_ml, recipient_weight_kg : float or None
        Of the sheet.
    living_only : bool
        Whether dead cells were left out.

    Notes
    -----
    dose (10^6/kg) = cells/µL x volume (mL) x 1000 / weight (kg) / 10^6. Volume and weight are taken as
    exact, so the interval is that of the count (:func:`~cytorecon.counts.absolute_counts`), scaled. Dead
    cells are left out by the gate where the tube holds a dye; a viability measured elsewhere must
    not be applied on top of it, and is not.

    Examples
    --------
    >>> from cytorecon.knowledge.product_doses import load_dose_rules
    >>> count = PopulationCount(population="CD34_ISHAGE", parent="leukocytes", status="counted", events=900,
    ...     cells_per_ul=1800.0, cells_per_ul_low=1680.0, cells_per_ul_high=1925.0, below_lloq=False)
    >>> dose = product_dose(count, load_dose_rules().doses[0], product_volume_ml=200.0,
    ...                     recipient_weight_kg=72.0, living_only=True)
    >>> dose.reported, dose.unit
    ('5.00', '10^6/kg')
    """
    plain = ProductDose(population=count.population, cells=rule.cells, unit=rule.unit, events=count.events)
    lacking = [
        name
        for name, value in (
            ("product_volume_ml", product_volume_ml),
            ("recipient_weight_kg", recipient_weight_kg),
        )
        if value is None
    ]
    reason = _without_concentration(count)
    if lacking:
        reason = "; ".join(filter(None, [f"the sheet does not give {' and '.join(lacking)}", reason]))
    if reason or product_volume_ml is None or recipient_weight_kg is None:
        return plain.model_copy(update={"reason": reason})
    per_cell = product_volume_ml * _UL_PER_ML / recipient_weight_kg / _MILLION
    dose, low, high, lloq = (
        None if value is None else value * per_cell
        for value in (
            count.cells_per_ul,
            count.cells_per_ul_low,
            count.cells_per_ul_high,
            count.lloq_cells_per_ul,
        )
    )
    return plain.model_copy(
        update={
            "dose": dose,
            "dose_low": low,
            "dose_high": high,
            "dose_lloq": lloq,
            "reported": _reported(count, dose, high, lloq),
            "living_only": living_only,
            "count_method": count.count_method,
            "review": (*count.review, *(() if living_only else (VIABILITY_UNKNOWN,))),
        }
    )


def dose_text(dose: float) -> str:
    """Return a dose with three figures.

    Examples
    --------
    >>> dose_text(5.0), dose_text(0.2041), dose_text(12.34), dose_text(1234.5)
    ('5.00', '0.204', '12.3', '1234')
    """
    if dose == 0:
        return "0"
    decimals = 2 - math.floor(math.log10(dose))
    return f"{dose:.{max(decimals, 0)}f}"


def _without_concentration(count: PopulationCount) -> str:
    if count.status == "not_evaluable":
        return f"not evaluable: {count.reason}"
    if count.cells_per_ul is None and not count.below_lloq:
        return "no concentration: neither beads, nor an acquired volume, nor a cell count could be used"
    return ""


def _reported(count: PopulationCount, dose: float | None, high: float | None, lloq: float | None) -> str:
    if count.detected is False and high is not None:
        return not_detected_text(_below(high))
    if count.below_lloq:
        return _below(lloq) if lloq is not None else ""
    return "" if dose is None else dose_text(dose)


def _below(limit: float) -> str:
    """Return ``<limit`` with two figures, rounded up so that it stays true."""
    step = 10.0 ** (math.floor(math.log10(limit)) - 1)
    # A limit that is whole but for floating-point noise must not become the next one.
    steps = math.ceil(float(f"{limit / step:.9g}"))
    return f"<{steps * step:.9g}"
